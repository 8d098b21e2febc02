// RUN: mlgraph-opt %s | mlgraph-opt | filecheck %s

// CHECK-LABEL: func.func @branches
func.func @branches(%p : tensor<i1>, %a : tensor<?xf32>) -> tensor<?xf32> {
  // CHECK-NEXT: %y = ivy.if %p : tensor<i1> -> (tensor<?xf32>) {
  %y = ivy.if %p : tensor<i1> -> (tensor<?xf32>) {
    // CHECK-NEXT: %[[E:.*]] = ivy.exp(%a)
    %e = ivy.exp(%a) : (tensor<?xf32>) -> tensor<?xf32>
    // CHECK-NEXT: ivy.yield %[[E]] : tensor<?xf32>
    ivy.yield %e : tensor<?xf32>
  // CHECK-NEXT: } else {
  } else {
    // CHECK-NEXT: ivy.yield %a : tensor<?xf32>
    ivy.yield %a : tensor<?xf32>
  }
  func.return %y : tensor<?xf32>
}

// CHECK-LABEL: func.func @nothing
func.func @nothing(%p : tensor<i1>) {
  // CHECK-NEXT: ivy.if %p : tensor<i1> -> () {
  ivy.if %p : tensor<i1> -> () {
    ivy.yield
  } else {
    ivy.yield
  }
  func.return
}

// CHECK-LABEL: func.func @loop
func.func @loop(%n : tensor<i32>, %x : tensor<f32>) -> (tensor<i32>, tensor<f32>) {
  // CHECK-NEXT: ivy.while(%n, %x) : (tensor<i32>, tensor<f32>) -> (tensor<i32>, tensor<f32>) {
  // CHECK-NEXT: ^{{.*}}(%i: tensor<i32>, %s: tensor<f32>):
  %last, %y = ivy.while(%n, %x) : (tensor<i32>, tensor<f32>) -> (tensor<i32>, tensor<f32>) {
  ^bb0(%i : tensor<i32>, %s : tensor<f32>):
    %more = ivy.greater(%i, %n) : (tensor<i32>, tensor<i32>) -> tensor<i1>
    // CHECK: ivy.yield %more : tensor<i1>
    ivy.yield %more : tensor<i1>
  // CHECK-NEXT: } do {
  } do {
  ^bb1(%j : tensor<i32>, %t : tensor<f32>):
    %u = ivy.exp(%t) : (tensor<f32>) -> tensor<f32>
    // CHECK: ivy.yield %j, %u : tensor<i32>, tensor<f32>
    ivy.yield %j, %u : tensor<i32>, tensor<f32>
  }
  func.return %last, %y : tensor<i32>, tensor<f32>
}

// CHECK-LABEL: func.func @scans
func.func @scans(%n : index, %x : tensor<4xf32>, %zero : tensor<f32>) -> tensor<4xf32> {
  // CHECK-NEXT: ivy.scan reverse %n carry(%zero : tensor<f32>) over(%x : tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>) {
  %total, %sums = ivy.scan reverse %n carry(%zero : tensor<f32>) over(%x : tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>) {
  ^bb0(%sum : tensor<f32>, %element : tensor<f32>):
    %next = ivy.add(%sum, %element) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    // CHECK: ivy.yield %next, %next : tensor<f32>, tensor<f32>
    ivy.yield %next, %next : tensor<f32>, tensor<f32>
  }
  // CHECK: ivy.scan %n carry() over() -> (tensor<?xf32>) {
  %same = ivy.scan %n carry() over() -> (tensor<?xf32>) {
    ivy.yield %zero : tensor<f32>
  }
  func.return %sums : tensor<4xf32>
}
