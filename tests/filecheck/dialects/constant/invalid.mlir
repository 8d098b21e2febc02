// RUN: mlgraph-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// CHECK: string literal expected
func.func @name() {
  %0 = constant.array <weight> : tensor<2xf32>
  func.return
}

// -----

// CHECK: f32 should be of base attribute tensor
func.func @type() {
  %0 = constant.parameter <"weight"> : f32
  func.return
}

// -----

// MLIR spells what is not finite as an integer, which is easily misread.
// CHECK: no elements of tensor<f32>: 2139095040 is no float32
func.func @bits() {
  %0 = constant.literal dense<0x7F800000> : tensor<f32>
  func.return
}

// -----

// CHECK: no elements of tensor<2xui8>:
func.func @range() {
  %0 = constant.literal dense<[1, 256]> : tensor<2xui8>
  func.return
}

// -----

// CHECK: no elements of tensor<3xi64>:
func.func @count() {
  %0 = constant.literal dense<[1, 2]> : tensor<3xi64>
  func.return
}
