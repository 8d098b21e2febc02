// RUN: mlgraph-opt %s -p fold-constants | filecheck %s

// Weights are no constants.
// CHECK-LABEL: func.func @weights
// CHECK: ivy.negative
func.func @weights() -> tensor<3xf32> {
  %w = constant.parameter <"w"> : tensor<3xf32>
  %0 = ivy.negative(%w) : (tensor<3xf32>) -> tensor<3xf32>
  func.return %0 : tensor<3xf32>
}

// Nor is an array whose elements this module does not hold.
// CHECK-LABEL: func.func @text
// CHECK: ivy.negative
func.func @text() -> tensor<99xf32> {
  %a = constant.array <"a"> : tensor<99xf32>
  %0 = ivy.negative(%a) : (tensor<99xf32>) -> tensor<99xf32>
  func.return %0 : tensor<99xf32>
}

// What each target answers in its own way is left to it.
// CHECK-LABEL: func.func @undefined
// CHECK: ivy.floor_divide
// CHECK: ivy.cast
func.func @undefined() -> (tensor<i32>, tensor<i32>) {
  %zero = constant.literal dense<0> : tensor<i32>
  %nan = constant.literal dense<nan> : tensor<f32>
  %0 = ivy.floor_divide(%zero, %zero) : (tensor<i32>, tensor<i32>) -> tensor<i32>
  %1 = ivy.cast(%nan, dtype = int32) : (tensor<f32>) -> tensor<i32>
  func.return %0, %1 : tensor<i32>, tensor<i32>
}

// IEEE arithmetic is everyone's.
// CHECK-LABEL: func.func @infinite
// CHECK: constant.literal dense<minus_inf> : tensor<f32>
func.func @infinite() -> tensor<f32> {
  %zero = constant.literal dense<0.0> : tensor<f32>
  %0 = ivy.log(%zero) : (tensor<f32>) -> tensor<f32>
  func.return %0 : tensor<f32>
}

// More than 64 MiB stay an operation.
// CHECK-LABEL: func.func @large
// CHECK: ivy.full
func.func @large() -> tensor<4097x4096xf32> {
  %0 = ivy.full(shape = [4097, 4096], value = 1.0, dtype = float32) : () -> tensor<4097x4096xf32>
  func.return %0 : tensor<4097x4096xf32>
}
