// RUN: mlgraph-opt %s -p 'masks-to-where,dce' | filecheck %s

// CHECK-LABEL: @total
// CHECK-NEXT: %[[ZERO:.*]] = constant.literal dense<0.0> : tensor<f32>
// CHECK-NEXT: %[[CHOSEN:.*]] = ivy.where(%mask, %x, %[[ZERO]])
// CHECK-NEXT: ivy.sum(%[[CHOSEN]], axis = [0, 1]) : (tensor<?x?xf32>) -> tensor<f32>
func.func @total(%x: tensor<?x?xf32>, %mask: tensor<?x?xi1>) -> tensor<f32> {
  %places = ivy.nonzero(%mask) : (tensor<?x?xi1>) -> tensor<?x2xi64>
  %0 = ivy.slice(%places, starts = [0, 0], stops = [9223372036854775807, 1], steps = [1, 1]) : (tensor<?x2xi64>) -> tensor<?x1xi64>
  %i = ivy.squeeze(%0, axis = [1]) : (tensor<?x1xi64>) -> tensor<?xi64>
  %1 = ivy.slice(%places, starts = [0, 1], stops = [9223372036854775807, 2], steps = [1, 1]) : (tensor<?x2xi64>) -> tensor<?x1xi64>
  %j = ivy.squeeze(%1, axis = [1]) : (tensor<?x1xi64>) -> tensor<?xi64>
  %chosen = ivy.index(%x, indices = [%i, %j], axes = [0, 1]) : (tensor<?x?xf32>, tensor<?xi64>, tensor<?xi64>) -> tensor<?xf32>
  %sum = ivy.sum(%chosen) : (tensor<?xf32>) -> tensor<f32>
  func.return %sum : tensor<f32>
}

// What is not selected is computed with 1, which suits every operation of the chain, and not kept.
// CHECK-LABEL: @logarithm
// CHECK-NEXT: %[[OVER:.*]] = ivy.expand_dims(%mask, axis = [-1])
// CHECK-NEXT: %[[ONE:.*]] = constant.literal dense<1.0> : tensor<f32>
// CHECK-NEXT: %[[SAFE:.*]] = ivy.where(%[[OVER]], %x, %[[ONE]])
// CHECK-NEXT: %[[LOG:.*]] = ivy.log(%[[SAFE]])
// CHECK-NEXT: %[[AGAIN:.*]] = ivy.expand_dims(%mask, axis = [-1])
// CHECK-NEXT: ivy.where(%[[AGAIN]], %[[LOG]], %x)
func.func @logarithm(%x: tensor<?x3xf32>, %mask: tensor<?xi1>) -> tensor<?x3xf32> {
  %places = ivy.nonzero(%mask) : (tensor<?xi1>) -> tensor<?x1xi64>
  %i = ivy.squeeze(%places, axis = [1]) : (tensor<?x1xi64>) -> tensor<?xi64>
  %chosen = ivy.index(%x, indices = [%i], axes = [0]) : (tensor<?x3xf32>, tensor<?xi64>) -> tensor<?x3xf32>
  %log = ivy.log(%chosen) : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %put = ivy.index_put(%x, indices = [%i], %log, axes = [0]) : (tensor<?x3xf32>, tensor<?xi64>, tensor<?x3xf32>) -> tensor<?x3xf32>
  func.return %put : tensor<?x3xf32>
}

// The largest of nothing raises, and values for each true place have an order.
// CHECK-LABEL: @kept
// CHECK: ivy.max(
// CHECK: ivy.index_put(
func.func @kept(%x: tensor<?xf32>, %mask: tensor<?xi1>, %values: tensor<?xf32>) -> (tensor<f32>, tensor<?xf32>) {
  %places = ivy.nonzero(%mask) : (tensor<?xi1>) -> tensor<?x1xi64>
  %i = ivy.squeeze(%places, axis = [1]) : (tensor<?x1xi64>) -> tensor<?xi64>
  %chosen = ivy.index(%x, indices = [%i], axes = [0]) : (tensor<?xf32>, tensor<?xi64>) -> tensor<?xf32>
  %max = ivy.max(%chosen) : (tensor<?xf32>) -> tensor<f32>
  %put = ivy.index_put(%x, indices = [%i], %values, axes = [0]) : (tensor<?xf32>, tensor<?xi64>, tensor<?xf32>) -> tensor<?xf32>
  func.return %max, %put : tensor<f32>, tensor<?xf32>
}
