// RUN: mlgraph-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// CHECK: 6 elements of shape (2, 3) do not fit into (4, 2)
func.func @reshape(%x : tensor<2x3xf32>) -> tensor<4x2xf32> {
  %0 = ivy.reshape(%x, shape = [4, 2]) : (tensor<2x3xf32>) -> tensor<4x2xf32>
  func.return %0 : tensor<4x2xf32>
}

// -----

// CHECK: (0, 0) is no order of 2 axes
func.func @permute(%x : tensor<2x2xf32>) -> tensor<2x2xf32> {
  %0 = ivy.permute_dims(%x, axes = [0, 0]) : (tensor<2x2xf32>) -> tensor<2x2xf32>
  func.return %0 : tensor<2x2xf32>
}

// -----

// CHECK: axis 2 is out of range for rank 2
func.func @concat(%x : tensor<2x2xf32>) -> tensor<2x4xf32> {
  %0 = ivy.concat(xs = [%x, %x], axis = 2) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x4xf32>
  func.return %0 : tensor<2x4xf32>
}

// -----

// CHECK: are not all of size 1
func.func @squeeze(%x : tensor<2x3xf32>) -> tensor<3xf32> {
  %0 = ivy.squeeze(%x, axis = [0]) : (tensor<2x3xf32>) -> tensor<3xf32>
  func.return %0 : tensor<3xf32>
}
