// RUN: mlgraph-opt %s -p 'lower-constant{to=torch}' | filecheck %s

// Weights come from one argument, before the others; constants stay.

// CHECK-LABEL: func.func @main(%params: !backend.value, %x: tensor<3xf32>) -> tensor<3xf32> {
func.func @main(%x : tensor<3xf32>) -> tensor<3xf32> {
  // CHECK-NEXT: %fc_weight = torch.call @operator.getitem(%params, "fc.weight") : (!backend.value) -> tensor<3xf32>
  %0 = constant.parameter <"fc.weight"> : tensor<3xf32>
  // CHECK-NEXT: %mask = constant.array <"mask"> : tensor<3xf32>
  %mask = constant.array <"mask"> : tensor<3xf32>
  // CHECK-NEXT: ivy.add(%fc_weight, %mask)
  %1 = ivy.add(%0, %mask) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  func.return %1 : tensor<3xf32>
}

// CHECK-LABEL: func.func @none(%x: tensor<3xf32>) -> tensor<3xf32> {
func.func @none(%x : tensor<3xf32>) -> tensor<3xf32> {
  func.return %x : tensor<3xf32>
}
