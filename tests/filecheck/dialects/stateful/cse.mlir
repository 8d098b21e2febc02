// RUN: mlgraph-opt %s -p canonicalize,cse,dce | filecheck %s

// No write is dropped, and no read is moved over one.

// CHECK-LABEL: func.func @order
// CHECK-NEXT: %0 = stateful.get
// CHECK-NEXT: stateful.set <"a", "x">, %v
// CHECK-NEXT: %{{.*}} = stateful.get
// CHECK-NEXT: stateful.set <"a", "x">, %0
// CHECK-NEXT: func.return %0, %{{.*}}
func.func @order(%v : tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %0 = stateful.get <"a", "x"> : tensor<2xf32>
  stateful.set <"a", "x">, %v : tensor<2xf32>
  %1 = stateful.get <"a", "x"> : tensor<2xf32>
  stateful.set <"a", "x">, %0 : tensor<2xf32>
  func.return %0, %1 : tensor<2xf32>, tensor<2xf32>
}

// CHECK-LABEL: func.func @unread
// CHECK-NEXT: func.return
func.func @unread() {
  %0 = stateful.get <"a", "x"> : tensor<2xf32>
  func.return
}
