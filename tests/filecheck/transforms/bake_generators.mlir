// RUN: mlgraph-opt %s -p 'bake-generators{seed=0}' | filecheck %s

// CHECK-LABEL: func.func @drawn
// CHECK-NEXT: %0 = constant.literal dense<[{{0\.[0-9]+}}, {{0\.[0-9]+}}]> : tensor<2xf32>
// CHECK-NEXT: %1 = constant.literal dense<[{{0\.[0-9]+}}, {{0\.[0-9]+}}]> : tensor<2xf32>
// CHECK: %q = ivy.multiply
// CHECK-NEXT: %2 = constant.literal dense<true> : tensor<2xi1>
// CHECK-NEXT: %order = constant.array <"order"> : tensor<99xi64>
func.func @drawn(%x : tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xi1>, tensor<99xi64>) {
  %0 = generator.uniform(shape = [2], dtype = float32) : () -> tensor<2xf32>
  %1 = generator.uniform(shape = [2], dtype = float32) : () -> tensor<2xf32>
  %p = constant.literal dense<1.0> : tensor<f32>
  %q = ivy.multiply(%p, %p) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %2 = generator.bernoulli(%q, shape = [2]) : (tensor<f32>) -> tensor<2xi1>
  %order = generator.permutation(size = [99], dtype = int64) : () -> tensor<99xi64>
  func.return %0, %1, %2, %order : tensor<2xf32>, tensor<2xf32>, tensor<2xi1>, tensor<99xi64>
}

// The size of the second axis is known.
// CHECK-LABEL: func.func @sized
// CHECK: %r = constant.literal dense<7> : tensor<3xi32>
func.func @sized(%x : tensor<?x3xf32>) -> tensor<3xi32> {
  %n = ivy.dim(%x, axis = 1) : (tensor<?x3xf32>) -> index
  %r = generator.randint(shape = [%n], low = 7, high = 8, dtype = int32) : (index) -> tensor<3xi32>
  func.return %r : tensor<3xi32>
}
