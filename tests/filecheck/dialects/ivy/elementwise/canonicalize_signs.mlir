// RUN: mlgraph-opt %s -p canonicalize | filecheck %s

// CHECK-LABEL: func.func @twice
// CHECK-NEXT: func.return %x, %b, %i : tensor<2xf32>, tensor<2xi1>, tensor<2xi8>
func.func @twice(%x : tensor<2xf32>, %b : tensor<2xi1>, %i : tensor<2xi8>) -> (tensor<2xf32>, tensor<2xi1>, tensor<2xi8>) {
  %0 = ivy.negative(%x) : (tensor<2xf32>) -> tensor<2xf32>
  %1 = ivy.negative(%0) : (tensor<2xf32>) -> tensor<2xf32>
  %2 = ivy.logical_not(%b) : (tensor<2xi1>) -> tensor<2xi1>
  %3 = ivy.logical_not(%2) : (tensor<2xi1>) -> tensor<2xi1>
  %4 = ivy.bitwise_invert(%i) : (tensor<2xi8>) -> tensor<2xi8>
  %5 = ivy.bitwise_invert(%4) : (tensor<2xi8>) -> tensor<2xi8>
  func.return %1, %3, %5 : tensor<2xf32>, tensor<2xi1>, tensor<2xi8>
}

// CHECK-LABEL: func.func @sums
// CHECK-NEXT: %{{.*}} = ivy.subtract(%x, %y)
// CHECK-NEXT: %{{.*}} = ivy.add(%x, %y)
// CHECK-NEXT: func.return
func.func @sums(%x : tensor<2xf32>, %y : tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %m = ivy.negative(%y) : (tensor<2xf32>) -> tensor<2xf32>
  %0 = ivy.add(%m, %x) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %1 = ivy.subtract(%x, %m) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  func.return %0, %1 : tensor<2xf32>, tensor<2xf32>
}

// The negative of an unsigned integer wraps.
// CHECK-LABEL: func.func @absolute
// CHECK-NEXT: %{{.*}} = ivy.abs(%x)
// CHECK-NEXT: %{{.*}} = ivy.negative(%u)
// CHECK-NEXT: %{{.*}} = ivy.abs(%{{.*}})
// CHECK-NEXT: func.return
func.func @absolute(%x : tensor<2xf32>, %u : tensor<2xui8>) -> (tensor<2xf32>, tensor<2xui8>) {
  %0 = ivy.negative(%x) : (tensor<2xf32>) -> tensor<2xf32>
  %1 = ivy.abs(%0) : (tensor<2xf32>) -> tensor<2xf32>
  %2 = ivy.abs(%1) : (tensor<2xf32>) -> tensor<2xf32>
  %3 = ivy.negative(%u) : (tensor<2xui8>) -> tensor<2xui8>
  %4 = ivy.abs(%3) : (tensor<2xui8>) -> tensor<2xui8>
  func.return %2, %4 : tensor<2xf32>, tensor<2xui8>
}
