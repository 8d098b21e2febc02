// RUN: mlgraph-opt %s -p 'lower-kernel-to-llvm' | filecheck %s

// Elements are taken in strips. The state of the loop is in a buffer, which each round of two steps reads and writes;
// the step that is left over follows.

// CHECK:       llvm.func @kernel_0_loop
// CHECK:         llvm.alloca
// CHECK:         llvm.call_intrinsic "llvm.smin.i64"
// CHECK:         llvm.fmul
// CHECK-NEXT:    llvm.fmul
// CHECK-NEXT:    llvm.getelementptr
// CHECK-NEXT:    llvm.store
// CHECK:         llvm.fmul
// CHECK-NEXT:    llvm.getelementptr
// CHECK-NEXT:    llvm.store
// CHECK:         llvm.return
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
  %y = kernel.fused @kernel_0(%x) : (tensor<?xf32>) -> tensor<?xf32> {
  ^bb0(%x_1: f32):
    %0 = arith.constant 0 : i64
    %1 = arith.constant 1 : i64
    %2 = arith.constant 3 : i64
    %s = scf.for %i = %0 to %2 step %1 iter_args(%a = %x_1) -> (f32) : i64 {
      %p = arith.mulf %a, %a : f32
      scf.yield %p : f32
    }
    kernel.yield %s : f32
  }
  func.return %y : tensor<?xf32>
}
func.func private @kernel_0(%x: tensor<?xf32>) -> tensor<?xf32> {
  func.return %x : tensor<?xf32>
}
