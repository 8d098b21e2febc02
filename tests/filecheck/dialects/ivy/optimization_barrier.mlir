// RUN: mlgraph-opt %s -p 'fold-constants,canonicalize,cse,dce' | filecheck %s
// RUN: mlgraph-opt %s -p 'fold-constants,canonicalize,cse,dce,lower-constant{to=numpy},lower-ivy{to=numpy}' | filecheck %s --check-prefix=NUMPY

// No pass looks through a barrier; numpy has no call for it.
// CHECK-LABEL: func.func @main
// CHECK:       %zeros = constant.literal dense<0.0> : tensor<4xf32>
// CHECK-NEXT:  %pinned = ivy.optimization_barrier(%zeros) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:  %tail = ivy.slice(%pinned
// CHECK-NEXT:  func.return %pinned, %tail

// NUMPY-LABEL: func.func @main
// NUMPY:       %tail = numpy.call @operator.getitem(%zeros, slice(1, 4, none))
// NUMPY-NEXT:  func.return %zeros, %tail
func.func @main() -> (tensor<4xf32>, tensor<3xf32>) {
  %zeros = constant.literal dense<0.0> : tensor<4xf32>
  %pinned = ivy.optimization_barrier(%zeros) : (tensor<4xf32>) -> tensor<4xf32>
  %tail = ivy.slice(%pinned, starts = [1], stops = [4], steps = [1]) : (tensor<4xf32>) -> tensor<3xf32>
  func.return %pinned, %tail : tensor<4xf32>, tensor<3xf32>
}
