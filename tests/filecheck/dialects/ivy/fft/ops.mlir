// RUN: mlgraph-opt %s | mlgraph-opt | filecheck %s

// CHECK-LABEL: func.func @transforms
func.func @transforms(%x : tensor<?x8xf32>, %c : tensor<?x8xcomplex<f32>>) -> tensor<?x8xf32> {
  // CHECK-NEXT: ivy.fftn(%c, axes = [0, 1]) : (tensor<?x8xcomplex<f32>>) -> tensor<?x8xcomplex<f32>>
  %0 = ivy.fftn(%c, axes = [0, 1]) : (tensor<?x8xcomplex<f32>>) -> tensor<?x8xcomplex<f32>>
  // CHECK-NEXT: ivy.rfftn(%x, axes = [1]) : (tensor<?x8xf32>) -> tensor<?x5xcomplex<f32>>
  %1 = ivy.rfftn(%x, axes = [1]) : (tensor<?x8xf32>) -> tensor<?x5xcomplex<f32>>
  // CHECK-NEXT: ivy.irfftn(%{{.*}}, axes = [1], size = [8]) : (tensor<?x5xcomplex<f32>>) -> tensor<?x8xf32>
  %2 = ivy.irfftn(%1, axes = [1], size = [8]) : (tensor<?x5xcomplex<f32>>) -> tensor<?x8xf32>
  func.return %2 : tensor<?x8xf32>
}
