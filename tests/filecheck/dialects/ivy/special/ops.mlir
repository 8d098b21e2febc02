// RUN: mlgraph-opt %s | mlgraph-opt | filecheck %s

// CHECK-LABEL: func.func @functions
func.func @functions(%x : tensor<?x3xf64>, %a : tensor<f64>) -> tensor<?x3xf64> {
  // CHECK-NEXT: ivy.cbrt(%x) : (tensor<?x3xf64>) -> tensor<?x3xf64>
  %0 = ivy.cbrt(%x) : (tensor<?x3xf64>) -> tensor<?x3xf64>
  // CHECK-NEXT: ivy.gammainc(%a, %x) : (tensor<f64>, tensor<?x3xf64>) -> tensor<?x3xf64>
  %1 = ivy.gammainc(%a, %x) : (tensor<f64>, tensor<?x3xf64>) -> tensor<?x3xf64>
  func.return %1 : tensor<?x3xf64>
}
