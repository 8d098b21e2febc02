// RUN: mlgraph-opt %s -p canonicalize | filecheck %s

// CHECK-LABEL: func.func @decided
// CHECK-NEXT: func.return %x : tensor<2x3xf32>
func.func @decided(%x : tensor<2x3xf32>, %y : tensor<3xf32>) -> tensor<2x3xf32> {
  %true = constant.literal dense<true> : tensor<2x1xi1>
  %0 = ivy.where(%true, %x, %y) : (tensor<2x1xi1>, tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  func.return %0 : tensor<2x3xf32>
}

// What is chosen is broadcast as well.
// CHECK-LABEL: func.func @broadcast
// CHECK: ivy.where
// CHECK: ivy.where
func.func @broadcast(%x : tensor<2x3xf32>, %y : tensor<3xf32>, %z : tensor<?xf32>) -> (tensor<2x3xf32>, tensor<?xf32>) {
  %false = constant.literal dense<false> : tensor<i1>
  %many = constant.literal dense<true> : tensor<4xi1>
  %0 = ivy.where(%false, %x, %y) : (tensor<i1>, tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %1 = ivy.where(%many, %z, %z) : (tensor<4xi1>, tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  func.return %0, %1 : tensor<2x3xf32>, tensor<?xf32>
}

// CHECK-LABEL: func.func @negated
// CHECK-NEXT: %{{.*}} = ivy.where(%c, %y, %x)
func.func @negated(%c : tensor<3xi1>, %x : tensor<3xf32>, %y : tensor<3xf32>) -> tensor<3xf32> {
  %n = ivy.logical_not(%c) : (tensor<3xi1>) -> tensor<3xi1>
  %0 = ivy.where(%n, %x, %y) : (tensor<3xi1>, tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  func.return %0 : tensor<3xf32>
}

// CHECK-LABEL: func.func @masks
// CHECK-NEXT: func.return %m : tensor<3xi1>
func.func @masks(%m : tensor<3xi1>) -> tensor<3xi1> {
  %true = constant.literal dense<true> : tensor<i1>
  %false = constant.literal dense<false> : tensor<i1>
  %0 = ivy.logical_and(%true, %m) : (tensor<i1>, tensor<3xi1>) -> tensor<3xi1>
  %1 = ivy.logical_or(%0, %false) : (tensor<3xi1>, tensor<i1>) -> tensor<3xi1>
  func.return %1 : tensor<3xi1>
}
