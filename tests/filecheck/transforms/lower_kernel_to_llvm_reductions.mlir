// RUN: mlgraph-opt %s -p 'fuse-elementwise,expand-math,lower-kernel-to-llvm' | filecheck %s

// A row is added in float32 blocks, whose sums are added in float64 together with their rounding errors. Parts of
// rows store both, whole rows store the mean.

// CHECK:       llvm.func @kernel_0_loop(%plan: !llvm.ptr, %begin: i64, %end: i64, %{{.*}}: !llvm.ptr, %[[OUT:.*]]: !llvm.ptr {llvm.noalias}) {
// CHECK:         llvm.cond_br %{{.*}}, ^[[ROW:.*]](%begin : i64), ^[[DONE:.*]]
// CHECK-NEXT:  ^[[ROW]](%[[R:.*]]: i64):
// CHECK:         llvm.br ^[[LINE:.*]](%{{.*}}, %{{.*}}, %{{.*}} : i64, f64, f64)
// CHECK-NEXT:  ^[[LINE]](%[[L:.*]]: i64, %{{.*}}: f64, %{{.*}}: f64):
// CHECK-NEXT:    llvm.br ^[[BLOCK:.*]](%{{.*}}, %{{.*}}, %{{.*}} : i64, f64, f64)
// CHECK-NEXT:  ^[[BLOCK]](%[[B:.*]]: i64, %[[TOTAL:.*]]: f64, %[[LOST:.*]]: f64):
// CHECK:         %[[END:.*]] = llvm.call_intrinsic "llvm.smin.i64"
// CHECK:         llvm.br ^[[BODY:.*]](%[[B]], %{{.*}} : i64, f32)
// CHECK-NEXT:  ^[[BODY]](%[[I:.*]]: i64, %[[SUM:.*]]: f32):
// CHECK:         %[[X:.*]] = llvm.load %{{.*}} {alignment = 1 : i64} : !llvm.ptr -> f32
// CHECK-NEXT:    %[[Y:.*]] = llvm.fmul %[[X]], %[[X]] : f32
// CHECK-NEXT:    %[[NEXT:.*]] = llvm.fadd %[[SUM]], %[[Y]] {fastmathFlags = #llvm.fastmath<reassoc>} : f32
// CHECK:         llvm.cond_br %{{.*}}, ^[[BODY]](%{{.*}}, %[[NEXT]] : i64, f32), ^{{.*}}
// CHECK:         %[[WIDE:.*]] = llvm.fpext %[[NEXT]] : f32 to f64
// CHECK-NEXT:    %[[AFTER:.*]] = llvm.fadd %[[TOTAL]], %[[WIDE]] : f64
// CHECK:         llvm.cond_br %{{.*}}, ^[[BLOCK]](%[[END]], %[[AFTER]], %{{.*}} : i64, f64, f64), ^{{.*}}
// CHECK:         llvm.cond_br %{{.*}}, ^[[LINE]]
// CHECK:         llvm.icmp "ne"
// CHECK:         llvm.store %[[AFTER]], %{{.*}} {alignment = 1 : i64} : f64, !llvm.ptr
// CHECK:         llvm.sitofp %{{.*}} : i64 to f64
// CHECK-NEXT:    llvm.fdiv %{{.*}}, %{{.*}} : f64
// CHECK-NEXT:    %[[MEAN:.*]] = llvm.fptrunc %{{.*}} : f64 to f32
// CHECK-NEXT:    llvm.store %[[MEAN]]
// CHECK:         llvm.cond_br %{{.*}}, ^[[ROW]]
// CHECK:         llvm.return
func.func @main(%x: tensor<?x?xf32>) -> tensor<?xf32> {
  %0 = ivy.multiply(%x, %x) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %1 = ivy.mean(%0, axis = [1]) : (tensor<?x?xf32>) -> tensor<?xf32>
  func.return %1 : tensor<?xf32>
}
