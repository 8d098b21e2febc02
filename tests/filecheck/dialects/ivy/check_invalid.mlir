// RUN: mlgraph-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// CHECK: a condition is a 0-d bool, not tensor<2xi1>
func.func @several(%p : tensor<2xi1>) {
  ivy.check %p, "AssertionError", "" : tensor<2xi1>
  func.return
}

// -----

// CHECK: ivy.check: exit is no exception of Python's
func.func @call(%p : tensor<i1>) {
  ivy.check %p, "exit", "" : tensor<i1>
  func.return
}
