// RUN: mlgraph-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// CHECK: a condition is a 0-d bool, not tensor<2xi1>
func.func @condition(%p : tensor<2xi1>) {
  ivy.if %p : tensor<2xi1> -> () {
    ivy.yield
  } else {
    ivy.yield
  }
  func.return
}

// -----

// CHECK: values of a region of types (tensor<f64>), expected (tensor<f32>)
func.func @branches(%p : tensor<i1>, %a : tensor<f32>, %b : tensor<f64>) -> tensor<f32> {
  %y = ivy.if %p : tensor<i1> -> (tensor<f32>) {
    ivy.yield %a : tensor<f32>
  } else {
    ivy.yield %b : tensor<f64>
  }
  func.return %y : tensor<f32>
}

// -----

// CHECK: initial state of types (tensor<i64>), expected (tensor<i32>)
func.func @state(%p : tensor<i1>, %n : tensor<i64>) {
  %m = ivy.while(%n) : (tensor<i64>) -> (tensor<i32>) {
  ^bb0(%i : tensor<i32>):
    ivy.yield %p : tensor<i1>
  } do {
  ^bb1(%j : tensor<i32>):
    ivy.yield %j : tensor<i32>
  }
  func.return
}

// -----

// CHECK: arguments of the body of types (tensor<4xf32>), expected (tensor<f32>)
func.func @elements(%n : index, %x : tensor<4xf32>) {
  ivy.scan %n carry() over(%x : tensor<4xf32>) -> () {
  ^bb0(%element : tensor<4xf32>):
    ivy.yield
  }
  func.return
}
