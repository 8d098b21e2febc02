// RUN: mlgraph-opt %s -p 'dce,drop-unused-kernels' | filecheck %s

// The function of a kernel whose result nothing reads goes with the kernel; that of another stays.

// CHECK-LABEL: func.func @main(%x: tensor<3xf32>) -> tensor<3xf32> {
func.func @main(%x : tensor<3xf32>) -> tensor<3xf32> {
  // CHECK-NEXT: kernel.fused @kernel_1(%x)
  // CHECK-NOT: kernel.fused
  %0 = kernel.fused @kernel_0(%x) : (tensor<3xf32>) -> tensor<3xf32> {
  ^bb0(%a : f32):
    %b = math.tanh %a : f32
    kernel.yield %b : f32
  }
  %1 = kernel.fused @kernel_1(%x) : (tensor<3xf32>) -> tensor<3xf32> {
  ^bb0(%a : f32):
    %b = math.exp %a : f32
    kernel.yield %b : f32
  }
  func.return %1 : tensor<3xf32>
}

// CHECK-NOT: @kernel_0
// CHECK: func.func private @kernel_1
func.func private @kernel_0(%x : tensor<3xf32>) -> tensor<3xf32> {
  %0 = ivy.tanh(%x) : (tensor<3xf32>) -> tensor<3xf32>
  func.return %0 : tensor<3xf32>
}

func.func private @kernel_1(%x : tensor<3xf32>) -> tensor<3xf32> {
  %0 = ivy.exp(%x) : (tensor<3xf32>) -> tensor<3xf32>
  func.return %0 : tensor<3xf32>
}
