// RUN: mlgraph-opt %s -p 'lower-ivy{to=torch}' | filecheck %s --check-prefix=TORCH
// RUN: mlgraph-opt %s -p 'lower-ivy{to=jax}' | filecheck %s --check-prefix=JAX
// RUN: mlgraph-opt %s -p 'lower-ivy{to=tensorflow}' | filecheck %s --check-prefix=TENSORFLOW
// RUN: mlgraph-opt %s -p 'lower-ivy{to=numpy}' | filecheck %s --check-prefix=NUMPY

// Every operation becomes calls of one library, under the names and arguments of that library.

func.func @main(%x : tensor<?x3xf32>, %y : tensor<3x4xf32>) -> (tensor<?x1xf32>, tensor<?x4xf32>) {
  %0 = ivy.negative(%x) : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %1 = ivy.sum(%0, axis = [1], keepdims = true) : (tensor<?x3xf32>) -> tensor<?x1xf32>
  %2 = ivy.matmul(%0, %y) : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
  func.return %1, %2 : tensor<?x1xf32>, tensor<?x4xf32>
}

// TORCH-LABEL: func.func @main
// TORCH-NEXT: %0 = torch.call @torch.neg(%x)
// TORCH-NEXT: %1 = torch.call @torch.sum(%0, dim = (1,), keepdim = true{{.*}})
// TORCH-NEXT: %2 = torch.call @torch.matmul(%0, %y) : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>

// JAX-LABEL: func.func @main
// JAX-NEXT: %0 = jax.call @jax.numpy.negative(%x)
// JAX-NEXT: %1 = jax.call @jax.numpy.sum(%0, axis = (1,), keepdims = true{{.*}})
// JAX-NEXT: %2 = jax.call @jax.numpy.matmul(%0, %y{{.*}}) : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>

// TENSORFLOW-LABEL: func.func @main
// TENSORFLOW-NEXT: %0 = tensorflow.call @tensorflow.negative(%x)
// TENSORFLOW-NEXT: %1 = tensorflow.call @tensorflow.reduce_sum(%0, axis = (1,), keepdims = true{{.*}})
// TENSORFLOW-NEXT: %2 = tensorflow.call @tensorflow{{.*}}(%0, %y) : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>

// NUMPY-LABEL: func.func @main
// NUMPY-NEXT: %0 = numpy.call @numpy.negative(%x)
// NUMPY-NEXT: %1 = numpy.call @numpy.sum(%0, axis = (1,), keepdims = true{{.*}})
// NUMPY-NEXT: %2 = numpy.call @numpy.matmul(%0, %y) : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
