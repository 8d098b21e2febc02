// RUN: mlgraph-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// CHECK: an attribute has a name
func.func @number(%x : tensor<2xf32>) {
  stateful.set <"args[0]", 3>, %x : tensor<2xf32>
  func.return
}

// -----

// CHECK: Expected ','
func.func @owner(%x : tensor<2xf32>) {
  stateful.set <"count">, %x : tensor<2xf32>
  func.return
}
