// RUN: mlgraph-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// CHECK: axis 1 is out of range for rank 1
func.func @axis(%x : tensor<5xf32>) -> tensor<5xf32> {
  %0 = ivy.sort(%x, axis = 1) : (tensor<5xf32>) -> tensor<5xf32>
  func.return %0 : tensor<5xf32>
}

// -----

// CHECK: operands must have one element type, got float32, float64
func.func @types(%x : tensor<5xf32>, %v : tensor<2xf64>) -> tensor<2xi64> {
  %0 = ivy.searchsorted(%x, %v, dtype = int64) : (tensor<5xf32>, tensor<2xf64>) -> tensor<2xi64>
  func.return %0 : tensor<2xi64>
}
