// RUN: mlgraph-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// CHECK: expected a float type, got int32
func.func @uniform() {
  %0 = generator.uniform(shape = [2], dtype = int32) : () -> tensor<2xi32>
  func.return
}

// -----

// CHECK: no integer is in [5, 5)
func.func @randint() {
  %0 = generator.randint(shape = [2], low = 5, high = 5, dtype = int32) : () -> tensor<2xi32>
  func.return
}

// -----

// CHECK: probabilities of shape (2, 3) do not broadcast to (3,)
func.func @bernoulli(%p : tensor<2x3xf32>) {
  %0 = generator.bernoulli(%p, shape = [3]) : (tensor<2x3xf32>) -> tensor<3xi1>
  func.return
}
