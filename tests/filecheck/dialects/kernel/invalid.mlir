// RUN: mlgraph-opt %s --verify-diagnostics --split-input-file | filecheck %s

// CHECK: kernel.fused: a result of the region is f32, expected f64
func.func @main(%x: tensor<4xf32>) -> tensor<4xf64> {
  %y = kernel.fused @kernel_0(%x) : (tensor<4xf32>) -> tensor<4xf64> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  func.return %y : tensor<4xf64>
}

// -----

// CHECK: kernel.fused: the region has 2 of 1 for an argument
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = kernel.fused @kernel_0(%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%e: f32, %f: f32):
    kernel.yield %e : f32
  }
  func.return %y : tensor<4xf32>
}
