// RUN: mlgraph-opt %s -p differentiate-kernel | filecheck %s

// The gradient of what is reduced is given for each element.

// CHECK-LABEL: func.func @main
// CHECK:       func.func private @kernel_0_gradient(%e: tensor<?x4xf32>, %g: tensor<?x4xf32>) -> tensor<?x4xf32> {
// CHECK-NEXT:    kernel.fused @kernel_0_gradient(%e, %g) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32> {
// CHECK-NEXT:    ^bb0(%[[X:.*]]: f32, %[[G:.*]]: f32):
// CHECK:         arith.mulf %[[G]], %[[X]] : f32
func.func @main(%x: tensor<?x4xf32>) -> tensor<?xf32> {
  %s = kernel.fused @kernel_0(%x) reducing ["sum"] over 1 : (tensor<?x4xf32>) -> tensor<?xf32> {
  ^bb0(%e: f32):
    %0 = arith.mulf %e, %e : f32
    kernel.yield %0 : f32
  }
  func.return %s : tensor<?xf32>
}
