// RUN: mlgraph-opt %s -p canonicalize | filecheck %s

// A cast that keeps every number may be skipped; one that rounds may not.

// CHECK-LABEL: func.func @own
// CHECK-NEXT: func.return %x : tensor<2xf32>
func.func @own(%x : tensor<2xf32>) -> tensor<2xf32> {
  %0 = ivy.cast(%x, dtype = float32) : (tensor<2xf32>) -> tensor<2xf32>
  func.return %0 : tensor<2xf32>
}

// CHECK-LABEL: func.func @there_and_back
// CHECK-NEXT: func.return %x : tensor<2xbf16>
func.func @there_and_back(%x : tensor<2xbf16>) -> tensor<2xbf16> {
  %0 = ivy.cast(%x, dtype = float32) : (tensor<2xbf16>) -> tensor<2xf32>
  %1 = ivy.cast(%0, dtype = bfloat16) : (tensor<2xf32>) -> tensor<2xbf16>
  func.return %1 : tensor<2xbf16>
}

// CHECK-LABEL: func.func @widened
// CHECK-NEXT: %{{.*}} = ivy.cast(%x, dtype = float64) : (tensor<2xf16>) -> tensor<2xf64>
// CHECK-NEXT: func.return
func.func @widened(%x : tensor<2xf16>) -> tensor<2xf64> {
  %0 = ivy.cast(%x, dtype = float32) : (tensor<2xf16>) -> tensor<2xf32>
  %1 = ivy.cast(%0, dtype = float64) : (tensor<2xf32>) -> tensor<2xf64>
  func.return %1 : tensor<2xf64>
}

// CHECK-LABEL: func.func @rounded
// CHECK-NEXT: ivy.cast(%x, dtype = float16)
// CHECK-NEXT: ivy.cast(%{{.*}}, dtype = float32)
// CHECK-NEXT: ivy.cast(%i, dtype = float64)
// CHECK-NEXT: ivy.cast(%{{.*}}, dtype = int64)
func.func @rounded(%x : tensor<2xf32>, %i : tensor<2xi64>) -> (tensor<2xf32>, tensor<2xi64>) {
  %0 = ivy.cast(%x, dtype = float16) : (tensor<2xf32>) -> tensor<2xf16>
  %1 = ivy.cast(%0, dtype = float32) : (tensor<2xf16>) -> tensor<2xf32>
  %2 = ivy.cast(%i, dtype = float64) : (tensor<2xi64>) -> tensor<2xf64>
  %3 = ivy.cast(%2, dtype = int64) : (tensor<2xf64>) -> tensor<2xi64>
  func.return %1, %3 : tensor<2xf32>, tensor<2xi64>
}
