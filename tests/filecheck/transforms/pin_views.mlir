// RUN: mlgraph-opt %s -p 'pin-views' | filecheck %s

// Without the signature of a program, which says where results go and what they share, nothing changes.
// CHECK-LABEL: func.func @main
// CHECK-NOT:   optimization_barrier
func.func @main(%n : index) -> (tensor<?xf32>, tensor<?xf32>) {
  %zeros = ivy.full(shape = [%n], value = 0.0, dtype = float32) : (index) -> tensor<?xf32>
  %tail = ivy.slice(%zeros, starts = [1], stops = [9223372036854775807], steps = [1]) : (tensor<?xf32>) -> tensor<?xf32>
  func.return %zeros, %tail : tensor<?xf32>, tensor<?xf32>
}
