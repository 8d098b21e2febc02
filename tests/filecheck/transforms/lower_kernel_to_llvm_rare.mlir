// RUN: mlgraph-opt %s -p 'fuse-elementwise,expand-math{common=true},lower-kernel-to-llvm' | filecheck %s

// The function returns whether any element was rare.

// CHECK:       llvm.func @kernel_0_loop({{.*}}) -> i32 {
// CHECK:         %[[NONE:.*]] = llvm.mlir.constant(0 : i32) : i32
// CHECK:         llvm.cond_br %{{.*}}, ^[[LOOP:.*]](%begin, %[[NONE]] : i64, i32), ^[[DONE:.*]](%[[NONE]] : i32)
// CHECK-NEXT:  ^[[LOOP]](%{{.*}}: i64, %[[BEFORE:.*]]: i32):
// CHECK:         %[[RARE:.*]] = llvm.fcmp "ogt"
// CHECK:         %[[TOLD:.*]] = llvm.zext %[[RARE]] : i1 to i32
// CHECK-NEXT:    llvm.or %[[BEFORE]], %[[TOLD]] : i32
// CHECK:       ^[[DONE]](%[[ANY:.*]]: i32):
// CHECK-NEXT:    llvm.return %[[ANY]] : i32
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
  %0 = ivy.sin(%x) : (tensor<?xf32>) -> tensor<?xf32>
  %1 = ivy.multiply(%0, %x) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  func.return %1 : tensor<?xf32>
}
