// RUN: mlgraph-opt %s -p channels-last | filecheck %s

// Between two convolutions nothing is turned; vectors of channels lose their axes of size 1.
// CHECK-LABEL: @chain
// CHECK-NEXT: %0 = ivy.permute_dims(%x, axes = [0, 2, 3, 1])
// CHECK-NEXT: %1 = ivy.conv_channels_last(%0, %w, {{.*}}) : ({{.*}}) -> tensor<?x8x8x4xf32>
// CHECK-NEXT: %2 = ivy.reshape(%c, shape = [-1]) : (tensor<4x1x1xf32>) -> tensor<4xf32>
// CHECK-NEXT: %3 = ivy.multiply(%1, %2) : (tensor<?x8x8x4xf32>, tensor<4xf32>) -> tensor<?x8x8x4xf32>
// CHECK-NEXT: %4 = ivy.relu(%3)
// CHECK-NEXT: %5 = ivy.conv_channels_last(%4, %w, {{.*}})
// CHECK-NEXT: %6 = ivy.concat(xs = [%5, %1], axis = 3) : {{.*}} -> tensor<?x8x8x8xf32>
// CHECK-NEXT: %7 = ivy.permute_dims(%6, axes = [0, 3, 1, 2]) : {{.*}} -> tensor<?x8x8x8xf32>
// CHECK-NEXT: func.return %7
func.func @chain(%x: tensor<?x4x8x8xf32>, %w: tensor<4x4x1x1xf32>, %c: tensor<4x1x1xf32>) -> tensor<?x8x8x8xf32> {
  %0 = ivy.conv(%x, %w, stride = [1, 1], padding = [0, 0, 0, 0], dilation = [1, 1], bias = none) : (tensor<?x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<?x4x8x8xf32>
  %1 = ivy.multiply(%0, %c) : (tensor<?x4x8x8xf32>, tensor<4x1x1xf32>) -> tensor<?x4x8x8xf32>
  %2 = ivy.relu(%1) : (tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
  %3 = ivy.conv(%2, %w, stride = [1, 1], padding = [0, 0, 0, 0], dilation = [1, 1], bias = none) : (tensor<?x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<?x4x8x8xf32>
  %4 = ivy.concat(xs = [%3, %0], axis = 1) : (tensor<?x4x8x8xf32>, tensor<?x4x8x8xf32>) -> tensor<?x8x8x8xf32>
  func.return %4 : tensor<?x8x8x8xf32>
}

// A size is read off the turned image, and channels that are all that is left need no turning back.
// CHECK-LABEL: @ends
// CHECK: %[[Y:.*]] = ivy.conv_channels_last
// CHECK-NEXT: ivy.dim(%[[Y]], axis = 2)
// CHECK-NEXT: ivy.mean(%[[Y]], axis = [1, 2]) : (tensor<2x?x?x4xf32>) -> tensor<2x4xf32>
// CHECK-NEXT: func.return
func.func @ends(%x: tensor<2x4x?x?xf32>, %w: tensor<4x4x1x1xf32>) -> (index, tensor<2x4xf32>) {
  %0 = ivy.conv(%x, %w, stride = [1, 1], padding = [0, 0, 0, 0], dilation = [1, 1], bias = none) : (tensor<2x4x?x?xf32>, tensor<4x4x1x1xf32>) -> tensor<2x4x?x?xf32>
  %n = ivy.dim(%0, axis = 3) : (tensor<2x4x?x?xf32>) -> index
  %1 = ivy.mean(%0, axis = [2, 3]) : (tensor<2x4x?x?xf32>) -> tensor<2x4xf32>
  func.return %n, %1 : index, tensor<2x4xf32>
}

// Without a convolution nothing moves; a large image that was never turned is not turned for a sum.
// CHECK-LABEL: @kept
// CHECK-NEXT: ivy.max_pool(%x
// CHECK-NEXT: ivy.permute_dims(%x, axes = [0, 2, 3, 1])
// CHECK-NEXT: ivy.conv_channels_last
// CHECK-NEXT: ivy.permute_dims({{.*}}, axes = [0, 3, 1, 2])
// CHECK-NEXT: ivy.add(%{{.*}}, %y) : (tensor<2x4x8x8xf32>, tensor<2x4x8x8xf32>)
func.func @kept(%x: tensor<2x4x8x8xf32>, %y: tensor<2x4x8x8xf32>, %w: tensor<4x4x1x1xf32>) -> (tensor<2x4x4x4xf32>, tensor<2x4x8x8xf32>) {
  %0 = ivy.max_pool(%x, window = [2, 2], stride = [2, 2], padding = [0, 0, 0, 0], dilation = [1, 1]) : (tensor<2x4x8x8xf32>) -> tensor<2x4x4x4xf32>
  %1 = ivy.conv(%x, %w, stride = [1, 1], padding = [0, 0, 0, 0], dilation = [1, 1], bias = none) : (tensor<2x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<2x4x8x8xf32>
  %2 = ivy.add(%1, %y) : (tensor<2x4x8x8xf32>, tensor<2x4x8x8xf32>) -> tensor<2x4x8x8xf32>
  func.return %0, %2 : tensor<2x4x4x4xf32>, tensor<2x4x8x8xf32>
}
