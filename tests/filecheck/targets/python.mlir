// RUN: mlgraph-opt %s -p 'lower-generator{to=torch},lower-constant{to=torch},lower-ivy{to=torch},dce' -t 'python{to=torch}' | filecheck %s

// The source is what a person would have written: numbers in place, weights and sizes where they are used.

// CHECK:      import torch
// CHECK:      mask = arrays["mask"]
// CHECK:      def main(params, rng, x):
// CHECK-NEXT:     half = torch.mul(x, 0.5)  # model.py:12
// CHECK-NEXT:     y = torch.add(half, params['fc.weight'])  # model.py:13
// CHECK-NEXT:     del half
// CHECK-NEXT:     z = torch.add(y, mask)
// CHECK-NEXT:     del y
// CHECK-NEXT:     noise = torch.randn((x.shape[0], 3), generator=rng, dtype=torch.float32)
// CHECK-NEXT:     return z, noise
func.func @main(%x : tensor<?x3xf32>) -> (tensor<?x3xf32>, tensor<?x3xf32>) {
  %w = constant.parameter <"fc.weight"> : tensor<3xf32>
  %c = constant.literal dense<0.5> : tensor<f32>
  %mask = constant.array <"mask"> : tensor<512x3xf32>
  %half = ivy.multiply(%x, %c) : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32> loc("lib/model.py":12:4)
  %y = ivy.add(%half, %w) : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32> loc("lib/model.py":13:4)
  %z = ivy.add(%y, %mask) : (tensor<?x3xf32>, tensor<512x3xf32>) -> tensor<?x3xf32>
  %n = ivy.dim(%x, axis = 0) : (tensor<?x3xf32>) -> index
  %noise = generator.normal(shape = [%n, 3], dtype = float32) : (index) -> tensor<?x3xf32>
  func.return %z, %noise : tensor<?x3xf32>, tensor<?x3xf32>
}
