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
