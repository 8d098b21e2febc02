// RUN: mlgraph-opt %s -p canonicalize | filecheck %s

// CHECK-LABEL: func.func @nothing
// CHECK-NEXT: func.return %x : tensor<?x3xf32>
func.func @nothing(%x : tensor<?x3xf32>, %v : tensor<f32>) -> tensor<?x3xf32> {
  %n = ivy.dim(%x, axis = 0) : (tensor<?x3xf32>) -> index
  %0 = ivy.permute_dims(%x, axes = [0, 1]) : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %1 = ivy.reshape(%0, shape = [-1, 3]) : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %2 = ivy.reshape(%1, shape = [%n, 3]) : (tensor<?x3xf32>, index) -> tensor<?x3xf32>
  %3 = ivy.broadcast_to(%2, shape = [%n, 3]) : (tensor<?x3xf32>, index) -> tensor<?x3xf32>
  %4 = ivy.concat(xs = [%3], axis = 0) : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %5 = ivy.slice(%4, starts = [0, 0], stops = [9223372036854775807, 3], steps = [1, 1]) : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %6 = ivy.pad(%5, low = [0, 0], high = [0, 0], %v) : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  %7 = ivy.roll(%6, shift = [0], axis = [1]) : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %8 = ivy.tile(%7, repeats = [1, 1]) : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %9 = ivy.repeat(%8, repeats = 1, axis = 0) : (tensor<?x3xf32>) -> tensor<?x3xf32>
  func.return %9 : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @twice
// CHECK-NEXT: func.return %x : tensor<1x?xf32>
func.func @twice(%x : tensor<1x?xf32>) -> tensor<1x?xf32> {
  %0 = ivy.squeeze(%x, axis = [0]) : (tensor<1x?xf32>) -> tensor<?xf32>
  %1 = ivy.expand_dims(%0, axis = [-2]) : (tensor<?xf32>) -> tensor<1x?xf32>
  %2 = ivy.expand_dims(%1, axis = [2]) : (tensor<1x?xf32>) -> tensor<1x?x1xf32>
  %3 = ivy.squeeze(%2, axis = [-1]) : (tensor<1x?x1xf32>) -> tensor<1x?xf32>
  %4 = ivy.flip(%3, axis = [1]) : (tensor<1x?xf32>) -> tensor<1x?xf32>
  %5 = ivy.flip(%4, axis = [-1]) : (tensor<1x?xf32>) -> tensor<1x?xf32>
  func.return %5 : tensor<1x?xf32>
}

// CHECK-LABEL: func.func @joined
// CHECK-NEXT: %{{.*}} = ivy.permute_dims(%x, axes = [1, 2, 0]) : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
// CHECK-NEXT: %{{.*}} = ivy.reshape(%{{.*}}, shape = [24]) : (tensor<3x4x2xf32>) -> tensor<24xf32>
// CHECK-NEXT: func.return
func.func @joined(%x : tensor<2x3x4xf32>) -> tensor<24xf32> {
  %0 = ivy.permute_dims(%x, axes = [1, 0, 2]) : (tensor<2x3x4xf32>) -> tensor<3x2x4xf32>
  %1 = ivy.permute_dims(%0, axes = [0, 2, 1]) : (tensor<3x2x4xf32>) -> tensor<3x4x2xf32>
  %2 = ivy.reshape(%1, shape = [12, 2]) : (tensor<3x4x2xf32>) -> tensor<12x2xf32>
  %3 = ivy.reshape(%2, shape = [24]) : (tensor<12x2xf32>) -> tensor<24xf32>
  func.return %3 : tensor<24xf32>
}
