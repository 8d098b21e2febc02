// RUN: mlgraph-opt %s | mlgraph-opt | filecheck %s

// Arguments are Python literals, with operands wherever they occur.

// CHECK-LABEL: func.func @arguments
func.func @arguments(%x : tensor<?x3xf32>, %y : tensor<3xf32>, %n : index) -> tensor<?x3xf32> {
  // CHECK-NEXT: torch.call @torch.add(%x, %y, alpha = 2) : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %0 = torch.call @torch.add(%x, %y, alpha = 2) : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  // CHECK-NEXT: torch.call @torch.cat([%x, %{{.*}}], dim = 0) : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %1 = torch.call @torch.cat([%x, %0], dim = 0) : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  // CHECK-NEXT: torch.call @operator.getitem(%{{.*}}, (slice(0, %n, none), none, rest, -1))
  %2 = torch.call @operator.getitem(%1, (slice(0, %n, none), none, rest, -1)) : (tensor<?x3xf32>, index) -> tensor<?x1xf32>
  // CHECK-NEXT: torch.call @torch.sum(%x, dim = (1,), keepdim = true, dtype = float32)
  %3 = torch.call @torch.sum(%x, dim = (1,), keepdim = true, dtype = float32) : (tensor<?x3xf32>) -> tensor<?x1xf32>
  // CHECK-NEXT: torch.call @torch.nn.functional.pad(%x, [1, 0], mode = "constant", value = minus_inf)
  %4 = torch.call @torch.nn.functional.pad(%x, [1, 0], mode = "constant", value = minus_inf) : (tensor<?x3xf32>) -> tensor<?x4xf32>
  // CHECK-NEXT: torch.call @torch.clamp(%x, none, @torch.inf)
  %5 = torch.call @torch.clamp(%x, none, @torch.inf) : (tensor<?x3xf32>) -> tensor<?x3xf32>
  func.return %5 : tensor<?x3xf32>
}

// An operand that occurs twice is one operand.
// CHECK-LABEL: func.func @twice
func.func @twice(%x : tensor<3xf32>) -> tensor<3xf32> {
  // CHECK-NEXT: torch.call @torch.mul(%x, %x) : (tensor<3xf32>) -> tensor<3xf32>
  %0 = torch.call @torch.mul(%x, %x) : (tensor<3xf32>) -> tensor<3xf32>
  func.return %0 : tensor<3xf32>
}

// CHECK-LABEL: func.func @results
func.func @results(%x : tensor<3xf32>, %rng : !backend.value) -> tensor<3xi64> {
  // CHECK-NEXT: %values, %indices = torch.call @torch.sort(%x) : (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xi64>)
  %values, %indices = torch.call @torch.sort(%x) : (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xi64>)
  // CHECK-NEXT: torch.call effect @torch.rand((2,), generator = %rng) : (!backend.value) -> tensor<2xf32>
  %r = torch.call effect @torch.rand((2,), generator = %rng) : (!backend.value) -> tensor<2xf32>
  func.return %indices : tensor<3xi64>
}
