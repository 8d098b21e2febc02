// RUN: mlgraph-opt %s -p 'lower-generator{to=jax}' | filecheck %s

// A draw that is made of others is taken apart; a half probability is compared as float32.

// CHECK-LABEL: func.func @main(%rng: !backend.value, %p: tensor<3xf16>)
func.func @main(%p : tensor<3xf16>) -> (tensor<2x3xi1>, tensor<4xf32>) {
  // CHECK: %{{.*}} = ivy.cast(%p, dtype = float32)
  // CHECK: %{{.*}} = jax.call @jax.random.uniform(%key, (2, 3), float32, 0.0, 1.0)
  // CHECK-NEXT: %keep = ivy.less
  %keep = generator.bernoulli(%p, shape = [2, 3]) : (tensor<3xf16>) -> tensor<2x3xi1>
  // CHECK-NEXT: jax.call @jax.random.uniform(%rng_1, (4,), float32, 0.0, 1.0)
  // CHECK-NEXT: ivy.negative
  // CHECK-NEXT: ivy.log1p
  // CHECK-NEXT: %e = ivy.negative
  %e = generator.exponential(shape = [4], dtype = float32) : () -> tensor<4xf32>
  func.return %keep, %e : tensor<2x3xi1>, tensor<4xf32>
}
