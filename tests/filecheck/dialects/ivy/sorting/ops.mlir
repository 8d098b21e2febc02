// RUN: mlgraph-opt %s | mlgraph-opt | filecheck %s

// CHECK-LABEL: func.func @sorting
func.func @sorting(%x : tensor<?x5xf32>) -> (tensor<?x5xf32>, tensor<?x5xi32>, tensor<?x2xi64>) {
  // CHECK-NEXT: ivy.sort(%x, axis = 1, descending = true) : (tensor<?x5xf32>) -> tensor<?x5xf32>
  %0 = ivy.sort(%x, axis = 1, descending = true) : (tensor<?x5xf32>) -> tensor<?x5xf32>
  // CHECK-NEXT: ivy.argsort(%x, axis = 1, dtype = int32) : (tensor<?x5xf32>) -> tensor<?x5xi32>
  %1 = ivy.argsort(%x, axis = 1, dtype = int32) : (tensor<?x5xf32>) -> tensor<?x5xi32>
  // CHECK-NEXT: %values, %indices = ivy.topk(%x, k = 2, axis = 1, dtype = int64) : (tensor<?x5xf32>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %values, %indices = ivy.topk(%x, k = 2, axis = 1, dtype = int64) : (tensor<?x5xf32>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  func.return %0, %1, %indices : tensor<?x5xf32>, tensor<?x5xi32>, tensor<?x2xi64>
}
