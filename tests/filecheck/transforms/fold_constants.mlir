// RUN: mlgraph-opt %s -p fold-constants,dce | filecheck %s

// CHECK-LABEL: func.func @chain
// CHECK-NEXT: %b = constant.literal dense<4.0> : tensor<1xf32>
// CHECK-NEXT: %{{.*}} = ivy.pow(%x, %b)
// CHECK-NEXT: func.return
func.func @chain(%x : tensor<?xf32>) -> tensor<?xf32> {
  %two = constant.literal dense<2> : tensor<1xi64>
  %a = ivy.add(%two, %two) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %b = ivy.cast(%a, dtype = float32) : (tensor<1xi64>) -> tensor<1xf32>
  %0 = ivy.pow(%x, %b) : (tensor<?xf32>, tensor<1xf32>) -> tensor<?xf32>
  func.return %0 : tensor<?xf32>
}

// Large arrays get a name, equal ones the same.
// CHECK-LABEL: func.func @arrays
// CHECK-NEXT: %i = constant.array <"i"> : tensor<40xi64>
// CHECK-NEXT: %j = constant.array <"i"> : tensor<40xi64>
// CHECK-NEXT: %k = constant.array <"k"> : tensor<40xi64>
func.func @arrays() -> (tensor<40xi64>, tensor<40xi64>, tensor<40xi64>) {
  %i = ivy.iota(size = [40], dtype = int64) : () -> tensor<40xi64>
  %j = ivy.iota(size = [40], dtype = int64) : () -> tensor<40xi64>
  %k = ivy.negative(%j) : (tensor<40xi64>) -> tensor<40xi64>
  func.return %i, %j, %k : tensor<40xi64>, tensor<40xi64>, tensor<40xi64>
}

// A known size is a constant, an unknown one is not.
// CHECK-LABEL: func.func @sizes
// CHECK-NEXT: %m = ivy.dim(%x, axis = 0)
// CHECK-NEXT: %0 = constant.literal dense<3> : tensor<i64>
// CHECK-NEXT: %1 = ivy.from_size(size = [%m], dtype = int64)
func.func @sizes(%x : tensor<?x3xf32>) -> (tensor<i64>, tensor<i64>) {
  %n = ivy.dim(%x, axis = 1) : (tensor<?x3xf32>) -> index
  %m = ivy.dim(%x, axis = 0) : (tensor<?x3xf32>) -> index
  %0 = ivy.from_size(size = [%n], dtype = int64) : (index) -> tensor<i64>
  %1 = ivy.from_size(size = [%m], dtype = int64) : (index) -> tensor<i64>
  func.return %0, %1 : tensor<i64>, tensor<i64>
}
