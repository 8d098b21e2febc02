// RUN: mlgraph-opt %s -p 'lower-ivy{to=torch},dce' | filecheck %s

// A literal beside an array stands in the call as a Python number; one that gives the element type does not.

// CHECK-LABEL: func.func @number
// CHECK-NEXT: torch.call @torch.mul(%x, 0.5) : (tensor<3xf32>) -> tensor<3xf32>
func.func @number(%x : tensor<3xf32>) -> tensor<3xf32> {
  %half = constant.literal dense<0.5> : tensor<f32>
  %0 = ivy.multiply(%x, %half) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  func.return %0 : tensor<3xf32>
}

// CHECK-LABEL: func.func @both
// CHECK: constant.literal
// CHECK: torch.call @torch.mul(%{{.*}}, %{{.*}}) : (tensor<f32>
func.func @both() -> tensor<f32> {
  %a = constant.literal dense<0.5> : tensor<f32>
  %b = constant.literal dense<0.25> : tensor<f32>
  %0 = ivy.multiply(%a, %b) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  func.return %0 : tensor<f32>
}
