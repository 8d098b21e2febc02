// RUN: mlgraph-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// CHECK: expected 1 operand types but had 2
func.func @types(%x : tensor<3xf32>, %y : tensor<3xf32>) -> tensor<3xf32> {
  %0 = torch.call @torch.add(%x, %y) : (tensor<3xf32>) -> tensor<3xf32>
  func.return %0 : tensor<3xf32>
}

// -----

// CHECK: 'nothing' is no literal
func.func @literal(%x : tensor<3xf32>) -> tensor<3xf32> {
  %0 = torch.call @torch.sum(%x, dim = nothing) : (tensor<3xf32>) -> tensor<3xf32>
  func.return %0 : tensor<3xf32>
}

// -----

// CHECK: expected a literal or an operand
func.func @empty(%x : tensor<3xf32>) -> tensor<3xf32> {
  %0 = torch.call @torch.sum(%x, dim = ) : (tensor<3xf32>) -> tensor<3xf32>
  func.return %0 : tensor<3xf32>
}
