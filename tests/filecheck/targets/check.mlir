// RUN: mlgraph-opt %s -p 'lower-ivy{to=torch}' -t 'python{to=torch}' | filecheck %s
// RUN: mlgraph-opt %s -p 'lower-ivy{to=numpy}' -t 'python{to=numpy}' | filecheck %s
// RUN: mlgraph-opt %s -p 'lower-ivy{to=jax}' -t 'python{to=jax}' | filecheck %s
// RUN: mlgraph-opt %s -p 'lower-ivy{to=tensorflow}' -t 'python{to=tensorflow}' | filecheck %s --check-prefix TF

// A check is a statement, and so is a branch of jax that holds one: `jax.lax.cond` cannot raise.

// CHECK: def main(p):
// CHECK-NEXT: if not p:
// CHECK-NEXT: raise ValueError('no "sum"')
// CHECK-NEXT: if p:
// CHECK-NEXT: if not p:
// CHECK-NEXT: raise AssertionError()
// TF: def then():
// TF-NEXT: if not p:
// TF-NEXT: raise AssertionError()
func.func @main(%p : tensor<i1>) -> tensor<i1> {
  ivy.check %p, "ValueError", "no \"sum\"" : tensor<i1>
  ivy.if %p : tensor<i1> -> () {
    ivy.check %p, "AssertionError", "" : tensor<i1>
    ivy.yield
  } else {
    ivy.yield
  }
  func.return %p : tensor<i1>
}
