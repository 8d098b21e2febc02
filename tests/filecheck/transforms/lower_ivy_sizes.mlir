// RUN: mlgraph-opt %s -p 'lower-ivy{to=torch}' | filecheck %s --check-prefix=TORCH
// RUN: mlgraph-opt %s -p 'lower-ivy{to=tensorflow}' | filecheck %s --check-prefix=TENSORFLOW

// Sizes are read off an array, and computed with Python's operators.

func.func @main(%x : tensor<?x4xf32>) -> tensor<?x2xf32> {
  %n = ivy.dim(%x, axis = 0) : (tensor<?x4xf32>) -> index
  %two = arith.constant 2 : index
  %m = arith.muli %n, %two : index
  %0 = ivy.reshape(%x, shape = [%m, 2]) : (tensor<?x4xf32>, index) -> tensor<?x2xf32>
  func.return %0 : tensor<?x2xf32>
}

// TORCH-LABEL: func.func @main
// TORCH-NEXT: %0 = torch.call @builtins.getattr(%x, "shape")
// TORCH-NEXT: %n = torch.call @operator.getitem(%0, 0) : (!backend.value) -> index
// TORCH-NEXT: %two = arith.constant 2 : index
// TORCH-NEXT: %m = torch.call @operator.mul(%n, %two) : (index, index) -> index
// TORCH-NEXT: torch.call @torch.reshape(%x, (%m, 2)) : (tensor<?x4xf32>, index) -> tensor<?x2xf32>

// TENSORFLOW-LABEL: func.func @main
// TENSORFLOW-NEXT: %0 = tensorflow.call @tensorflow.shape(%x)
// TENSORFLOW-NEXT: %n = tensorflow.call @operator.getitem(%0, 0) : (!backend.value) -> index
// TENSORFLOW: tensorflow.call @tensorflow.reshape(%x, (%m, 2)) : (tensor<?x4xf32>, index) -> tensor<?x2xf32>
