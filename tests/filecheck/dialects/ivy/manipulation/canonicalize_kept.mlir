// RUN: mlgraph-opt %s -p canonicalize | filecheck %s

// What looks like nothing but is something.

// CHECK-LABEL: func.func @reordered
// CHECK-NEXT: ivy.permute_dims(%x, axes = [1, 0])
// CHECK-NEXT: ivy.reshape(%x, shape = [3, -1])
func.func @reordered(%x : tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<3x?xf32>) {
  %0 = ivy.permute_dims(%x, axes = [1, 0]) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %1 = ivy.reshape(%x, shape = [3, -1]) : (tensor<?x?xf32>) -> tensor<3x?xf32>
  func.return %0, %1 : tensor<?x?xf32>, tensor<3x?xf32>
}

// CHECK-LABEL: func.func @partly
// CHECK-NEXT: ivy.slice(%x, starts = [0], stops = [3], steps = [1])
// CHECK-NEXT: ivy.slice(%x, starts = [0], stops = [9223372036854775807], steps = [2])
// CHECK-NEXT: ivy.flip(%x, axis = [0])
func.func @partly(%x : tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>) {
  %0 = ivy.slice(%x, starts = [0], stops = [3], steps = [1]) : (tensor<?xf32>) -> tensor<?xf32>
  %1 = ivy.slice(%x, starts = [0], stops = [9223372036854775807], steps = [2]) : (tensor<?xf32>) -> tensor<?xf32>
  %2 = ivy.flip(%x, axis = [0]) : (tensor<?xf32>) -> tensor<?xf32>
  func.return %0, %1, %2 : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>
}

// CHECK-LABEL: func.func @other_axis
// CHECK-NEXT: ivy.expand_dims(%x, axis = [0])
// CHECK-NEXT: ivy.squeeze(%{{.*}}, axis = [1])
func.func @other_axis(%x : tensor<1x2xf32>) -> tensor<1x2xf32> {
  %0 = ivy.expand_dims(%x, axis = [0]) : (tensor<1x2xf32>) -> tensor<1x1x2xf32>
  %1 = ivy.squeeze(%0, axis = [1]) : (tensor<1x1x2xf32>) -> tensor<1x2xf32>
  func.return %1 : tensor<1x2xf32>
}
