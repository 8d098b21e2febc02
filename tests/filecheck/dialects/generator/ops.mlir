// RUN: mlgraph-opt %s | mlgraph-opt | filecheck %s

// CHECK-LABEL: func.func @draws
func.func @draws(%n : index, %p : tensor<3xf32>) {
  // CHECK-NEXT: generator.uniform(shape = [%n, 3], dtype = float32) : (index) -> tensor<?x3xf32>
  %0 = generator.uniform(shape = [%n, 3], dtype = float32) : (index) -> tensor<?x3xf32>
  // CHECK-NEXT: generator.uniform(shape = [2], dtype = float64, low = -1.0, high = 2.5) : () -> tensor<2xf64>
  %1 = generator.uniform(shape = [2], dtype = float64, low = -1.0, high = 2.5) : () -> tensor<2xf64>
  // CHECK-NEXT: generator.normal(shape = [], dtype = bfloat16) : () -> tensor<bf16>
  %2 = generator.normal(shape = [], dtype = bfloat16) : () -> tensor<bf16>
  // CHECK-NEXT: generator.randint(shape = [2], low = 0, high = 100, dtype = int64) : () -> tensor<2xi64>
  %3 = generator.randint(shape = [2], low = 0, high = 100, dtype = int64) : () -> tensor<2xi64>
  // CHECK-NEXT: generator.bernoulli(%p, shape = [%n, 3]) : (tensor<3xf32>, index) -> tensor<?x3xi1>
  %4 = generator.bernoulli(%p, shape = [%n, 3]) : (tensor<3xf32>, index) -> tensor<?x3xi1>
  // CHECK-NEXT: generator.permutation(size = [%n], dtype = int32) : (index) -> tensor<?xi32>
  %5 = generator.permutation(size = [%n], dtype = int32) : (index) -> tensor<?xi32>
  // CHECK-NEXT: generator.poisson(%p) : (tensor<3xf32>) -> tensor<3xf32>
  %6 = generator.poisson(%p) : (tensor<3xf32>) -> tensor<3xf32>
  // CHECK-NEXT: generator.exponential(shape = [4], dtype = float32) : () -> tensor<4xf32>
  %7 = generator.exponential(shape = [4], dtype = float32) : () -> tensor<4xf32>
  // CHECK-NEXT: generator.gumbel(shape = [4], dtype = float32) : () -> tensor<4xf32>
  %8 = generator.gumbel(shape = [4], dtype = float32) : () -> tensor<4xf32>
  func.return
}
