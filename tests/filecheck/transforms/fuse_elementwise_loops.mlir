// RUN: mlgraph-opt %s --split-input-file -p 'fuse-elementwise,cse' | filecheck %s

// A scan of elementwise steps is a loop inside the kernel; the number of the step, which nothing reads, is not kept.

// CHECK-LABEL: func.func @main
// CHECK-NEXT:    %[[Y:.*]] = kernel.fused @kernel_0(%x, %b) : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32> {
// CHECK-NEXT:    ^bb0(%[[X:.*]]: f32, %[[B:.*]]: f32):
// CHECK-NEXT:      %[[ZERO:.*]] = arith.constant 0 : i64
// CHECK-NEXT:      %[[ONE:.*]] = arith.constant 1 : i64
// CHECK-NEXT:      %[[N:.*]] = arith.constant 9 : i64
// CHECK-NEXT:      %[[S:.*]] = scf.for %{{.*}} = %[[ZERO]] to %[[N]] step %[[ONE]] iter_args(%[[A:.*]] = %[[X]]) -> (f32) : i64 {
// CHECK-NEXT:        %[[M:.*]] = arith.mulf %[[A]], %[[B]] : f32
// CHECK-NEXT:        scf.yield %[[M]] : f32
// CHECK-NEXT:      }
// CHECK-NEXT:      %[[E:.*]] = arith.addf %[[S]], %[[S]] : f32
// CHECK-NEXT:      kernel.yield %[[E]] : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %[[Y]]
// CHECK:       func.func private @kernel_0(%x: tensor<?x4xf32>, %b: tensor<4xf32>) -> tensor<?x4xf32> {
// CHECK:         ivy.scan
func.func @main(%x: tensor<?x4xf32>, %b: tensor<4xf32>) -> tensor<?x4xf32> {
  %i = constant.literal dense<0> : tensor<i32>
  %n = arith.constant 9 : index
  %0, %1 = ivy.scan %n carry(%i, %x : tensor<i32>, tensor<?x4xf32>) over() -> (tensor<i32>, tensor<?x4xf32>) {
  ^bb0(%j: tensor<i32>, %a: tensor<?x4xf32>):
    %one = constant.literal dense<1> : tensor<i32>
    %2 = ivy.add(%j, %one) : (tensor<i32>, tensor<i32>) -> tensor<i32>
    %3 = ivy.multiply(%a, %b) : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    ivy.yield %2, %3 : tensor<i32>, tensor<?x4xf32>
  }
  %4 = ivy.add(%1, %1) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  func.return %4 : tensor<?x4xf32>
}

// -----

// Steps that are no elementwise operations stay a loop outside, and so do those whose number is not known.

// CHECK-LABEL: func.func @main
// CHECK-NOT:     scf.for
// CHECK:         ivy.scan
// CHECK:         ivy.scan
func.func @main(%x: tensor<4x4xf32>, %k: index) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %n = arith.constant 9 : index
  %0 = ivy.scan %n carry(%x : tensor<4x4xf32>) over() -> (tensor<4x4xf32>) {
  ^bb0(%a: tensor<4x4xf32>):
    %1 = ivy.matmul(%a, %x) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    ivy.yield %1 : tensor<4x4xf32>
  }
  %2 = ivy.scan %k carry(%x : tensor<4x4xf32>) over() -> (tensor<4x4xf32>) {
  ^bb0(%a: tensor<4x4xf32>):
    %3 = ivy.multiply(%a, %x) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    ivy.yield %3 : tensor<4x4xf32>
  }
  func.return %0, %2 : tensor<4x4xf32>, tensor<4x4xf32>
}
