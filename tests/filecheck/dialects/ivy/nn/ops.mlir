// RUN: mlgraph-opt %s | mlgraph-opt | filecheck %s

// An operand may be missing; a default is not printed.

// CHECK-LABEL: func.func @layers
func.func @layers(%x : tensor<?x3xf32>, %w : tensor<4x3xf32>, %b : tensor<4xf32>) -> tensor<?x4xf32> {
  // CHECK-NEXT: ivy.linear(%x, %w) : (tensor<?x3xf32>, tensor<4x3xf32>) -> tensor<?x4xf32>
  %0 = ivy.linear(%x, %w) : (tensor<?x3xf32>, tensor<4x3xf32>) -> tensor<?x4xf32>
  // CHECK-NEXT: ivy.linear(%x, %w, %b) : (tensor<?x3xf32>, tensor<4x3xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %1 = ivy.linear(%x, %w, %b) : (tensor<?x3xf32>, tensor<4x3xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  // CHECK-NEXT: ivy.batch_norm(%{{.*}}, %b, %b, bias = %b) : (tensor<?x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %2 = ivy.batch_norm(%1, %b, %b, bias = %b) : (tensor<?x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  // CHECK-NEXT: ivy.gelu(%{{.*}}, approximate = true)
  %3 = ivy.gelu(%2, approximate = true) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  // CHECK-NEXT: ivy.softmax(%{{.*}}, axis = -1)
  %4 = ivy.softmax(%3, axis = -1) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  func.return %4 : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @images
func.func @images(%x : tensor<?x3x32x?xf32>, %w : tensor<8x3x3x3xf32>) -> tensor<?x8x8x?xf32> {
  // CHECK-NEXT: ivy.conv(%x, %w, none, stride = [2, 2], padding = [1, 1, 1, 1], dilation = [1, 1])
  %0 = ivy.conv(%x, %w, none, stride = [2, 2], padding = [1, 1, 1, 1], dilation = [1, 1]) : (tensor<?x3x32x?xf32>, tensor<8x3x3x3xf32>) -> tensor<?x8x16x?xf32>
  // CHECK-NEXT: ivy.max_pool(%{{.*}}, window = [2, 2], stride = [2, 2], padding = [0, 0, 0, 0], dilation = [1, 1])
  %1 = ivy.max_pool(%0, window = [2, 2], stride = [2, 2], padding = [0, 0, 0, 0], dilation = [1, 1]) : (tensor<?x8x16x?xf32>) -> tensor<?x8x8x?xf32>
  func.return %1 : tensor<?x8x8x?xf32>
}
