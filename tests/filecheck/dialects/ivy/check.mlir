// RUN: mlgraph-opt %s | mlgraph-opt -p canonicalize,cse,dce | filecheck %s

// Nothing uses a result of a check, but no pass erases it, or an `ivy.if` that holds it.

// CHECK-LABEL: func.func @checked
func.func @checked(%p : tensor<i1>, %q : tensor<i1>, %x : tensor<f32>) -> tensor<f32> {
  // CHECK-NEXT: ivy.check %p, "AssertionError", "no sum" : tensor<i1>
  ivy.check %p, "AssertionError", "no sum" : tensor<i1>
  // CHECK-NEXT: ivy.if %p : tensor<i1> -> () {
  ivy.if %p : tensor<i1> -> () {
    // CHECK-NEXT: ivy.check %q, "ValueError", "" : tensor<i1>
    ivy.check %q, "ValueError", "" : tensor<i1>
    ivy.yield
  } else {
    ivy.yield
  }
  // CHECK: ivy.check %p, "AssertionError", "no sum" : tensor<i1>
  ivy.check %p, "AssertionError", "no sum" : tensor<i1>
  // CHECK-NOT: ivy.exp
  %unused = ivy.exp(%x) : (tensor<f32>) -> tensor<f32>
  func.return %x : tensor<f32>
}
