// RUN: mlgraph-opt %s | mlgraph-opt | filecheck %s

// CHECK-LABEL: func.func @literals
func.func @literals() {
  // CHECK-NEXT: constant.literal dense<[0.1, -0.0, nan, inf, minus_inf, 1.0e-45]> : tensor<6xf32>
  %0 = constant.literal dense<[0.100000001, -0.0, nan, inf, minus_inf, 1.0e-45]> : tensor<6xf32>
  // CHECK-NEXT: constant.literal dense<{{\[\[}}1, -2], [9223372036854775807, 3]]> : tensor<2x2xi64>
  %1 = constant.literal dense<[[1, -2], [9223372036854775807, 3]]> : tensor<2x2xi64>
  // CHECK-NEXT: constant.literal dense<complex(1.0, -0.0)> : tensor<complex<f32>>
  %2 = constant.literal dense<complex(1.0, -0.0)> : tensor<complex<f32>>
  // CHECK-NEXT: constant.literal dense<[true, false]> : tensor<2xi1>
  %3 = constant.literal dense<[true, false]> : tensor<2xi1>
  func.return
}

// One element stands for all.
// CHECK-LABEL: func.func @splats
func.func @splats() {
  // CHECK-NEXT: constant.literal dense<1.5> : tensor<2x2xbf16>
  %0 = constant.literal dense<[[1.5, 1.5], [1.5, 1.5]]> : tensor<2x2xbf16>
  // CHECK-NEXT: constant.literal dense<255> : tensor<3xui8>
  %1 = constant.literal dense<255> : tensor<3xui8>
  // CHECK-NEXT: constant.literal dense<[0.0, -0.0]> : tensor<2xf64>
  %2 = constant.literal dense<[0.0, -0.0]> : tensor<2xf64>
  func.return
}

// CHECK-LABEL: func.func @names
func.func @names() {
  // CHECK-NEXT: constant.array <"mask"> : tensor<512x512xi1>
  %0 = constant.array <"mask"> : tensor<512x512xi1>
  // CHECK-NEXT: constant.parameter <"fc.weight"> : tensor<?x4xf32>
  %1 = constant.parameter <"fc.weight"> : tensor<?x4xf32>
  func.return
}
