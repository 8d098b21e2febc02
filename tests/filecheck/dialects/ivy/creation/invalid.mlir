// RUN: mlgraph-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// CHECK: result has type tensor<3xf32>, expected tensor<2xf32>
func.func @shape() -> tensor<3xf32> {
  %0 = ivy.full(shape = [2], value = 1.0, dtype = float32) : () -> tensor<3xf32>
  func.return %0 : tensor<3xf32>
}

// -----

// CHECK: result has type tensor<2xf32>, expected tensor<2xf64>
func.func @element_type() -> tensor<2xf32> {
  %0 = ivy.full(shape = [2], value = 1.0, dtype = float64) : () -> tensor<2xf32>
  func.return %0 : tensor<2xf32>
}

// -----

// CHECK: 'float128' is no literal
func.func @name() -> tensor<2xf32> {
  %0 = ivy.full(shape = [2], value = 1.0, dtype = float128) : () -> tensor<2xf32>
  func.return %0 : tensor<2xf32>
}
