// RUN: mlgraph-opt %s | mlgraph-opt | filecheck %s

// CHECK-LABEL: func.func @reductions
func.func @reductions(%x : tensor<?x3x4xf32>) -> (tensor<f32>, tensor<?x1x4xf32>, tensor<?x3xi64>) {
  // CHECK-NEXT: ivy.sum(%x) : (tensor<?x3x4xf32>) -> tensor<f32>
  %0 = ivy.sum(%x) : (tensor<?x3x4xf32>) -> tensor<f32>
  // CHECK-NEXT: ivy.var(%x, axis = [1], correction = 1.0, keepdims = true) : (tensor<?x3x4xf32>) -> tensor<?x1x4xf32>
  %1 = ivy.var(%x, axis = [1], correction = 1.0, keepdims = true) : (tensor<?x3x4xf32>) -> tensor<?x1x4xf32>
  // CHECK-NEXT: ivy.argmax(%x, axis = -1, dtype = int64) : (tensor<?x3x4xf32>) -> tensor<?x3xi64>
  %2 = ivy.argmax(%x, axis = -1, dtype = int64) : (tensor<?x3x4xf32>) -> tensor<?x3xi64>
  func.return %0, %1, %2 : tensor<f32>, tensor<?x1x4xf32>, tensor<?x3xi64>
}

// CHECK-LABEL: func.func @scans
func.func @scans(%x : tensor<?x3xi32>) -> tensor<?x3xi32> {
  // CHECK-NEXT: ivy.cumulative_sum(%x, axis = 0) : (tensor<?x3xi32>) -> tensor<?x3xi32>
  %0 = ivy.cumulative_sum(%x, axis = 0) : (tensor<?x3xi32>) -> tensor<?x3xi32>
  func.return %0 : tensor<?x3xi32>
}
