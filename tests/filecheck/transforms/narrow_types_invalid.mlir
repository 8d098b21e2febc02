// RUN: not mlgraph-opt %s -p narrow-types 2>&1 | filecheck %s

// CHECK: the constant 4294967296 does not fit into int32
// CHECK-NEXT: at: f.py:3
// CHECK-NEXT: why: jax runs without 64-bit types
func.func @large(%x: tensor<?xi64>) -> tensor<?xi64> {
  %n = constant.literal dense<4294967296> : tensor<i64> loc("f.py":3:4)
  %y = ivy.add(%x, %n) : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
  func.return %y : tensor<?xi64>
}
