// RUN: mlgraph-opt %s | mlgraph-opt | filecheck %s

// A shape mixes numbers and values of type index.

// CHECK-LABEL: func.func @shapes
func.func @shapes(%x : tensor<?x3xf32>) -> (tensor<?x4xf32>, tensor<?xi64>, tensor<3x?xf64>, tensor<i32>) {
  // CHECK-NEXT: %n = ivy.dim(%x, axis = 0) : (tensor<?x3xf32>) -> index
  %n = ivy.dim(%x, axis = 0) : (tensor<?x3xf32>) -> index
  // CHECK-NEXT: ivy.full(shape = [%n, 4], value = -0.0, dtype = float32) : (index) -> tensor<?x4xf32>
  %0 = ivy.full(shape = [%n, 4], value = -0.0, dtype = float32) : (index) -> tensor<?x4xf32>
  // CHECK-NEXT: ivy.iota(size = [%n], dtype = int64) : (index) -> tensor<?xi64>
  %1 = ivy.iota(size = [%n], dtype = int64) : (index) -> tensor<?xi64>
  // CHECK-NEXT: ivy.eye(rows = [3], columns = [%n], dtype = float64) : (index) -> tensor<3x?xf64>
  %2 = ivy.eye(rows = [3], columns = [%n], dtype = float64) : (index) -> tensor<3x?xf64>
  // CHECK-NEXT: ivy.from_size(size = [%n], dtype = int32) : (index) -> tensor<i32>
  %3 = ivy.from_size(size = [%n], dtype = int32) : (index) -> tensor<i32>
  func.return %0, %1, %2, %3 : tensor<?x4xf32>, tensor<?xi64>, tensor<3x?xf64>, tensor<i32>
}

// CHECK-LABEL: func.func @numbers
func.func @numbers() -> (tensor<2xcomplex<f32>>, tensor<2xi1>, tensor<3xf32>) {
  // CHECK-NEXT: ivy.full(shape = [2], value = complex(0.0, inf), dtype = complex64)
  %0 = ivy.full(shape = [2], value = complex(0.0, inf), dtype = complex64) : () -> tensor<2xcomplex<f32>>
  // CHECK-NEXT: ivy.full(shape = [2], value = true, dtype = bool)
  %1 = ivy.full(shape = [2], value = true, dtype = bool) : () -> tensor<2xi1>
  // CHECK-NEXT: ivy.arange(start = 0.0, stop = 1.5, step = 0.5, dtype = float32)
  %2 = ivy.arange(start = 0.0, stop = 1.5, step = 0.5, dtype = float32) : () -> tensor<3xf32>
  func.return %0, %1, %2 : tensor<2xcomplex<f32>>, tensor<2xi1>, tensor<3xf32>
}

// CHECK-LABEL: func.func @elements
func.func @elements(%x : tensor<i64>, %y : tensor<f32>, %z : tensor<complex<f32>>, %b : tensor<i1>) -> (index, f64, complex<f64>, i1) {
  // CHECK-NEXT: ivy.to_size(%x) : (tensor<i64>) -> index
  %0 = ivy.to_size(%x) : (tensor<i64>) -> index
  // CHECK-NEXT: ivy.item(%y) : (tensor<f32>) -> f64
  %1 = ivy.item(%y) : (tensor<f32>) -> f64
  // CHECK-NEXT: ivy.item(%z) : (tensor<complex<f32>>) -> complex<f64>
  %2 = ivy.item(%z) : (tensor<complex<f32>>) -> complex<f64>
  // CHECK-NEXT: ivy.item(%b) : (tensor<i1>) -> i1
  %3 = ivy.item(%b) : (tensor<i1>) -> i1
  func.return %0, %1, %2, %3 : index, f64, complex<f64>, i1
}
