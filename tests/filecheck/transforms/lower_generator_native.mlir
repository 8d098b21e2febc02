// RUN: mlgraph-opt %s -p 'lower-generator{to=torch}' | filecheck %s --check-prefix=TORCH
// RUN: mlgraph-opt %s -p 'lower-generator{to=numpy}' | filecheck %s --check-prefix=NUMPY
// RUN: mlgraph-opt %s -p 'lower-generator{to=jax}' | filecheck %s --check-prefix=JAX

// A native draw is its own call for its framework, its region for others; an unused one stays.

func.func @main(%x : tensor<3xf32>) -> tensor<3xf32> {
  %e = generator.native @torch.Tensor.exponential_(%x, 2.0, generator = @rng) : (tensor<3xf32>) -> tensor<3xf32> {
    %u = generator.exponential(shape = [3], dtype = float32) : () -> tensor<3xf32>
    ivy.yield %u : tensor<3xf32>
  }
  %d = generator.native dense @torch.Tensor.bernoulli_(%x, 0.5, generator = @rng) : (tensor<3xf32>) -> tensor<3xf32> {
    %u = generator.uniform(shape = [3], dtype = float32) : () -> tensor<3xf32>
    ivy.yield %u : tensor<3xf32>
  }
  %n = generator.native @numpy.random.Generator.random(@rng, (3,), float32) stream "noise" : () -> tensor<3xf32> {
    %u = generator.uniform(shape = [3], dtype = float32) : () -> tensor<3xf32>
    ivy.yield %u : tensor<3xf32>
  }
  func.return %e : tensor<3xf32>
}

// TORCH-LABEL: func.func @main(%rng: !backend.value, %x: tensor<3xf32>)
// TORCH-NEXT: %[[SIZE:.*]] = torch.call @torch.Tensor.size(%x)
// TORCH-NEXT: %[[STRIDE:.*]] = torch.call @torch.Tensor.stride(%x)
// TORCH-NEXT: %[[NEW:.*]] = torch.call effect @torch.Tensor.new_empty_strided(%x, %[[SIZE]], %[[STRIDE]])
// TORCH-NEXT: %e = torch.call effect @torch.Tensor.exponential_(%[[NEW]], 2.0, generator = %rng)
// TORCH-NEXT: %[[LIKE:.*]] = torch.call effect @torch.empty_like(%x)
// TORCH-NEXT: %d = torch.call effect @torch.Tensor.bernoulli_(%[[LIKE]], 0.5, generator = %rng)
// TORCH-NEXT: %u = torch.call effect @torch.rand((3,), generator = %rng, dtype = float32)

// NUMPY-LABEL: func.func @main(%rng: !backend.value, %noise_rng: !backend.value, %x: tensor<3xf32>)
// NUMPY: numpy.call effect @numpy.random.Generator.random(%noise_rng, (3,), float32)

// JAX-LABEL: func.func @main(%rng: !backend.value, %x: tensor<3xf32>)
// JAX-COUNT-3: jax.call @jax.random.uniform
