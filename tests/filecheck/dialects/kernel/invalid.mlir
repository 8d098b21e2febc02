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

// -----

// CHECK: kernel.fused: each result has one of sum, mean, max, min, any, all, or is whole
func.func @main(%x: tensor<?x4xf32>) -> tensor<?xf32> {
  %y = kernel.fused @kernel_0(%x) reducing ["product"] over 1 : (tensor<?x4xf32>) -> tensor<?xf32> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  func.return %y : tensor<?xf32>
}

// -----

// CHECK: kernel.fused: each result has one of sum, mean, max, min, any, all, or is whole
func.func @main(%x: tensor<?x4xf32>) -> tensor<?xf32> {
  %y = kernel.fused @kernel_0(%x) reducing ["sum", "sum"] over 1 : (tensor<?x4xf32>) -> tensor<?xf32> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  func.return %y : tensor<?xf32>
}

// -----

// CHECK: kernel.fused: 3 of 2 axes are reduced
func.func @main(%x: tensor<?x4xf32>) -> tensor<?xf32> {
  %y = kernel.fused @kernel_0(%x) reducing ["sum"] over 3 : (tensor<?x4xf32>) -> tensor<?xf32> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  func.return %y : tensor<?xf32>
}

// -----

// CHECK: kernel.fused: tensor<?x4xf32> is not reduced over 1 axes
func.func @main(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %y = kernel.fused @kernel_0(%x) reducing ["sum"] over 1 : (tensor<?x4xf32>) -> tensor<?x4xf32> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  }
  func.return %y : tensor<?x4xf32>
}

// -----

// CHECK: kernel.fused: no mean of i32
func.func @main(%x: tensor<?x4xi32>) -> tensor<?xi32> {
  %y = kernel.fused @kernel_0(%x) reducing ["mean"] over 1 : (tensor<?x4xi32>) -> tensor<?xi32> {
  ^bb0(%e: i32):
    kernel.yield %e : i32
  }
  func.return %y : tensor<?xi32>
}

// -----

// CHECK: kernel.fused: no sum of i1
func.func @main(%x: tensor<?x4xi1>) -> tensor<?xi1> {
  %y = kernel.fused @kernel_0(%x) reducing ["sum"] over 1 : (tensor<?x4xi1>) -> tensor<?xi1> {
  ^bb0(%e: i1):
    kernel.yield %e : i1
  }
  func.return %y : tensor<?xi1>
}
