// RUN: mlgraph-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// CHECK: operands must have one element type, got float32, float64; cast before the operation
func.func @mixed(%x : tensor<2xf32>, %y : tensor<2xf64>) -> tensor<2xf32> {
  %0 = ivy.add(%x, %y) : (tensor<2xf32>, tensor<2xf64>) -> tensor<2xf32>
  func.return %0 : tensor<2xf32>
}

// -----

// CHECK: do not broadcast
func.func @shapes(%x : tensor<2xf32>, %y : tensor<3xf32>) -> tensor<2xf32> {
  %0 = ivy.add(%x, %y) : (tensor<2xf32>, tensor<3xf32>) -> tensor<2xf32>
  func.return %0 : tensor<2xf32>
}

// -----

// CHECK: result has type tensor<4xf32>, expected tensor<2xf32>
func.func @result(%x : tensor<2xf32>) -> tensor<4xf32> {
  %0 = ivy.negative(%x) : (tensor<2xf32>) -> tensor<4xf32>
  func.return %0 : tensor<4xf32>
}

// -----

// CHECK: expected floats, got int32; cast before the operation
func.func @floats(%x : tensor<2xi32>) -> tensor<2xi32> {
  %0 = ivy.sqrt(%x) : (tensor<2xi32>) -> tensor<2xi32>
  func.return %0 : tensor<2xi32>
}

// -----

// CHECK: ivy.add has no parameter 'alpha', it has x1, x2
func.func @parameter(%x : tensor<2xf32>) -> tensor<2xf32> {
  %0 = ivy.add(%x, %x, alpha = 2) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  func.return %0 : tensor<2xf32>
}

// -----

// CHECK: ivy.add misses 'x2'
func.func @missing(%x : tensor<2xf32>) -> tensor<2xf32> {
  %0 = ivy.add(%x) : (tensor<2xf32>) -> tensor<2xf32>
  func.return %0 : tensor<2xf32>
}
