// RUN: mlgraph-opt %s | mlgraph-opt | filecheck %s

// CHECK-LABEL: @functions
func.func @functions(%x: f32, %y: f64) -> (f32, f64) {
  // CHECK-NEXT: %a = scalar.erfc %x : f32
  %a = scalar.erfc %x : f32
  // CHECK-NEXT: %b = scalar.sigmoid %y : f64
  %b = scalar.sigmoid %y : f64
  func.return %a, %b : f32, f64
}
