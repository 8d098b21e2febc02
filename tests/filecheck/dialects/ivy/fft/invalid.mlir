// RUN: mlgraph-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// CHECK: axis 2 is out of range for rank 2
func.func @axis(%x : tensor<2x8xcomplex<f32>>) -> tensor<2x8xcomplex<f32>> {
  %0 = ivy.fftn(%x, axes = [2]) : (tensor<2x8xcomplex<f32>>) -> tensor<2x8xcomplex<f32>>
  func.return %0 : tensor<2x8xcomplex<f32>>
}
