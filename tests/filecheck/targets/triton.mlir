// RUN: mlgraph-opt %s -t triton | filecheck %s

// A row of one operand for each row of the other, numbers, a comparison of unsigned integers, and a second result.

// CHECK:       @triton.jit
// CHECK-NEXT:  def split(i, n, m, s, vector: tl.constexpr):
// CHECK:       @triton.jit(do_not_specialize=['n1_m', 'n1_s'])
// CHECK-NEXT:  def kernel_0(x_ptr, b_ptr, k_ptr, y_ptr, out_ptr, n, n1, n1_m, n1_s, b_s1, k_s0, VECTOR: tl.constexpr, INDEX: tl.constexpr, BLOCK: tl.constexpr):
// CHECK-NEXT:      i = tl.program_id(0).to(INDEX) * BLOCK + tl.arange(0, BLOCK)
// CHECK-NEXT:      mask = i < n
// CHECK-NEXT:      i0, i1 = split(i, n1, n1_m, n1_s, VECTOR)
// CHECK-NEXT:      x = tl.load(x_ptr + i, mask=mask)
// CHECK-NEXT:      b = tl.load(b_ptr + i1 * b_s1, mask=mask)
// CHECK-NEXT:      k = tl.load(k_ptr + i0 * k_s0, mask=mask).to(tl.int8)
// CHECK-NEXT:      extf = b.to(tl.float32)
// CHECK-NEXT:      addf = x + extf
// CHECK-NEXT:      divf = tl.div_rn(1.0, addf)
// CHECK-NEXT:      pow_1 = libdevice.pow(divf, tl.full((), 0.5, tl.float32))
// CHECK-NEXT:      maximumf = tl.maximum(pow_1, float("-inf"), propagate_nan=tl.PropagateNan.ALL)
// CHECK-NEXT:      large = k.to(tl.uint8) > 200
// CHECK-NEXT:      select = tl.where(large, maximumf, 0.0)
// CHECK-NEXT:      tl.store(y_ptr + i, select, mask=mask)
// CHECK-NEXT:      tl.store(out_ptr + i, large, mask=mask)
func.func @main(%x: tensor<?x4xf32>, %b: tensor<4xbf16>, %k: tensor<?x1xui8>) -> (tensor<?x4xf32>, tensor<?x4xi1>) {
  %y, %0 = kernel.fused @kernel_0(%x, %b, %k)
    : (tensor<?x4xf32>, tensor<4xbf16>, tensor<?x1xui8>) -> (tensor<?x4xf32>, tensor<?x4xi1>) {
  ^bb0(%x_1: f32, %b_1: bf16, %k_1: i8):
    %one = arith.constant 1.0 : f32
    %half = arith.constant 0.5 : f32
    %least = arith.constant 0xFF800000 : f32
    %zero = arith.constant 0.0 : f32
    %many = arith.constant -56 : i8
    %1 = arith.extf %b_1 : bf16 to f32
    %2 = arith.addf %x_1, %1 : f32
    %3 = arith.divf %one, %2 : f32
    %pow = math.powf %3, %half : f32
    %4 = arith.maximumf %pow, %least : f32
    %large = arith.cmpi ugt, %k_1, %many : i8
    %5 = arith.select %large, %4, %zero : f32
    kernel.yield %5, %large : f32, i1
  }
  func.return %y, %0 : tensor<?x4xf32>, tensor<?x4xi1>
}
