// RUN: mlgraph-opt %s --split-input-file -p 'fuse-elementwise,cse' | filecheck %s

// A chain is one kernel with two results; what reads it through another operation is a kernel of its own.

// CHECK-LABEL: func.func @main
// CHECK-NEXT:    %[[G:.*]], %[[D:.*]] = kernel.fused @kernel_0(%x, %b) : (tensor<?x4xf32>, tensor<4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
// CHECK-NEXT:    ^bb0(%{{.*}}: f32, %{{.*}}: f32):
// CHECK-NEXT:      %[[S:.*]] = arith.addf
// CHECK-NEXT:      %[[T:.*]] = math.tanh %[[S]] : f32
// CHECK-NEXT:      %[[C:.*]] = arith.constant 2.000000e+00 : f32
// CHECK-NEXT:      %[[M:.*]] = arith.mulf %[[S]], %[[C]] : f32
// CHECK-NEXT:      kernel.yield %[[T]], %[[M]] : f32, f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %[[P:.*]] = ivy.matmul(%[[G]], %w) {not_fused = "ivy.matmul is no elementwise operation"}
// CHECK-NEXT:    kernel.fused @kernel_1(%[[P]], %[[G]])
// CHECK:       func.func private @kernel_0
// CHECK-NEXT:    ivy.add
// CHECK-NEXT:    ivy.tanh
func.func @main(%x: tensor<?x4xf32>, %b: tensor<4xf32>, %w: tensor<4x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %two = constant.literal dense<2.0> : tensor<f32>
  %0 = ivy.add(%x, %b) : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %1 = ivy.tanh(%0) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %2 = ivy.matmul(%1, %w) : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
  %3 = ivy.multiply(%0, %two) : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %4 = ivy.add(%2, %1) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %5 = ivy.exp(%4) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  func.return %5, %3 : tensor<?x4xf32>, tensor<?x4xf32>
}

// -----

// float16 is rounded after each operation; one cheap operation alone stays a call; equal chains are one kernel.

// CHECK-LABEL: func.func @main
// CHECK-NEXT:    kernel.fused @kernel_0(%x)
// CHECK-NEXT:    ^bb0
// CHECK-NEXT:      arith.extf %{{.*}} : bf16 to f32
// CHECK-NEXT:      math.exp
// CHECK-NEXT:      arith.truncf %{{.*}} : f32 to bf16
// CHECK-NEXT:      arith.extf
// CHECK-NEXT:      arith.mulf
// CHECK-NEXT:      arith.truncf
// CHECK-NEXT:      kernel.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    ivy.cumulative_sum
// CHECK-NEXT:    ivy.negative
// CHECK-NEXT:    ivy.cumulative_sum
// CHECK-NEXT:    kernel.fused @kernel_0(%y)
func.func @main(%x: tensor<4xbf16>, %y: tensor<8xbf16>, %z: tensor<5xbf16>) -> (tensor<4xbf16>, tensor<5xbf16>, tensor<8xbf16>) {
  %0 = ivy.exp(%x) : (tensor<4xbf16>) -> tensor<4xbf16>
  %1 = ivy.multiply(%0, %0) : (tensor<4xbf16>, tensor<4xbf16>) -> tensor<4xbf16>
  %2 = ivy.cumulative_sum(%1, axis = 0) : (tensor<4xbf16>) -> tensor<4xbf16>
  %3 = ivy.negative(%z) : (tensor<5xbf16>) -> tensor<5xbf16>
  %4 = ivy.cumulative_sum(%3, axis = 0) : (tensor<5xbf16>) -> tensor<5xbf16>
  %5 = ivy.exp(%y) : (tensor<8xbf16>) -> tensor<8xbf16>
  %6 = ivy.multiply(%5, %5) : (tensor<8xbf16>, tensor<8xbf16>) -> tensor<8xbf16>
  func.return %2, %4, %6 : tensor<4xbf16>, tensor<5xbf16>, tensor<8xbf16>
}

// -----

// Cheap operations of smaller arrays are done again in each kernel that reads them; what others read too, and functions,
// are not.

// CHECK-LABEL: func.func @main
// CHECK-NEXT:    kernel.fused @kernel_0(%w, %s, %x)
// CHECK-NEXT:    ^bb0(%{{.*}}: bf16, %{{.*}}: f32, %{{.*}}: f32):
// CHECK-NEXT:      arith.extf %{{.*}} : bf16 to f32
// CHECK-NEXT:      arith.negf
// CHECK-NEXT:      arith.mulf
// CHECK-NEXT:      arith.addf
// CHECK-NEXT:      math.exp
// CHECK-NEXT:      kernel.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    ivy.negative(%r) {not_fused = "it is too little for a kernel"}
// CHECK-NEXT:    ivy.log(%q)
// CHECK-NEXT:    kernel.fused @kernel_1(%w, %y
// CHECK-NEXT:    ^bb0
// CHECK-NEXT:      arith.extf %{{.*}} : bf16 to f32
func.func @main(%x: tensor<?x4xf32>, %y: tensor<?x?x4xf32>, %w: tensor<4xbf16>, %s: tensor<f32>, %r: tensor<4xf32>, %q: tensor<4xf32>) -> (tensor<?x4xf32>, tensor<?x?x4xf32>, tensor<4xf32>) {
  %0 = ivy.cast(%w, dtype = float32) : (tensor<4xbf16>) -> tensor<4xf32>
  %1 = ivy.negative(%s) : (tensor<f32>) -> tensor<f32>
  %2 = ivy.multiply(%x, %0) : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %3 = ivy.add(%2, %1) : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %4 = ivy.exp(%3) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %5 = ivy.negative(%r) : (tensor<4xf32>) -> tensor<4xf32>
  %6 = ivy.log(%q) : (tensor<4xf32>) -> tensor<4xf32>
  %7 = ivy.subtract(%y, %0) : (tensor<?x?x4xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
  %8 = ivy.add(%7, %5) : (tensor<?x?x4xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
  %9 = ivy.multiply(%8, %6) : (tensor<?x?x4xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
  func.return %4, %9, %5 : tensor<?x4xf32>, tensor<?x?x4xf32>, tensor<4xf32>
}
