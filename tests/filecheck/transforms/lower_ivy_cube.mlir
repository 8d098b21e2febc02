// RUN: mlgraph-opt %s -p 'lower-ivy{to=torch},dce' | filecheck %s

// The product of three is one pass over memory in torch, where nothing else needs the square.
// CHECK-LABEL: func.func @cube
// CHECK-NEXT: %{{.*}} = torch.call @torch.pow(%x, 3)
// CHECK-NEXT: func.return
func.func @cube(%x : tensor<?xf32>) -> tensor<?xf32> {
  %0 = ivy.multiply(%x, %x) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %1 = ivy.multiply(%0, %x) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  func.return %1 : tensor<?xf32>
}

// CHECK-LABEL: func.func @no_cube
// CHECK-NOT: torch.pow
func.func @no_cube(%x : tensor<?xf32>, %y : tensor<?xf32>, %i : tensor<?xi32>) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xi32>) {
  %0 = ivy.multiply(%x, %x) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %1 = ivy.multiply(%0, %y) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %2 = constant.literal dense<2.0> : tensor<f32>
  %3 = ivy.multiply(%y, %2) : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  %4 = ivy.multiply(%3, %y) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %5 = ivy.multiply(%i, %i) : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  %6 = ivy.multiply(%5, %i) : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  func.return %1, %4, %6 : tensor<?xf32>, tensor<?xf32>, tensor<?xi32>
}
