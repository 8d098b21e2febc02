// RUN: mlgraph-opt %s -p narrow-types | filecheck %s

// CHECK-LABEL: @types
// CHECK-SAME: (%x: tensor<?xf32>) -> tensor<?xi32>
func.func @types(%x: tensor<?xf64>) -> tensor<?xi64> {
  // CHECK-NEXT: ivy.cast(%x, dtype = int32) : (tensor<?xf32>) -> tensor<?xi32>
  %n = ivy.cast(%x, dtype = int64) : (tensor<?xf64>) -> tensor<?xi64>
  // CHECK-NEXT: constant.literal dense<7> : tensor<i32>
  %seven = constant.literal dense<7> : tensor<i64>
  // CHECK-NEXT: ivy.add({{.*}}) : (tensor<?xi32>, tensor<i32>) -> tensor<?xi32>
  %sum = ivy.add(%n, %seven) : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
  func.return %sum : tensor<?xi64>
}

// CHECK-LABEL: @already_narrow
func.func @already_narrow(%x: tensor<2xi8>) -> tensor<2xi8> {
  // CHECK-NEXT: func.return %x : tensor<2xi8>
  func.return %x : tensor<2xi8>
}

// The result of an operation that always gives int64 is cast.
// CHECK-LABEL: @wide_row
func.func @wide_row(%m: tensor<?xi1>) -> tensor<?x1xi64> {
  // CHECK-NEXT: %p = ivy.nonzero(%m) : (tensor<?xi1>) -> tensor<?x1xi64>
  // CHECK-NEXT: %[[P:.*]] = ivy.cast(%p, dtype = int32) : (tensor<?x1xi64>) -> tensor<?x1xi32>
  // CHECK-NEXT: func.return %[[P]] : tensor<?x1xi32>
  %p = ivy.nonzero(%m) : (tensor<?xi1>) -> tensor<?x1xi64>
  func.return %p : tensor<?x1xi64>
}
