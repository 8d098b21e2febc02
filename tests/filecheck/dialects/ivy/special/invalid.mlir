// RUN: mlgraph-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// CHECK: expected real floats; cast before the operation
func.func @complex(%x : tensor<2xcomplex<f32>>) -> tensor<2xcomplex<f32>> {
  %0 = ivy.i0e(%x) : (tensor<2xcomplex<f32>>) -> tensor<2xcomplex<f32>>
  func.return %0 : tensor<2xcomplex<f32>>
}
