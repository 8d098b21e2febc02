// RUN: mlgraph-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// CHECK: axis 2 is out of range for rank 2
func.func @axis(%x : tensor<2x3xf32>) -> tensor<2xf32> {
  %0 = ivy.sum(%x, axis = [2]) : (tensor<2x3xf32>) -> tensor<2xf32>
  func.return %0 : tensor<2xf32>
}

// -----

// CHECK: names an axis twice
func.func @twice(%x : tensor<2x3xf32>) -> tensor<2xf32> {
  %0 = ivy.sum(%x, axis = [1, -1]) : (tensor<2x3xf32>) -> tensor<2xf32>
  func.return %0 : tensor<2xf32>
}

// -----

// CHECK: expected bools, got float32; compare with 0 before the operation
func.func @bools(%x : tensor<2x3xf32>) -> tensor<i1> {
  %0 = ivy.all(%x) : (tensor<2x3xf32>) -> tensor<i1>
  func.return %0 : tensor<i1>
}

// -----

// CHECK: expected floats, got int64
func.func @mean(%x : tensor<2x3xi64>) -> tensor<i64> {
  %0 = ivy.mean(%x) : (tensor<2x3xi64>) -> tensor<i64>
  func.return %0 : tensor<i64>
}
