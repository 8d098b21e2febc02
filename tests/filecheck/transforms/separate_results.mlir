// RUN: mlgraph-opt %s --split-input-file -p 'separate-results{to=torch}' | filecheck %s

// A result that is an input, or a view of one, is copied; one that is computed stays.
// CHECK-LABEL: func.func @main(%x: tensor<4xf32>)
// CHECK:       %tail = torch.call @operator.getitem(%x, slice(1, none, none))
// CHECK:       %sum = torch.call @torch.add(%x, 1.0)
// CHECK-NEXT:  %[[X:.*]] = torch.call @torch.clone(%x)
// CHECK-NEXT:  %[[TAIL:.*]] = torch.call @torch.clone(%tail)
// CHECK-NEXT:  func.return %[[X]], %[[TAIL]], %sum
func.func @main(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<3xf32>, tensor<4xf32>) {
  %tail = torch.call @operator.getitem(%x, slice(1, none, none)) : (tensor<4xf32>) -> tensor<3xf32>
  %sum = torch.call @torch.add(%x, 1.0) : (tensor<4xf32>) -> tensor<4xf32>
  func.return %x, %tail, %sum : tensor<4xf32>, tensor<3xf32>, tensor<4xf32>
}

// -----

// One value that is returned twice becomes two arrays; elements that an array picks are not a view.
// CHECK-LABEL: func.func @main(%x: tensor<4xf32>, %i: tensor<2xi64>)
// CHECK:       %[[SUM:.*]] = torch.call @torch.clone(%sum)
// CHECK-NEXT:  func.return %sum, %[[SUM]], %picked
func.func @main(%x: tensor<4xf32>, %i: tensor<2xi64>) -> (tensor<4xf32>, tensor<4xf32>, tensor<2xf32>) {
  %sum = torch.call @torch.add(%x, 1.0) : (tensor<4xf32>) -> tensor<4xf32>
  %picked = torch.call @operator.getitem(%x, %i) : (tensor<4xf32>, tensor<2xi64>) -> tensor<2xf32>
  func.return %sum, %sum, %picked : tensor<4xf32>, tensor<4xf32>, tensor<2xf32>
}
