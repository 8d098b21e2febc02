// RUN: mlgraph-opt %s -p canonicalize,cse --print-debuginfo | filecheck %s

// What a pattern builds comes from the user line of the operation that it replaces; of equal operations the first stays.

// CHECK-LABEL: func.func @main
func.func @main(%x : tensor<3xf32>) -> tensor<3xf32> {
  %three = constant.literal dense<3.0> : tensor<f32> loc("f.py":1:2)
  // CHECK-NEXT: ivy.multiply(%x, %x) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32> loc("f.py":3:4)
  // CHECK-NEXT: ivy.multiply(%{{.*}}, %x) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32> loc("f.py":3:4)
  %0 = ivy.pow(%x, %three) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32> loc("f.py":3:4)
  // CHECK-NEXT: ivy.exp(%{{.*}}) : (tensor<3xf32>) -> tensor<3xf32> loc("f.py":5:6)
  %1 = ivy.exp(%0) : (tensor<3xf32>) -> tensor<3xf32> loc("f.py":5:6)
  %2 = ivy.exp(%0) : (tensor<3xf32>) -> tensor<3xf32> loc("f.py":7:8)
  // CHECK-NEXT: ivy.add(%{{.*}}) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32> loc("layer"("f.py":9:10))
  %3 = ivy.add(%1, %2) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32> loc("layer"("f.py":9:10))
  func.return %3 : tensor<3xf32>
}
