// RUN: mlgraph-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// CHECK: indices must be integers, got float32
func.func @floats(%x : tensor<5xf32>, %i : tensor<2xf32>) -> tensor<2xf32> {
  %0 = ivy.take(%x, %i, axis = 0) : (tensor<5xf32>, tensor<2xf32>) -> tensor<2xf32>
  func.return %0 : tensor<2xf32>
}

// -----

// CHECK: 1 indices for axes (0, 1)
func.func @axes(%x : tensor<5x5xf32>, %i : tensor<2xi64>) -> tensor<2xf32> {
  %0 = ivy.index(%x, indices = [%i], axes = [0, 1]) : (tensor<5x5xf32>, tensor<2xi64>) -> tensor<2xf32>
  func.return %0 : tensor<2xf32>
}

// -----

// CHECK: expected bools; compare with 0 before the operation
func.func @mask(%x : tensor<5xi64>) -> tensor<?x1xi64> {
  %0 = ivy.nonzero(%x) : (tensor<5xi64>) -> tensor<?x1xi64>
  func.return %0 : tensor<?x1xi64>
}
