// RUN: mlgraph-opt %s -p cse,dce | filecheck %s

// Calls are pure, unless they say that they have an effect.

// CHECK-LABEL: func.func @pure
// CHECK-NEXT: %0 = torch.call @torch.exp(%x)
// CHECK-NEXT: %{{.*}} = torch.call @torch.add(%0, %0)
// CHECK-NEXT: func.return
func.func @pure(%x : tensor<3xf32>) -> tensor<3xf32> {
  %0 = torch.call @torch.exp(%x) : (tensor<3xf32>) -> tensor<3xf32>
  %1 = torch.call @torch.exp(%x) : (tensor<3xf32>) -> tensor<3xf32>
  %2 = torch.call @torch.sin(%x) : (tensor<3xf32>) -> tensor<3xf32>
  %3 = torch.call @torch.add(%0, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  func.return %3 : tensor<3xf32>
}

// CHECK-LABEL: func.func @effects
// CHECK-COUNT-3: torch.call effect @torch.rand
// CHECK: torch.call @torch.add(%0, %1)
func.func @effects(%rng : !backend.value) -> tensor<2xf32> {
  %0 = torch.call effect @torch.rand((2,), generator = %rng) : (!backend.value) -> tensor<2xf32>
  %1 = torch.call effect @torch.rand((2,), generator = %rng) : (!backend.value) -> tensor<2xf32>
  %2 = torch.call effect @torch.rand((2,), generator = %rng) : (!backend.value) -> tensor<2xf32>
  %3 = torch.call @torch.add(%0, %1) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  func.return %3 : tensor<2xf32>
}

// Python takes 1, 1.0 and True for equal, and 0.0 and -0.0.
// CHECK-LABEL: func.func @numbers
// CHECK-NEXT: torch.call @torch.mul(%x, 0.0)
// CHECK-NEXT: torch.call @torch.mul(%x, -0.0)
// CHECK-NEXT: torch.call @torch.mul(%x, 1)
// CHECK-NEXT: torch.call @torch.mul(%x, 1.0)
// CHECK-NEXT: torch.call @torch.mul(%x, true)
func.func @numbers(%x : tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) {
  %0 = torch.call @torch.mul(%x, 0.0) : (tensor<3xf32>) -> tensor<3xf32>
  %1 = torch.call @torch.mul(%x, -0.0) : (tensor<3xf32>) -> tensor<3xf32>
  %2 = torch.call @torch.mul(%x, 1) : (tensor<3xf32>) -> tensor<3xf32>
  %3 = torch.call @torch.mul(%x, 1.0) : (tensor<3xf32>) -> tensor<3xf32>
  %4 = torch.call @torch.mul(%x, true) : (tensor<3xf32>) -> tensor<3xf32>
  func.return %0, %1, %2, %3, %4 : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}
