// RUN: mlgraph-opt %s -p functionalize-state | filecheck %s

// What is read first is an argument, what is written is a result, once each.

// CHECK: func.func @counter(%x: tensor<2xf32>, %c: tensor<2xf32> {stateful.slot = #stateful.slot<"args[0]", "count">})
// CHECK-SAME: -> (tensor<2xf32>, tensor<2xf32> {stateful.slot = #stateful.slot<"args[0]", "count">}) {
// CHECK-NEXT: %n = ivy.add(%c, %x)
// CHECK-NEXT: %m = ivy.add(%n, %n)
// CHECK-NEXT: func.return %n, %m
func.func @counter(%x : tensor<2xf32>) -> tensor<2xf32> {
  %c = stateful.get <"args[0]", "count"> : tensor<2xf32>
  %n = ivy.add(%c, %x) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  stateful.set <"args[0]", "count">, %n : tensor<2xf32>
  %again = stateful.get <"args[0]", "count"> : tensor<2xf32>
  %m = ivy.add(%again, %n) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  stateful.set <"args[0]", "count">, %m : tensor<2xf32>
  func.return %n : tensor<2xf32>
}

// CHECK: func.func @only_written(%x: tensor<2xf32>)
// CHECK-SAME: -> (tensor<2xf32>, tensor<2xf32> {stateful.slot = #stateful.slot<"cache", item "x">}) {
// CHECK-NEXT: func.return %x, %x
func.func @only_written(%x : tensor<2xf32>) -> tensor<2xf32> {
  stateful.set <"cache", item "x">, %x : tensor<2xf32>
  func.return %x : tensor<2xf32>
}

// CHECK: func.func @only_read(%count: tensor<2xf32> {stateful.slot = #stateful.slot<"a", "count">}) -> tensor<2xf32> {
// CHECK-NEXT: func.return %count
func.func @only_read() -> tensor<2xf32> {
  %0 = stateful.get <"a", "count"> : tensor<2xf32>
  func.return %0 : tensor<2xf32>
}
