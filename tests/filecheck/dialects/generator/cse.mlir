// RUN: mlgraph-opt %s -p canonicalize,cse,dce,fold-constants | filecheck %s

// Draws are neither dropped, nor merged, nor evaluated.

// CHECK-LABEL: func.func @draws
// CHECK-NEXT: %0 = generator.uniform
// CHECK-NEXT: %1 = generator.uniform
// CHECK-NEXT: generator.normal
// CHECK-NEXT: %{{.*}} = ivy.add(%0, %1)
// CHECK-NEXT: func.return
func.func @draws() -> tensor<2xf32> {
  %0 = generator.uniform(shape = [2], dtype = float32) : () -> tensor<2xf32>
  %1 = generator.uniform(shape = [2], dtype = float32) : () -> tensor<2xf32>
  %2 = generator.normal(shape = [2], dtype = float32) : () -> tensor<2xf32>
  %3 = ivy.add(%0, %1) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  func.return %3 : tensor<2xf32>
}
