// RUN: mlgraph-opt %s -p canonicalize | filecheck %s

// CHECK-LABEL: func.func @implied
// CHECK-NEXT: %{{.*}} = ivy.add(%x, %b) : (tensor<?x3xf32>, tensor<1x3xf32>) -> tensor<?x3xf32>
// CHECK-NEXT: func.return
func.func @implied(%x : tensor<?x3xf32>, %b : tensor<1x3xf32>) -> tensor<?x3xf32> {
  %n = ivy.dim(%x, axis = 0) : (tensor<?x3xf32>) -> index
  %0 = ivy.broadcast_to(%b, shape = [%n, 3]) : (tensor<1x3xf32>, index) -> tensor<?x3xf32>
  %1 = ivy.add(%x, %0) : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  func.return %1 : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @needed
// CHECK: ivy.broadcast_to
// CHECK: ivy.add
func.func @needed(%x : tensor<1x3xf32>, %b : tensor<1x3xf32>, %n : index) -> tensor<?x3xf32> {
  %0 = ivy.broadcast_to(%b, shape = [%n, 3]) : (tensor<1x3xf32>, index) -> tensor<?x3xf32>
  %1 = ivy.add(%x, %0) : (tensor<1x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  func.return %1 : tensor<?x3xf32>
}

// CHECK-LABEL: func.func @only_one
// CHECK: ivy.broadcast_to
// CHECK-NOT: ivy.broadcast_to
// CHECK: ivy.add
func.func @only_one(%a : tensor<f32>, %b : tensor<f32>) -> tensor<2x3xf32> {
  %0 = ivy.broadcast_to(%a, shape = [2, 3]) : (tensor<f32>) -> tensor<2x3xf32>
  %1 = ivy.broadcast_to(%b, shape = [2, 3]) : (tensor<f32>) -> tensor<2x3xf32>
  %2 = ivy.add(%0, %1) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  func.return %2 : tensor<2x3xf32>
}
