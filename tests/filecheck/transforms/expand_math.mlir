// RUN: mlgraph-opt %s -p expand-math | filecheck %s
// RUN: mlgraph-opt %s -p 'expand-math{common=true}' | filecheck %s --check-prefix=COMMON

// CHECK-LABEL: @rsqrt
func.func @rsqrt(%x: f32) -> f32 {
  // CHECK-NEXT: %[[ROOT:.*]] = math.sqrt %x : f32
  // CHECK-NEXT: %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
  // CHECK-NEXT: %[[R:.*]] = arith.divf %[[ONE]], %[[ROOT]] : f32
  // CHECK-NEXT: func.return %[[R]] : f32
  %r = math.rsqrt %x : f32
  func.return %r : f32
}

// Of common operands alone, the function tells where one is none.
// COMMON-LABEL: @sin
// COMMON:         %[[A:.*]] = math.absf %x : f64
// COMMON:         %[[RARE:.*]] = arith.cmpf ogt, %[[A]], %{{.*}} : f64
// COMMON-NEXT:    kernel.rare %[[RARE]]
// COMMON-NOT:     arith.muli
// COMMON:         func.return
func.func @sin(%x: f64) -> f64 {
  %r = math.sin %x : f64
  func.return %r : f64
}

// One of the operations that LLVM has an instruction for stays.
// CHECK-LABEL: @floor
func.func @floor(%x: f64) -> f64 {
  // CHECK-NEXT: math.floor %x : f64
  %r = math.floor %x : f64
  func.return %r : f64
}

// A function is arithmetic of its own type, and selects for what is not finite.
// CHECK-LABEL: @log
func.func @log(%x: f64) -> f64 {
  // CHECK-NOT: math.log
  // CHECK-NOT: f32
  // CHECK: arith.shrui {{.*}} : i64
  // CHECK: math.fma {{.*}} : f64
  // CHECK: arith.select {{.*}} : f64
  %r = math.log %x : f64
  func.return %r : f64
}

// Where float32 has too few digits it is computed in float64.
// CHECK-LABEL: @erfc
func.func @erfc(%x: f32) -> f32 {
  // CHECK-NEXT: arith.extf %x : f32 to f64
  // CHECK: arith.truncf {{.*}} : f64 to f32
  // CHECK-NEXT: func.return
  %r = scalar.erfc %x : f32
  func.return %r : f32
}
