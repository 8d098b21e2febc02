// RUN: mlgraph-opt %s | mlgraph-opt | filecheck %s

// CHECK-LABEL: func.func @products
func.func @products(%a : tensor<?x2x3xf32>, %b : tensor<3x4xf32>, %v : tensor<3xf32>) -> tensor<?x2xf32> {
  // CHECK-NEXT: ivy.matmul(%a, %b) : (tensor<?x2x3xf32>, tensor<3x4xf32>) -> tensor<?x2x4xf32>
  %0 = ivy.matmul(%a, %b) : (tensor<?x2x3xf32>, tensor<3x4xf32>) -> tensor<?x2x4xf32>
  // CHECK-NEXT: ivy.einsum(xs = [%a, %b], equation = "bij,jk->kb") : (tensor<?x2x3xf32>, tensor<3x4xf32>) -> tensor<4x?xf32>
  %1 = ivy.einsum(xs = [%a, %b], equation = "bij,jk->kb") : (tensor<?x2x3xf32>, tensor<3x4xf32>) -> tensor<4x?xf32>
  // CHECK-NEXT: ivy.matmul(%a, %v) : (tensor<?x2x3xf32>, tensor<3xf32>) -> tensor<?x2xf32>
  %2 = ivy.matmul(%a, %v) : (tensor<?x2x3xf32>, tensor<3xf32>) -> tensor<?x2xf32>
  func.return %2 : tensor<?x2xf32>
}

// An operation may give several results.
// CHECK-LABEL: func.func @decompositions
func.func @decompositions(%x : tensor<4x3xf32>) -> (tensor<4x3xf32>, tensor<3xf32>) {
  // CHECK-NEXT: %q, %r = ivy.qr(%x) : (tensor<4x3xf32>) -> (tensor<4x3xf32>, tensor<3x3xf32>)
  %q, %r = ivy.qr(%x) : (tensor<4x3xf32>) -> (tensor<4x3xf32>, tensor<3x3xf32>)
  // CHECK-NEXT: %u, %s, %v = ivy.svd(%x) : (tensor<4x3xf32>) -> (tensor<4x3xf32>, tensor<3xf32>, tensor<3x3xf32>)
  %u, %s, %v = ivy.svd(%x) : (tensor<4x3xf32>) -> (tensor<4x3xf32>, tensor<3xf32>, tensor<3x3xf32>)
  func.return %q, %s : tensor<4x3xf32>, tensor<3xf32>
}
