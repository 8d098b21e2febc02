// RUN: mlgraph-opt %s -p differentiate-kernel | filecheck %s

// The gradient by each float, of each float: the derivative recomputes the tanh, and not the floor.
// CHECK-LABEL: func.func @main
func.func @main(%x: tensor<?x4xf32>, %b: tensor<4xf32>, %n: tensor<4xi32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  // CHECK-NEXT: kernel.fused @kernel_0(%x, %b, %n)
  %y, %z = kernel.fused @kernel_0(%x, %b, %n)
    : (tensor<?x4xf32>, tensor<4xf32>, tensor<4xi32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  ^bb0(%x_1: f32, %b_1: f32, %n_1: i32):
    %0 = arith.sitofp %n_1 : i32 to f32
    %1 = arith.addf %x_1, %b_1 : f32
    %2 = math.tanh %1 : f32
    %product = arith.mulf %2, %0 : f32
    %below = math.floor %x_1 : f32
    kernel.yield %product, %below : f32, f32
  }
  func.return %y, %z : tensor<?x4xf32>, tensor<?x4xf32>
}

// CHECK-LABEL: func.func private @kernel_0_gradient
// CHECK-SAME: (%x: tensor<?x4xf32>, %b: tensor<4xf32>, %n: tensor<4xi32>, %dproduct: tensor<?x4xf32>, %dbelow: tensor<?x4xf32>)
// CHECK-SAME: -> (tensor<?x4xf32>, tensor<?x4xf32>)
// CHECK-NEXT: kernel.fused @kernel_0_gradient(%x, %b, %n, %dproduct, %dbelow)
// CHECK-NEXT: ^bb0
// CHECK-NEXT: %[[N:.*]] = arith.sitofp %n_1
// CHECK-NEXT: %[[SUM:.*]] = arith.addf %x_1, %b_1
// CHECK-NEXT: %[[TANH:.*]] = math.tanh %[[SUM]]
// CHECK-NEXT: %[[G:.*]] = arith.mulf %dproduct_1, %[[N]]
// CHECK-NEXT: %[[SQUARE:.*]] = arith.mulf %[[TANH]], %[[TANH]]
// CHECK-NEXT: %[[ONE:.*]] = arith.constant 1.000000e+00
// CHECK-NEXT: %[[SLOPE:.*]] = arith.subf %[[ONE]], %[[SQUARE]]
// CHECK-NEXT: %[[DX:.*]] = arith.mulf %[[G]], %[[SLOPE]]
// CHECK-NEXT: kernel.yield %[[DX]], %[[DX]]
