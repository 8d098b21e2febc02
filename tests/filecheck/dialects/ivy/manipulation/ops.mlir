// RUN: mlgraph-opt %s | mlgraph-opt | filecheck %s

// CHECK-LABEL: func.func @shapes
func.func @shapes(%x : tensor<?x4xf32>, %n : index) -> tensor<2x?x1x2xf32> {
  // CHECK-NEXT: ivy.reshape(%x, shape = [%n, 2, -1]) : (tensor<?x4xf32>, index) -> tensor<?x2x?xf32>
  %0 = ivy.reshape(%x, shape = [%n, 2, -1]) : (tensor<?x4xf32>, index) -> tensor<?x2x?xf32>
  // CHECK-NEXT: ivy.permute_dims(%{{.*}}, axes = [1, 0, 2])
  %1 = ivy.permute_dims(%0, axes = [1, 0, 2]) : (tensor<?x2x?xf32>) -> tensor<2x?x?xf32>
  // CHECK-NEXT: ivy.expand_dims(%{{.*}}, axis = [2])
  %2 = ivy.expand_dims(%1, axis = [2]) : (tensor<2x?x?xf32>) -> tensor<2x?x1x?xf32>
  // CHECK-NEXT: ivy.broadcast_to(%{{.*}}, shape = [2, %n, 1, 2])
  %3 = ivy.broadcast_to(%2, shape = [2, %n, 1, 2]) : (tensor<2x?x1x?xf32>, index) -> tensor<2x?x1x2xf32>
  func.return %3 : tensor<2x?x1x2xf32>
}

// CHECK-LABEL: func.func @several
func.func @several(%x : tensor<2x3xf32>, %y : tensor<2x?xf32>) -> (tensor<2x?xf32>, tensor<2x2x3xf32>) {
  // CHECK-NEXT: ivy.concat(xs = [%x, %y], axis = 1) : (tensor<2x3xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  %0 = ivy.concat(xs = [%x, %y], axis = 1) : (tensor<2x3xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  // CHECK-NEXT: ivy.stack(xs = [%x, %x], axis = 0) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x2x3xf32>
  %1 = ivy.stack(xs = [%x, %x], axis = 0) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x2x3xf32>
  func.return %0, %1 : tensor<2x?xf32>, tensor<2x2x3xf32>
}

// CHECK-LABEL: func.func @parts
func.func @parts(%x : tensor<8x?xf32>, %n : index, %zero : tensor<f32>) -> tensor<9x?xf32> {
  // CHECK-NEXT: ivy.slice(%x, starts = [0, %n], stops = [9223372036854775807, -1], steps = [2, 1])
  %0 = ivy.slice(%x, starts = [0, %n], stops = [9223372036854775807, -1], steps = [2, 1]) : (tensor<8x?xf32>, index) -> tensor<4x?xf32>
  // CHECK-NEXT: ivy.pad(%{{.*}}, low = [2, 0], high = [3, %n], %zero)
  %1 = ivy.pad(%0, low = [2, 0], high = [3, %n], %zero) : (tensor<4x?xf32>, index, tensor<f32>) -> tensor<9x?xf32>
  // CHECK-NEXT: ivy.flip(%{{.*}}, axis = [0])
  %2 = ivy.flip(%1, axis = [0]) : (tensor<9x?xf32>) -> tensor<9x?xf32>
  func.return %2 : tensor<9x?xf32>
}
