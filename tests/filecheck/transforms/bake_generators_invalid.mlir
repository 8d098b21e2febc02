// RUN: not mlgraph-opt %s -p bake-generators 2>&1 | filecheck %s

// CHECK: generator.uniform cannot be drawn at capture
// CHECK-NEXT: at: f.py:3
// CHECK-NEXT: why: its operands n depend on an input
// CHECK-NEXT: fix: compile with include_generators=True, or fix the shape and the parameters
func.func @shape(%x : tensor<?x3xf32>) -> tensor<?xf32> {
  %n = ivy.dim(%x, axis = 0) : (tensor<?x3xf32>) -> index
  %r = generator.uniform(shape = [%n], dtype = float32) : (index) -> tensor<?xf32> loc("f.py":3:4)
  func.return %r : tensor<?xf32>
}
