// RUN: mlgraph-opt %s --split-input-file -p 'fuse-elementwise,cse' | filecheck %s

// Softmax: the sum of rows ends the kernel that computes them, and what reads it is another. A bare maximum is left.

// CHECK-LABEL: func.func @main
// CHECK-NEXT:    %[[M:.*]] = ivy.max(%x, axis = [1], keepdims = true) {not_fused = "ivy.max is no elementwise operation"}
// CHECK-NEXT:    %[[E:.*]], %[[S:.*]] = kernel.fused @kernel_0(%x, %[[M]]) reducing ["", "sum"] over 1 : (tensor<?x4xf32>, tensor<?x1xf32>) -> (tensor<?x4xf32>, tensor<?x1xf32>) {
// CHECK-NEXT:    ^bb0(%{{.*}}: f32, %{{.*}}: f32):
// CHECK-NEXT:      %{{.*}} = arith.subf
// CHECK-NEXT:      %[[X:.*]] = math.exp
// CHECK-NEXT:      kernel.yield %[[X]], %[[X]] : f32, f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %[[D:.*]], %[[A:.*]] = kernel.fused @kernel_1(%[[E]], %[[S]]) reducing ["", "mean"] over 2 : (tensor<?x4xf32>, tensor<?x1xf32>) -> (tensor<?x4xf32>, tensor<f32>) {
// CHECK:         func.return %[[D]], %[[A]]
// CHECK:       func.func private @kernel_0(%x: tensor<?x4xf32>, %m: tensor<?x1xf32>) -> (tensor<?x4xf32>, tensor<?x1xf32>) {
// CHECK-NEXT:    ivy.subtract
// CHECK-NEXT:    ivy.exp
// CHECK-NEXT:    ivy.sum(%{{.*}}, axis = [1], keepdims = true)
// CHECK-NEXT:    func.return
func.func @main(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<f32>) {
  %m = ivy.max(%x, axis = [1], keepdims = true) : (tensor<?x4xf32>) -> tensor<?x1xf32>
  %0 = ivy.subtract(%x, %m) : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %1 = ivy.exp(%0) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %2 = ivy.sum(%1, axis = [1], keepdims = true) : (tensor<?x4xf32>) -> tensor<?x1xf32>
  %3 = ivy.divide(%1, %2) : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %4 = ivy.multiply(%3, %3) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %5 = ivy.mean(%4) : (tensor<?x4xf32>) -> tensor<f32>
  func.return %3, %5 : tensor<?x4xf32>, tensor<f32>
}

// -----

// Reductions over other axes than the last, or over others than the kernel's own, are left.

// CHECK-LABEL: func.func @main
// CHECK-NEXT:    kernel.fused @kernel_0(%x) reducing ["", "max", "min"] over 1 : (tensor<?x4xi32>) -> (tensor<?x4xi32>, tensor<?xi32>, tensor<?x1xi32>) {
// CHECK:         ivy.sum(%{{.*}}, axis = [0]) {not_fused = "it reduces other axes than the last ones"}
// CHECK-NEXT:    ivy.sum(%{{.*}}) {not_fused = "the kernel reduces other axes"}
func.func @main(%x: tensor<?x4xi32>) -> (tensor<?xi32>, tensor<?x1xi32>, tensor<4xi32>, tensor<i32>) {
  %0 = ivy.multiply(%x, %x) : (tensor<?x4xi32>, tensor<?x4xi32>) -> tensor<?x4xi32>
  %1 = ivy.max(%0, axis = [-1]) : (tensor<?x4xi32>) -> tensor<?xi32>
  %2 = ivy.min(%0, axis = [1], keepdims = true) : (tensor<?x4xi32>) -> tensor<?x1xi32>
  %3 = ivy.sum(%0, axis = [0]) : (tensor<?x4xi32>) -> tensor<4xi32>
  %4 = ivy.sum(%0) : (tensor<?x4xi32>) -> tensor<i32>
  func.return %1, %2, %3, %4 : tensor<?xi32>, tensor<?x1xi32>, tensor<4xi32>, tensor<i32>
}
