// RUN: mlgraph-opt %s -p 'fuse-elementwise,expand-math,lower-kernel-to-llvm' | filecheck %s

// The loop reads a bool as a byte, assumes no alignment, and takes its bounds as arguments.

// CHECK:       llvm.func @kernel_0_loop(%plan: !llvm.ptr, %begin: i64, %end: i64, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr {llvm.noalias}) {
// CHECK-NEXT:    llvm.icmp "slt" %begin, %end : i64
// CHECK-NEXT:    llvm.cond_br %{{.*}}, ^[[LOOP:.*]](%begin : i64), ^[[DONE:.*]]
// CHECK-NEXT:  ^[[LOOP]](%[[I:.*]]: i64):
// CHECK-NEXT:    llvm.getelementptr inbounds %{{.*}}[%[[I]]] : (!llvm.ptr, i64) -> !llvm.ptr, f32
// CHECK-NEXT:    llvm.getelementptr inbounds %{{.*}}[%[[I]]] : (!llvm.ptr, i64) -> !llvm.ptr, i8
// CHECK-NEXT:    llvm.getelementptr
// CHECK-NEXT:    %[[X:.*]] = llvm.load %{{.*}} {alignment = 1 : i64} : !llvm.ptr -> f32
// CHECK-NEXT:    %[[B:.*]] = llvm.load %{{.*}} {alignment = 1 : i64} : !llvm.ptr -> i8
// CHECK:         %[[Y:.*]] = llvm.fmul %[[X]], %[[X]] : f32
// CHECK:         %[[Z:.*]] = llvm.select %{{.*}}, %[[Y]], %[[X]] : i1, f32
// CHECK-NEXT:    llvm.store %[[Z]]
// CHECK:       ^[[DONE]]:
// CHECK-NEXT:    llvm.return
func.func @main(%x: tensor<?xf32>, %c: tensor<?xi1>) -> tensor<?xf32> {
  %0 = ivy.multiply(%x, %x) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %1 = ivy.where(%c, %0, %x) : (tensor<?xi1>, tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  func.return %1 : tensor<?xf32>
}
