// RUN: mlgraph-opt %s | mlgraph-opt | filecheck %s

// CHECK-LABEL: func.func @attributes
func.func @attributes(%x : tensor<2xf32>) {
  // CHECK-NEXT: %count = stateful.get <"args[0]", "count"> : tensor<2xf32>
  %count = stateful.get <"args[0]", "count"> : tensor<2xf32>
  // CHECK-NEXT: stateful.set <"args[0].inner", "count">, %count : tensor<2xf32>
  stateful.set <"args[0].inner", "count">, %count : tensor<2xf32>
  func.return
}

// CHECK-LABEL: func.func @items
func.func @items(%x : tensor<2xf32>) {
  // CHECK-NEXT: %k = stateful.get <"cache", item "key"> : tensor<2xf32>
  %k = stateful.get <"cache", item "key"> : tensor<2xf32>
  // CHECK-NEXT: stateful.set <"cache", item 3>, %k : tensor<2xf32>
  stateful.set <"cache", item 3>, %k : tensor<2xf32>
  func.return
}
