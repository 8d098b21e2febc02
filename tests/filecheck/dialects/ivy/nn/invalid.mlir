// RUN: mlgraph-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// CHECK: 3 channels for a weight of 2 times 1 groups
func.func @channels(%x : tensor<1x3x8x8xf32>, %w : tensor<4x2x3x3xf32>) -> tensor<1x4x6x6xf32> {
  %0 = ivy.conv(%x, %w, none, stride = [1, 1], padding = [0, 0, 0, 0], dilation = [1, 1]) : (tensor<1x3x8x8xf32>, tensor<4x2x3x3xf32>) -> tensor<1x4x6x6xf32>
  func.return %0 : tensor<1x4x6x6xf32>
}

// -----

// CHECK: 2 spatial axes need as many strides and dilations and twice as many paddings
func.func @padding(%x : tensor<1x3x8x8xf32>, %w : tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32> {
  %0 = ivy.conv(%x, %w, none, stride = [1, 1], padding = [0, 0], dilation = [1, 1]) : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  func.return %0 : tensor<1x4x6x6xf32>
}

// -----

// CHECK: operands must have one element type, got float32, float64, float32
func.func @attention(%q : tensor<2x4x8xf32>, %k : tensor<2x4x8xf64>) -> tensor<2x4x8xf32> {
  %0 = ivy.attention(%q, %k, %q) : (tensor<2x4x8xf32>, tensor<2x4x8xf64>, tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  func.return %0 : tensor<2x4x8xf32>
}
