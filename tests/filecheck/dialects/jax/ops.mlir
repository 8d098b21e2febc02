// RUN: mlgraph-opt %s | mlgraph-opt | filecheck %s

// CHECK-LABEL: func.func @call
func.func @call(%x : tensor<?x3xf32>, %n : index) -> tensor<?x3xf32> {
  // CHECK-NEXT: jax.call @jax.numpy.reshape(%x, (%n, 3)) : (tensor<?x3xf32>, index) -> tensor<?x3xf32>
  %0 = jax.call @jax.numpy.reshape(%x, (%n, 3)) : (tensor<?x3xf32>, index) -> tensor<?x3xf32>
  // CHECK-NEXT: jax.call @jax.numpy.stack([%x, %{{.*}}], axis = 1) : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x2x3xf32>
  %1 = jax.call @jax.numpy.stack([%x, %0], axis = 1) : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x2x3xf32>
  // CHECK-NEXT: jax.call @operator.getitem(%{{.*}}, (rest, 0, slice(none, none, 2)))
  %2 = jax.call @operator.getitem(%1, (rest, 0, slice(none, none, 2))) : (tensor<?x2x3xf32>) -> tensor<?x2xf32>
  func.return %0 : tensor<?x3xf32>
}
