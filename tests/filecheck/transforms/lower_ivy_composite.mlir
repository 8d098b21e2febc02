// RUN: mlgraph-opt %s -p 'lower-ivy{to=numpy}' --print-debuginfo | filecheck %s

// An operation that a library lacks is lowered through its body, and keeps the user's line.

// CHECK-LABEL: func.func @main
// CHECK-NEXT: numpy.call @numpy.transpose(%w, (1, 0)) : (tensor<4x3xf32>) -> tensor<3x4xf32> loc("f.py":3:4)
// CHECK-NEXT: numpy.call @numpy.matmul(%x, %{{.*}}) : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32> loc("f.py":3:4)
// CHECK-NEXT: numpy.call @numpy.add(%{{.*}}, %b) : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32> loc("f.py":3:4)
func.func @main(%x : tensor<2x3xf32>, %w : tensor<4x3xf32>, %b : tensor<4xf32>) -> tensor<2x4xf32> {
  %0 = ivy.linear(%x, %w, %b) : (tensor<2x3xf32>, tensor<4x3xf32>, tensor<4xf32>) -> tensor<2x4xf32> loc("f.py":3:4)
  func.return %0 : tensor<2x4xf32>
}
