// RUN: mlgraph-opt %s | mlgraph-opt | filecheck %s

// CHECK-LABEL: func.func @reads
func.func @reads(%x : tensor<5x?x4xf32>, %i : tensor<2x3xi64>, %j : tensor<3xi64>) -> tensor<2x3x?xf32> {
  // CHECK-NEXT: ivy.take(%x, %i, axis = 1) : (tensor<5x?x4xf32>, tensor<2x3xi64>) -> tensor<5x2x3x4xf32>
  %0 = ivy.take(%x, %i, axis = 1) : (tensor<5x?x4xf32>, tensor<2x3xi64>) -> tensor<5x2x3x4xf32>
  // CHECK-NEXT: ivy.index(%x, indices = [%i, %j], axes = [0, 1]) : (tensor<5x?x4xf32>, tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3x4xf32>
  %1 = ivy.index(%x, indices = [%i, %j], axes = [0, 1]) : (tensor<5x?x4xf32>, tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3x4xf32>
  // CHECK-NEXT: ivy.index(%x, indices = [%i, %j], axes = [0, 2]) : (tensor<5x?x4xf32>, tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3x?xf32>
  %2 = ivy.index(%x, indices = [%i, %j], axes = [0, 2]) : (tensor<5x?x4xf32>, tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3x?xf32>
  func.return %2 : tensor<2x3x?xf32>
}

// CHECK-LABEL: func.func @writes
func.func @writes(%x : tensor<5x4xf32>, %i : tensor<2xi32>, %v : tensor<f32>, %n : index) -> tensor<5x4xf32> {
  // CHECK-NEXT: ivy.index_put(%x, indices = [%i], %v, axes = [0], accumulate = true)
  %0 = ivy.index_put(%x, indices = [%i], %v, axes = [0], accumulate = true) : (tensor<5x4xf32>, tensor<2xi32>, tensor<f32>) -> tensor<5x4xf32>
  // CHECK-NEXT: ivy.slice_update(%{{.*}}, %v, starts = [%n, 0], stops = [5, 4], steps = [1, 2])
  %1 = ivy.slice_update(%0, %v, starts = [%n, 0], stops = [5, 4], steps = [1, 2]) : (tensor<5x4xf32>, tensor<f32>, index) -> tensor<5x4xf32>
  func.return %1 : tensor<5x4xf32>
}

// CHECK-LABEL: func.func @masks
func.func @masks(%m : tensor<2x3xi1>) -> tensor<?x2xi64> {
  // CHECK-NEXT: ivy.nonzero(%m) : (tensor<2x3xi1>) -> tensor<?x2xi64>
  %0 = ivy.nonzero(%m) : (tensor<2x3xi1>) -> tensor<?x2xi64>
  func.return %0 : tensor<?x2xi64>
}
