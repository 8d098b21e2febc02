// RUN: mlgraph-opt %s -p canonicalize,dce | filecheck %s

// A mask that hides nothing is no mask: places along an axis are not negative.
// CHECK-LABEL: func.func @everything
// CHECK-NEXT: %{{.*}} = ivy.attention(%q, %k, %v, scale = 0.5)
// CHECK-NEXT: func.return
func.func @everything(%q : tensor<2x?x8xf32>, %k : tensor<2x?x8xf32>, %v : tensor<2x?x8xf32>) -> tensor<2x?x8xf32> {
  %n = ivy.dim(%k, axis = 1) : (tensor<2x?x8xf32>) -> index
  %places = ivy.iota(size = [%n], dtype = int64) : (index) -> tensor<?xi64>
  %zero = constant.literal dense<0> : tensor<i64>
  %there = ivy.greater_equal(%places, %zero) : (tensor<?xi64>, tensor<i64>) -> tensor<?xi1>
  %mask = ivy.expand_dims(%there, axis = [0, 1]) : (tensor<?xi1>) -> tensor<1x1x?xi1>
  %0 = ivy.attention(%q, %k, %v, %mask, scale = 0.5) : (tensor<2x?x8xf32>, tensor<2x?x8xf32>, tensor<2x?x8xf32>, tensor<1x1x?xi1>) -> tensor<2x?x8xf32>
  func.return %0 : tensor<2x?x8xf32>
}

// The first place is not above 0.
// CHECK-LABEL: func.func @all_but_the_first
// CHECK: %{{.*}} = ivy.attention(%q, %k, %v, %{{.*}}, scale = 0.5)
func.func @all_but_the_first(%q : tensor<2x?x8xf32>, %k : tensor<2x?x8xf32>, %v : tensor<2x?x8xf32>) -> tensor<2x?x8xf32> {
  %n = ivy.dim(%k, axis = 1) : (tensor<2x?x8xf32>) -> index
  %places = ivy.iota(size = [%n], dtype = int64) : (index) -> tensor<?xi64>
  %one = constant.literal dense<1> : tensor<i64>
  %there = ivy.greater_equal(%places, %one) : (tensor<?xi64>, tensor<i64>) -> tensor<?xi1>
  %mask = ivy.expand_dims(%there, axis = [0, 1]) : (tensor<?xi1>) -> tensor<1x1x?xi1>
  %0 = ivy.attention(%q, %k, %v, %mask, scale = 0.5) : (tensor<2x?x8xf32>, tensor<2x?x8xf32>, tensor<2x?x8xf32>, tensor<1x1x?xi1>) -> tensor<2x?x8xf32>
  func.return %0 : tensor<2x?x8xf32>
}
