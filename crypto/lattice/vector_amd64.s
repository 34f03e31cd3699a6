#include "textflag.h"

// butterfly, after Harvey (arXiv:1205.2926): X, Y in [0, 4q) become X + W Y and X - W Y in [0, 4q), modulo q.
// Wp = floor(W 2^52 / q). Z31 = q, Z30 = 2q, Z29 = 2^52 - q, Z28 = 2^52 - 1. Changes Z20 to Z22.
#define BUTTERFLY(X, Y, W, Wp) \
	VPSUBQ       Z30, X, Z20   \
	VPMINUQ      Z20, X, X     \
	VPXORQ       Z21, Z21, Z21 \
	VPMADD52HUQ  Wp, Y, Z21    \
	VPXORQ       Z22, Z22, Z22 \
	VPMADD52LUQ  W, Y, Z22     \
	VPMADD52LUQ  Z29, Z21, Z22 \
	VPANDQ       Z28, Z22, Z22 \
	VPADDQ       Z30, X, Y     \
	VPADDQ       Z22, X, X     \
	VPSUBQ       Z22, Y, Y

// reduce brings V from [0, 4q) to [0, q). Changes Z20.
#define REDUCE(V) \
	VPSUBQ  Z30, V, Z20 \
	VPMINUQ Z20, V, V   \
	VPSUBQ  Z31, V, Z20 \
	VPMINUQ Z20, V, V

// func nttIFMA(p *uint64, n uint64, w, wp, tail *uint64, q uint64)
TEXT ·nttIFMA(SB), NOSPLIT, $0-48
	MOVQ p+0(FP), DI
	MOVQ n+8(FP), SI
	MOVQ w+16(FP), R8
	MOVQ wp+24(FP), R9
	MOVQ tail+32(FP), R10
	MOVQ q+40(FP), AX
	VPBROADCASTQ AX, Z31
	MOVQ $0x10000000000000, BX
	SUBQ AX, BX
	VPBROADCASTQ BX, Z29
	ADDQ AX, AX
	VPBROADCASTQ AX, Z30
	MOVQ $0xFFFFFFFFFFFFF, BX
	VPBROADCASTQ BX, Z28

	// Stages with distance t >= 8: whole vectors under one root.
	MOVQ $1, R11  // m, the number of blocks
	MOVQ SI, R12
	SHRQ $1, R12  // t

stage:
	CMPQ R12, $8
	JLT  last
	XORQ R13, R13 // block
	MOVQ DI, AX   // X

block:
	LEAQ (R11)(R13*1), DX
	VPBROADCASTQ (R8)(DX*8), Z1
	VPBROADCASTQ (R9)(DX*8), Z2
	LEAQ (AX)(R12*8), BX // Y
	MOVQ R12, CX
	SHRQ $3, CX

inner:
	VMOVDQU64 (AX), Z3
	VMOVDQU64 (BX), Z4
	BUTTERFLY(Z3, Z4, Z1, Z2)
	VMOVDQU64 Z3, (AX)
	VMOVDQU64 Z4, (BX)
	ADDQ $64, AX
	ADDQ $64, BX
	DECQ CX
	JNZ  inner

	MOVQ BX, AX
	INCQ R13
	CMPQ R13, R11
	JLT  block
	SHLQ $1, R11
	SHRQ $1, R12
	JMP  stage

last:
	// Stages with t = 4, 2, 1 on sixteen values at a time, in registers. The roots in tail follow the order of blocks that the
	// shuffles leave behind: 0 1 for t = 4; 0 2 1 3 for t = 2; 0 1 4 5 2 3 6 7 for t = 1.
	MOVQ SI, CX
	SHRQ $4, CX

sixteen:
	VMOVDQU64  (DI), Z0
	VMOVDQU64  64(DI), Z1
	VSHUFI64X2 $0x44, Z1, Z0, Z3
	VSHUFI64X2 $0xEE, Z1, Z0, Z4
	VMOVDQU64  (R10), Z5
	VMOVDQU64  64(R10), Z6
	BUTTERFLY(Z3, Z4, Z5, Z6)
	VSHUFI64X2 $0x88, Z4, Z3, Z0
	VSHUFI64X2 $0xDD, Z4, Z3, Z1
	VMOVDQU64  128(R10), Z5
	VMOVDQU64  192(R10), Z6
	BUTTERFLY(Z0, Z1, Z5, Z6)
	VPUNPCKLQDQ Z1, Z0, Z3
	VPUNPCKHQDQ Z1, Z0, Z4
	VMOVDQU64  256(R10), Z5
	VMOVDQU64  320(R10), Z6
	BUTTERFLY(Z3, Z4, Z5, Z6)
	REDUCE(Z3)
	REDUCE(Z4)
	VPUNPCKLQDQ Z4, Z3, Z0
	VPUNPCKHQDQ Z4, Z3, Z1
	VSHUFI64X2 $0x88, Z1, Z0, Z3
	VSHUFI64X2 $0xDD, Z1, Z0, Z4
	VSHUFI64X2 $0xD8, Z3, Z3, Z3
	VSHUFI64X2 $0xD8, Z4, Z4, Z4
	VMOVDQU64  Z3, (DI)
	VMOVDQU64  Z4, 64(DI)
	ADDQ $128, DI
	ADDQ $384, R10
	DECQ CX
	JNZ  sixteen
	VZEROUPPER
	RET

// func dotAVX512(c *uint32, s *int32, n uint64) uint32
TEXT ·dotAVX512(SB), NOSPLIT, $0-28
	MOVQ c+0(FP), DI
	MOVQ s+8(FP), SI
	MOVQ n+16(FP), CX
	SHRQ $6, CX
	VPXORQ Z0, Z0, Z0
	VPXORQ Z1, Z1, Z1
	VPXORQ Z2, Z2, Z2
	VPXORQ Z3, Z3, Z3

dot:
	VMOVDQU32 (DI), Z4
	VMOVDQU32 64(DI), Z5
	VMOVDQU32 128(DI), Z6
	VMOVDQU32 192(DI), Z7
	VPMULLD   (SI), Z4, Z4
	VPMULLD   64(SI), Z5, Z5
	VPMULLD   128(SI), Z6, Z6
	VPMULLD   192(SI), Z7, Z7
	VPADDD    Z4, Z0, Z0
	VPADDD    Z5, Z1, Z1
	VPADDD    Z6, Z2, Z2
	VPADDD    Z7, Z3, Z3
	ADDQ      $256, DI
	ADDQ      $256, SI
	DECQ      CX
	JNZ       dot
	VPADDD    Z1, Z0, Z0
	VPADDD    Z3, Z2, Z2
	VPADDD    Z2, Z0, Z0
	VEXTRACTI64X4 $1, Z0, Y1
	VPADDD    Y1, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPADDD    X1, X0, X0
	VPSRLDQ   $8, X0, X1
	VPADDD    X1, X0, X0
	VPSRLDQ   $4, X0, X1
	VPADDD    X1, X0, X0
	MOVQ      X0, AX
	MOVL      AX, ret+24(FP)
	VZEROUPPER
	RET

// func unpackVBMI(dst *uint64, src *byte, groups uint64, q uint64, index *[64]byte, shift *[8]uint64) (bad uint64)
TEXT ·unpackVBMI(SB), NOSPLIT, $0-56
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ groups+16(FP), CX
	MOVQ q+24(FP), AX
	MOVQ index+32(FP), R8
	MOVQ shift+40(FP), R9
	VPBROADCASTQ AX, Z31
	VMOVDQU64 (R8), Z30
	VMOVDQU64 (R9), Z29
	MOVQ $0x3FFFFFFFFFFFF, BX // 50 bits: also the mask of the 50 bytes of a group
	VPBROADCASTQ BX, Z28
	KMOVQ BX, K1
	KXORQ K3, K3, K3

group:
	VMOVDQU8.Z (SI), K1, Z0
	VPERMB     Z0, Z30, Z1
	VPSRLVQ    Z29, Z1, Z1
	VPANDQ     Z28, Z1, Z1
	VPCMPUQ    $5, Z31, Z1, K2 // not below q
	KORQ       K2, K3, K3
	VMOVDQU64  Z1, (DI)
	ADDQ $50, SI
	ADDQ $64, DI
	DECQ CX
	JNZ  group
	KMOVQ K3, AX
	MOVQ AX, bad+48(FP)
	VZEROUPPER
	RET
