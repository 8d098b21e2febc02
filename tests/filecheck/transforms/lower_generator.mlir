// RUN: mlgraph-opt %s -p 'lower-generator{to=torch}' | filecheck %s --check-prefix=TORCH
// RUN: mlgraph-opt %s -p 'lower-generator{to=numpy}' | filecheck %s --check-prefix=NUMPY
// RUN: mlgraph-opt %s -p 'lower-generator{to=jax}' | filecheck %s --check-prefix=JAX
// RUN: mlgraph-opt %s -p 'lower-generator{to=tensorflow}' | filecheck %s --check-prefix=TENSORFLOW

// torch and numpy draw from a stream that changes, jax and tensorflow from keys that are split.

func.func @main(%n : index) -> (tensor<?x3xf32>, tensor<2xi64>) {
  %u = generator.uniform(shape = [%n, 3], dtype = float32) : (index) -> tensor<?x3xf32>
  %i = generator.randint(shape = [2], low = 0, high = 100, dtype = int64) : () -> tensor<2xi64>
  func.return %u, %i : tensor<?x3xf32>, tensor<2xi64>
}

// TORCH-LABEL: func.func @main(%rng: !backend.value, %n: index)
// TORCH-NEXT: %u = torch.call effect @torch.rand((%n, 3), generator = %rng, dtype = float32)
// TORCH-NEXT: %i = torch.call effect @torch.randint(0, 100, (2,), generator = %rng, dtype = int64)

// NUMPY-LABEL: func.func @main(%rng: !backend.value, %n: index)
// NUMPY-NEXT: %u = numpy.call effect @numpy.random.Generator.random(%rng, (%n, 3), float32)
// NUMPY-NEXT: %i = numpy.call effect @numpy.random.Generator.integers(%rng, 0, 100, (2,), int64)

// JAX-LABEL: func.func @main(%rng: !backend.value, %n: index)
// JAX-NEXT: %rng_1, %key = jax.call @jax.random.split(%rng)
// JAX-NEXT: %u = jax.call @jax.random.uniform(%key, (%n, 3), float32, 0.0, 1.0)
// JAX-NEXT: %i = jax.call @jax.random.randint(%rng_1, (2,), 0, 100, int64)

// TENSORFLOW-LABEL: func.func @main(%rng: !backend.value, %n: index)
// TENSORFLOW-NEXT: %0 = tensorflow.call @tensorflow.random.split(%rng)
// TENSORFLOW-NEXT: %rng_1, %key = tensorflow.call @tensorflow.unstack(%0)
// TENSORFLOW-NEXT: %u = tensorflow.call @tensorflow.random.stateless_uniform((%n, 3), %key, 0.0, 1.0, float32)
// TENSORFLOW-NEXT: %1 = tensorflow.call @tensorflow.random.stateless_uniform((2,), %rng_1, 0, 100, @tensorflow.int64)
// TENSORFLOW-NEXT: %i = tensorflow.call @tensorflow.cast(%1, int64)
