// RUN: mlgraph-opt %s | mlgraph-opt | filecheck %s

// Operands broadcast, sizes may be unknown, and operands have one element type.

// CHECK-LABEL: func.func @arithmetic
func.func @arithmetic(%x : tensor<?x3xf32>, %y : tensor<3xf32>) -> tensor<?x3xf32> {
  // CHECK-NEXT: %{{.*}} = ivy.add(%x, %y) : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %0 = ivy.add(%x, %y) : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  // CHECK-NEXT: %{{.*}} = ivy.multiply(%0, %0) : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %1 = ivy.multiply(%0, %0) : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  // CHECK-NEXT: %{{.*}} = ivy.exp(%1) : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %2 = ivy.exp(%1) : (tensor<?x3xf32>) -> tensor<?x3xf32>
  func.return %2 : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @choice
func.func @choice(%x : tensor<4xi64>, %y : tensor<2x1xi64>) -> tensor<2x4xi64> {
  // CHECK-NEXT: %{{.*}} = ivy.less(%x, %y) : (tensor<4xi64>, tensor<2x1xi64>) -> tensor<2x4xi1>
  %c = ivy.less(%x, %y) : (tensor<4xi64>, tensor<2x1xi64>) -> tensor<2x4xi1>
  // CHECK-NEXT: %{{.*}} = ivy.where(%c, %x, %y) : (tensor<2x4xi1>, tensor<4xi64>, tensor<2x1xi64>) -> tensor<2x4xi64>
  %r = ivy.where(%c, %x, %y) : (tensor<2x4xi1>, tensor<4xi64>, tensor<2x1xi64>) -> tensor<2x4xi64>
  func.return %r : tensor<2x4xi64>
}

// CHECK-LABEL: func.func @types
func.func @types(%x : tensor<2xcomplex<f32>>) -> tensor<2xbf16> {
  // CHECK-NEXT: %{{.*}} = ivy.abs(%x) : (tensor<2xcomplex<f32>>) -> tensor<2xf32>
  %a = ivy.abs(%x) : (tensor<2xcomplex<f32>>) -> tensor<2xf32>
  // CHECK-NEXT: %{{.*}} = ivy.cast(%a, dtype = bfloat16) : (tensor<2xf32>) -> tensor<2xbf16>
  %b = ivy.cast(%a, dtype = bfloat16) : (tensor<2xf32>) -> tensor<2xbf16>
  func.return %b : tensor<2xbf16>
}
