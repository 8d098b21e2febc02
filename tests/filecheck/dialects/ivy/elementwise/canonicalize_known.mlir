// RUN: mlgraph-opt %s -p canonicalize,dce | filecheck %s

// Places along an axis are not negative: nothing is counted from the end.
// CHECK-LABEL: func.func @places
// CHECK-NEXT: %n = ivy.dim(%x, axis = 0)
// CHECK-NEXT: %[[PLACES:.*]] = ivy.iota(size = [%n], dtype = int64)
// CHECK-NEXT: func.return %[[PLACES]]
func.func @places(%x : tensor<?xf32>) -> tensor<?xi64> {
  %n = ivy.dim(%x, axis = 0) : (tensor<?xf32>) -> index
  %size = ivy.from_size(size = [%n], dtype = int64) : (index) -> tensor<i64>
  %i = ivy.iota(size = [%n], dtype = int64) : (index) -> tensor<?xi64>
  %zero = constant.literal dense<0> : tensor<i64>
  %negative = ivy.less(%i, %zero) : (tensor<?xi64>, tensor<i64>) -> tensor<?xi1>
  %least = ivy.negative(%size) : (tensor<i64>) -> tensor<i64>
  %inside = ivy.greater_equal(%i, %least) : (tensor<?xi64>, tensor<i64>) -> tensor<?xi1>
  %from_end = ivy.logical_and(%negative, %inside) : (tensor<?xi1>, tensor<?xi1>) -> tensor<?xi1>
  %sum = ivy.add(%i, %size) : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
  %0 = ivy.where(%from_end, %sum, %i) : (tensor<?xi1>, tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64>
  func.return %0 : tensor<?xi64>
}

// Numbers that the caller gives may be negative, and so may be those that begin below 0.
// CHECK-LABEL: func.func @unknown
// CHECK: ivy.where
// CHECK: ivy.where
func.func @unknown(%i : tensor<5xi64>) -> (tensor<5xi64>, tensor<5xi64>) {
  %zero = constant.literal dense<0> : tensor<i64>
  %negative = ivy.less(%i, %zero) : (tensor<5xi64>, tensor<i64>) -> tensor<5xi1>
  %0 = ivy.where(%negative, %zero, %i) : (tensor<5xi1>, tensor<i64>, tensor<5xi64>) -> tensor<5xi64>
  %j = ivy.arange(start = -2.0, stop = 3.0, step = 1.0, dtype = int64) : () -> tensor<5xi64>
  %below = ivy.less(%j, %zero) : (tensor<5xi64>, tensor<i64>) -> tensor<5xi1>
  %1 = ivy.where(%below, %zero, %j) : (tensor<5xi1>, tensor<i64>, tensor<5xi64>) -> tensor<5xi64>
  func.return %0, %1 : tensor<5xi64>, tensor<5xi64>
}
