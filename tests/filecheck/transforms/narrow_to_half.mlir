// RUN: mlgraph-opt %s -p narrow-to-half | filecheck %s

// Sums, differences and products that are rounded to half precision are computed in it, with numbers that it holds.
// CHECK-LABEL: func.func @rounded_to_half
// CHECK:       ^bb0(%{{.*}}: bf16, %{{.*}}: bf16):
// CHECK-NEXT:    %sum = arith.addf %{{.*}}, %{{.*}} : bf16
// CHECK-NEXT:    %[[half:.*]] = arith.constant 5.000000e-01 : bf16
// CHECK-NEXT:    %scaled = arith.mulf %sum, %[[half]] : bf16
// CHECK-NEXT:    %less = arith.subf %scaled, %{{.*}} : bf16
// CHECK-NEXT:    kernel.yield %less : bf16
func.func @rounded_to_half(%x : tensor<?xbf16>, %y : tensor<?xbf16>) -> tensor<?xbf16> {
  %0 = kernel.fused @kernel_0(%x, %y) : (tensor<?xbf16>, tensor<?xbf16>) -> tensor<?xbf16> {
  ^bb0(%a : bf16, %b : bf16):
    %half = arith.constant 0.5 : f32
    %1 = arith.extf %a : bf16 to f32
    %2 = arith.extf %b : bf16 to f32
    %3 = arith.addf %1, %2 : f32
    %sum = arith.truncf %3 : f32 to bf16
    %4 = arith.extf %sum : bf16 to f32
    %5 = arith.mulf %4, %half : f32
    %scaled = arith.truncf %5 : f32 to bf16
    %6 = arith.extf %scaled : bf16 to f32
    %7 = arith.subf %6, %2 : f32
    %less = arith.truncf %7 : f32 to bf16
    kernel.yield %less : bf16
  }
  func.return %0 : tensor<?xbf16>
}

// A tenth is no half, a quotient and a function are none of the three, and what is not rounded stays single.
// CHECK-LABEL: func.func @kept_in_float32
// CHECK:       ^bb0(%{{.*}}: f16):
// CHECK-NEXT:    %{{.*}} = arith.constant 1.000000e-01 : f32
// CHECK-NEXT:    %[[x:.*]] = arith.extf %{{.*}} : f16 to f32
// CHECK-NEXT:    %{{.*}} = arith.mulf %[[x]], %{{.*}} : f32
// CHECK-NEXT:    %{{.*}} = arith.truncf
// CHECK-NEXT:    %{{.*}} = arith.divf %[[x]], %[[x]] : f32
// CHECK-NEXT:    %{{.*}} = arith.truncf
// CHECK-NEXT:    %{{.*}} = arith.addf %[[x]], %[[x]] : f32
// CHECK-NEXT:    kernel.yield
func.func @kept_in_float32(%x : tensor<?xf16>) -> (tensor<?xf16>, tensor<?xf16>, tensor<?xf32>) {
  %0, %1, %2 = kernel.fused @kernel_1(%x) : (tensor<?xf16>) -> (tensor<?xf16>, tensor<?xf16>, tensor<?xf32>) {
  ^bb0(%a : f16):
    %tenth = arith.constant 0.1 : f32
    %3 = arith.extf %a : f16 to f32
    %4 = arith.mulf %3, %tenth : f32
    %5 = arith.truncf %4 : f32 to f16
    %6 = arith.divf %3, %3 : f32
    %7 = arith.truncf %6 : f32 to f16
    %8 = arith.addf %3, %3 : f32
    kernel.yield %5, %7, %8 : f16, f16, f32
  }
  func.return %0, %1, %2 : tensor<?xf16>, tensor<?xf16>, tensor<?xf32>
}
