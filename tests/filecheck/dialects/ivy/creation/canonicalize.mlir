// RUN: mlgraph-opt %s -p canonicalize | filecheck %s

// A known size is a number, wherever it is read.
// CHECK-LABEL: func.func @known
// CHECK-NEXT: %{{.*}} = ivy.full(shape = [3, 4], value = 0.0, dtype = float32) : () -> tensor<?x4xf32>
// CHECK-NEXT: func.return
func.func @known(%x : tensor<?x3xf32>) -> tensor<?x4xf32> {
  %n = ivy.dim(%x, axis = -1) : (tensor<?x3xf32>) -> index
  %0 = ivy.full(shape = [%n, 4], value = 0.0, dtype = float32) : (index) -> tensor<?x4xf32>
  func.return %0 : tensor<?x4xf32>
}

// The size of a result is read off what it comes from, so that the result may die.
// CHECK-LABEL: func.func @elementwise
// CHECK-NEXT: %n = ivy.dim(%x, axis = 0) : (tensor<?x3xf32>) -> index
// CHECK-NEXT: %{{.*}} = ivy.iota(size = [%n], dtype = int64)
// CHECK-NEXT: func.return
func.func @elementwise(%x : tensor<?x3xf32>, %y : tensor<3xf32>) -> tensor<?xi64> {
  %0 = ivy.add(%y, %x) : (tensor<3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %1 = ivy.permute_dims(%0, axes = [1, 0]) : (tensor<?x3xf32>) -> tensor<3x?xf32>
  %2 = ivy.sum(%1, axis = [0]) : (tensor<3x?xf32>) -> tensor<?xf32>
  %3 = ivy.relu(%2) : (tensor<?xf32>) -> tensor<?xf32>
  %n = ivy.dim(%3, axis = 0) : (tensor<?xf32>) -> index
  %4 = ivy.iota(size = [%n], dtype = int64) : (index) -> tensor<?xi64>
  func.return %4 : tensor<?xi64>
}

// Either operand may be the one that broadcasts.
// CHECK-LABEL: func.func @unsure
// CHECK: %n = ivy.dim(%0, axis = 0)
func.func @unsure(%x : tensor<?xf32>, %y : tensor<?xf32>) -> tensor<?xi64> {
  %0 = ivy.add(%x, %y) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %n = ivy.dim(%0, axis = 0) : (tensor<?xf32>) -> index
  %1 = ivy.iota(size = [%n], dtype = int64) : (index) -> tensor<?xi64>
  func.return %1 : tensor<?xi64>
}

// CHECK-LABEL: func.func @agreed
// CHECK-NEXT: %n = ivy.dim(%x, axis = 0)
func.func @agreed(%x : tensor<?xf32>) -> tensor<?xi64> {
  %0 = ivy.exp(%x) : (tensor<?xf32>) -> tensor<?xf32>
  %1 = ivy.add(%0, %x) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %n = ivy.dim(%1, axis = 0) : (tensor<?xf32>) -> index
  %2 = ivy.iota(size = [%n], dtype = int64) : (index) -> tensor<?xi64>
  func.return %2 : tensor<?xi64>
}

// An array of integers that became a size and an array again never was one.
// CHECK-LABEL: func.func @round_trip
// CHECK-NEXT: %{{.*}} = ivy.cast(%x, dtype = float32) : (tensor<i64>) -> tensor<f32>
// CHECK-NEXT: func.return
func.func @round_trip(%x : tensor<i64>) -> tensor<f32> {
  %n = ivy.to_size(%x) : (tensor<i64>) -> index
  %0 = ivy.from_size(size = [%n], dtype = float32) : (index) -> tensor<f32>
  func.return %0 : tensor<f32>
}
