#include "go_asm.h"
#include "textflag.h"
#include "kernel_amd64.h"

// As aes_amd64.s, but with four, two or one blocks to a register, the blocks of one gate side by side. Z16 to Z26 are the round keys, in every lane.
#define KEYS \
	VBROADCASTI32X4 (job_keys+0x00)(DX), Z16 \
	VBROADCASTI32X4 (job_keys+0x10)(DX), Z17 \
	VBROADCASTI32X4 (job_keys+0x20)(DX), Z18 \
	VBROADCASTI32X4 (job_keys+0x30)(DX), Z19 \
	VBROADCASTI32X4 (job_keys+0x40)(DX), Z20 \
	VBROADCASTI32X4 (job_keys+0x50)(DX), Z21 \
	VBROADCASTI32X4 (job_keys+0x60)(DX), Z22 \
	VBROADCASTI32X4 (job_keys+0x70)(DX), Z23 \
	VBROADCASTI32X4 (job_keys+0x80)(DX), Z24 \
	VBROADCASTI32X4 (job_keys+0x90)(DX), Z25 \
	VBROADCASTI32X4 (job_keys+0xa0)(DX), Z26

#define PERMUTEV(K0, K1, K2, K3, K4, K5, K6, K7, K8, K9, K10, X) \
	VPXORQ K0, X, X  \
	VAESENC K1, X, X \
	VAESENC K2, X, X \
	VAESENC K3, X, X \
	VAESENC K4, X, X \
	VAESENC K5, X, X \
	VAESENC K6, X, X \
	VAESENC K7, X, X \
	VAESENC K8, X, X \
	VAESENC K9, X, X \
	VAESENCLAST K10, X, X

#define PERMUTEX(X) PERMUTEV(X16, X17, X18, X19, X20, X21, X22, X23, X24, X25, X26, X)
#define PERMUTEY(Y) PERMUTEV(Y16, Y17, Y18, Y19, Y20, Y21, Y22, Y23, Y24, Y25, Y26, Y)
#define PERMUTEZ(Z) PERMUTEV(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z)

// TWEAKS sets Z29 to the tweaks t, t, t+1, t+1 for HIGH = 0x50, to t, t+1 in its lower half for HIGH = 0x44, and Z30 and Z31
// to steps of one and two.
#define TWEAKS(HIGH) \
	MOVL $0x55, AX               \
	KMOVW AX, K1                 \
	MOVL $HIGH, AX               \
	KMOVW AX, K2                 \
	MOVL $1, AX                  \
	VPBROADCASTQ.Z R13, K1, Z29  \
	VPBROADCASTQ.Z AX, K1, Z30   \
	VPADDQ Z30, Z29, K2, Z29     \
	VPADDQ Z30, Z30, Z31

// func garbleVAES(j *job, gates *gate, count int)
TEXT ·garbleVAES(SB), NOSPLIT, $0-24
	BEGIN
	KEYS
	TWEAKS(0x50)
	VBROADCASTI32X4 job_delta(DX), Z27
	MOVL $0xcc, AX
	KMOVW AX, K1
	VMOVDQA64.Z Z27, K1, Z28 // 0, delta, 0, delta
	MOVL $0xff00, AX
	KMOVW AX, K1 // the upper half, in words of 32 bits
	MOVL $0x0f, AX
	KMOVW AX, K2 // the lower half, in words of 64

loop:
	FETCH
	CMPL AX, $const_not
	JLT gxor
	JEQ gnot
	CMPL AX, $const_andKnown
	JEQ gknown
	JGT greveal

	VBROADCASTI32X4 (DI)(R10*1), Z0
	VMOVDQU (DI)(R10*1), X6
	VBROADCASTI32X4 (DI)(R11*1), K1, Z0
	VPSHUFD $0, Z0, Z2
	VPSLLD $31, Z2, Z2
	VPSRAD $31, Z2, Z2         // colours of a, a, b, b
	VPXORQ Z28, Z0, Z0         // a and b for 0, 1, 0, 1
	VSHUFI64X2 $0x4e, Z2, Z2, Z3
	VPANDQ.Z Z27, Z3, K2, Z3   // delta if the colour of b is 1, in the lower half
	PERMUTEZ(Z0)
	VMOVDQA64 Z0, Z1
	VPXORQ Z29, Z0, Z0
	PERMUTEZ(Z0)
	VPXORQ Z1, Z0, Z0
	VSHUFI64X2 $0xb1, Z0, Z0, Z4
	VPTERNLOGQ $0x96, Z3, Z0, Z4 // lane 0: first row, lane 2: second row without a
	VPTERNLOGQ $0x78, Z4, Z2, Z0 // lane 0: garbler's half, lane 2: evaluator's half
	VEXTRACTI32X4 $2, Z0, X5
	VPXOR X5, X0, X0
	VMOVDQU X0, (DI)(R12*1)
	VEXTRACTI32X4 $2, Z4, X5
	VPXOR X5, X6, X6
	VMOVDQU X4, (R8)
	VMOVDQU X6, 16(R8)
	VPADDQ Z31, Z29, Z29
	ADDQ $32, R8
	NEXT

gxor:
	VMOVDQU (DI)(R10*1), X0
	VPXOR (DI)(R11*1), X0, X0
	VMOVDQU X0, (DI)(R12*1)
	NEXT

gnot:
	VPXORQ (DI)(R10*1), X27, X0
	VMOVDQU X0, (DI)(R12*1)
	NEXT

gknown:
	VBROADCASTI128 (DI)(R11*1), Y0
	VMOVDQU (DI)(R10*1), X6
	VPXORQ Y28, Y0, Y0
	PERMUTEY(Y0)
	VMOVDQA Y0, Y1
	VPXORQ Y29, Y0, Y0
	PERMUTEY(Y0)
	VPXOR Y1, Y0, Y0
	VMOVDQU X0, (DI)(R12*1)
	VEXTRACTI128 $1, Y0, X1
	VPXOR X1, X0, X0
	VPXOR X6, X0, X0
	VMOVDQU X0, (R8)
	VPADDQ Z30, Z29, Z29
	ADDQ $16, R8
	NEXT

greveal:
	MOVBLZX (DI)(R10*1), AX
	ANDL $1, AX
	MOVB AX, (R9)
	INCQ R9
	NEXT

done:
	VMOVQ X29, R13
	END
	VZEROUPPER
	RET

// func evaluateVAES(j *job, gates *gate, count int)
TEXT ·evaluateVAES(SB), NOSPLIT, $0-24
	BEGIN
	KEYS
	TWEAKS(0x44)
	VPXOR Y7, Y7, Y7

loop:
	FETCH
	CMPL AX, $const_not
	JLT exor
	JEQ enot
	CMPL AX, $const_andKnown
	JEQ eknown
	JGT ereveal

	VMOVDQU (DI)(R10*1), X0
	VINSERTI128 $1, X0, Y7, Y3            // 0, a
	VINSERTI128 $1, (DI)(R11*1), Y0, Y0   // a, b
	VPSHUFD $0, Y0, Y2
	VPSLLD $31, Y2, Y2
	VPSRAD $31, Y2, Y2                    // their colours
	VPXOR (R8), Y3, Y3
	VPAND Y2, Y3, Y3                      // what the rows add to the hashes
	PERMUTEY(Y0)
	VPXOR Y0, Y3, Y3
	VPXORQ Y29, Y0, Y0
	PERMUTEY(Y0)
	VPXOR Y3, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPXOR X1, X0, X0
	VMOVDQU X0, (DI)(R12*1)
	VPADDQ Y31, Y29, Y29
	ADDQ $32, R8
	NEXT

exor:
	VMOVDQU (DI)(R10*1), X0
	VPXOR (DI)(R11*1), X0, X0
	VMOVDQU X0, (DI)(R12*1)
	SHRQ $4, R10
	SHRQ $4, R11
	SHRQ $4, R12
	MOVBLZX (BX)(R10*1), AX
	XORB (BX)(R11*1), AX
	MOVB AX, (BX)(R12*1)
	NEXT

enot:
	VMOVDQU (DI)(R10*1), X0
	VMOVDQU X0, (DI)(R12*1)
	SHRQ $4, R10
	SHRQ $4, R12
	MOVBLZX (BX)(R10*1), AX
	XORL $1, AX
	MOVB AX, (BX)(R12*1)
	NEXT

eknown:
	VMOVDQU (DI)(R10*1), X3
	VMOVDQU (DI)(R11*1), X0
	SHRQ $4, R10
	SHRQ $4, R11
	MOVBLZX (BX)(R11*1), AX
	MOVL AX, R14
	NEGL R14
	VPBROADCASTD R14, X2
	ANDB (BX)(R10*1), AX
	VPXOR (R8), X3, X3
	VPAND X2, X3, X3
	PERMUTEX(X0)
	VPXOR X0, X3, X3
	VPXORQ X29, X0, X0
	PERMUTEX(X0)
	VPXOR X3, X0, X0
	VMOVDQU X0, (DI)(R12*1)
	SHRQ $4, R12
	MOVB AX, (BX)(R12*1)
	VPADDQ Y30, Y29, Y29
	ADDQ $16, R8
	NEXT

ereveal:
	MOVBLZX (DI)(R10*1), AX
	ANDL $1, AX
	XORB (R9), AX
	MOVB AX, (R9)
	INCQ R9
	SHRQ $4, R10
	MOVB AX, (BX)(R10*1)
	NEXT

done:
	VMOVQ X29, R13
	END
	VZEROUPPER
	RET
