// RUN: mlgraph-opt %s | mlgraph-opt | filecheck %s

// CHECK:      %y = kernel.fused @kernel_0(%x, %b) : (tensor<?x4xf32>, tensor<4xi1>) -> tensor<?x4xf32> {
// CHECK-NEXT: ^bb0(%{{.*}}: f32, %{{.*}}: i1):
// CHECK:        kernel.yield %{{.*}} : f32
func.func @main(%x: tensor<?x4xf32>, %b: tensor<4xi1>) -> tensor<?x4xf32> {
  %y = kernel.fused @kernel_0(%x, %b) : (tensor<?x4xf32>, tensor<4xi1>) -> tensor<?x4xf32> {
  ^bb0(%e: f32, %c: i1):
    %0 = math.tanh %e : f32
    %1 = arith.select %c, %e, %0 : f32
    kernel.yield %1 : f32
  }
  func.return %y : tensor<?x4xf32>
}

// CHECK:      %w, %s = kernel.fused @kernel_1(%x) reducing ["", "mean"] over 1 : (tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x1xf32>) {
func.func @rows(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x1xf32>) {
  %w, %s = kernel.fused @kernel_1(%x) reducing ["", "mean"] over 1 : (tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x1xf32>) {
  ^bb0(%e: f32):
    %0 = math.absf %e : f32
    kernel.yield %0, %0 : f32, f32
  }
  func.return %w, %s : tensor<?x4xf32>, tensor<?x1xf32>
}

// CHECK:      %s = kernel.fused @kernel_2(%x) reducing ["any"] over 2 : (tensor<?x4xi1>) -> tensor<i1> {
func.func @whole(%x: tensor<?x4xi1>) -> tensor<i1> {
  %s = kernel.fused @kernel_2(%x) reducing ["any"] over 2 : (tensor<?x4xi1>) -> tensor<i1> {
  ^bb0(%e: i1):
    kernel.yield %e : i1
  }
  func.return %s : tensor<i1>
}
