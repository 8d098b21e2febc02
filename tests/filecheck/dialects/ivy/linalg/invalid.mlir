// RUN: mlgraph-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// CHECK: sizes (3, 4) must agree
func.func @inner(%a : tensor<2x3xf32>, %b : tensor<4x2xf32>) -> tensor<2x2xf32> {
  %0 = ivy.matmul(%a, %b) : (tensor<2x3xf32>, tensor<4x2xf32>) -> tensor<2x2xf32>
  func.return %0 : tensor<2x2xf32>
}

// -----

// CHECK: matmul takes no 0-d operand
func.func @scalar(%a : tensor<f32>, %b : tensor<2x2xf32>) -> tensor<2x2xf32> {
  %0 = ivy.matmul(%a, %b) : (tensor<f32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  func.return %0 : tensor<2x2xf32>
}

// -----

// CHECK: expected floats, got int64
func.func @integers(%a : tensor<2x2xi64>) -> tensor<2x2xi64> {
  %0 = ivy.inv(%a) : (tensor<2x2xi64>) -> tensor<2x2xi64>
  func.return %0 : tensor<2x2xi64>
}
