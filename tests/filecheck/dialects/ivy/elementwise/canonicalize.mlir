// RUN: mlgraph-opt %s -p canonicalize | filecheck %s

// CHECK-LABEL: func.func @neutral
// CHECK-NEXT: func.return %x : tensor<?x3xf32>
func.func @neutral(%x : tensor<?x3xf32>) -> tensor<?x3xf32> {
  %one = constant.literal dense<1.0> : tensor<f32>
  %zero = constant.literal dense<0.0> : tensor<f32>
  %minus_zero = constant.literal dense<-0.0> : tensor<f32>
  %0 = ivy.multiply(%one, %x) : (tensor<f32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %1 = ivy.divide(%0, %one) : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  %2 = ivy.subtract(%1, %zero) : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  %3 = ivy.add(%2, %minus_zero) : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  %4 = ivy.pow(%3, %one) : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  func.return %4 : tensor<?x3xf32>
}

// -0.0 + 0.0 is 0.0, and -0.0 - -0.0 is too.
// CHECK-LABEL: func.func @zeros
// CHECK: ivy.add
// CHECK: ivy.subtract
func.func @zeros(%x : tensor<3xf32>) -> tensor<3xf32> {
  %zero = constant.literal dense<0.0> : tensor<f32>
  %minus_zero = constant.literal dense<-0.0> : tensor<f32>
  %0 = ivy.add(%x, %zero) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %1 = ivy.subtract(%0, %minus_zero) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  func.return %1 : tensor<3xf32>
}

// A 1 that broadcasts its operand is more than a 1, and complex numbers turn zeros and infinities into others.
// CHECK-LABEL: func.func @kept
// CHECK: ivy.multiply(%x, %ones)
// CHECK: ivy.multiply(%c, %one)
func.func @kept(%x : tensor<3xf32>, %c : tensor<2xcomplex<f32>>) -> (tensor<2x3xf32>, tensor<2xcomplex<f32>>) {
  %ones = constant.literal dense<1.0> : tensor<2x1xf32>
  %one = constant.literal dense<complex(1.0, 0.0)> : tensor<complex<f32>>
  %0 = ivy.multiply(%x, %ones) : (tensor<3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  %1 = ivy.multiply(%c, %one) : (tensor<2xcomplex<f32>>, tensor<complex<f32>>) -> tensor<2xcomplex<f32>>
  func.return %0, %1 : tensor<2x3xf32>, tensor<2xcomplex<f32>>
}

// CHECK-LABEL: func.func @powers
// CHECK-NEXT: %{{.*}} = ivy.multiply(%x, %x)
// CHECK-NEXT: %{{.*}} = ivy.multiply(%y, %y)
// CHECK-NEXT: %{{.*}} = ivy.multiply(%{{.*}}, %y)
func.func @powers(%x : tensor<3xf32>, %y : tensor<3xi64>) -> (tensor<3xf32>, tensor<3xi64>) {
  %two = constant.literal dense<2.0> : tensor<f32>
  %three = constant.literal dense<3> : tensor<i64>
  %0 = ivy.pow(%x, %two) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %1 = ivy.pow(%y, %three) : (tensor<3xi64>, tensor<i64>) -> tensor<3xi64>
  func.return %0, %1 : tensor<3xf32>, tensor<3xi64>
}
