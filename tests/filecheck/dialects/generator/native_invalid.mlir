// RUN: mlgraph-opt %s --verify-diagnostics | filecheck %s

// Text that names any other function is no draw.

%x = generator.native @os.system("true") : () -> tensor<3xf32> {
  %u = generator.uniform(shape = [3], dtype = float32) : () -> tensor<3xf32>
  ivy.yield %u : tensor<3xf32>
}

// CHECK: os.system is no draw
