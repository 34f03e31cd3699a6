#include "go_asm.h"
#include "textflag.h"
#include "kernel_amd64.h"

// EXPAND makes round key N from the one before, in X0.
#define EXPAND(N, RCON) \
	AESKEYGENASSIST $RCON, X0, X1 \
	PSHUFD $0xff, X1, X1   \
	MOVO   X0, X2          \
	PSLLO  $4, X2          \
	PXOR   X2, X0          \
	PSLLO  $4, X2          \
	PXOR   X2, X0          \
	PSLLO  $4, X2          \
	PXOR   X2, X0          \
	PXOR   X1, X0          \
	MOVOU  X0, (16*N)(DI)

// A round of AES on blocks X0 to X3, on X0 and X2, or on X2 alone. Changes X15.
#define ROUND4(OP, N) \
	MOVOU (job_keys+16*N)(DX), X15 \
	OP X15, X0 \
	OP X15, X1 \
	OP X15, X2 \
	OP X15, X3

#define ROUND2(OP, N) \
	MOVOU (job_keys+16*N)(DX), X15 \
	OP X15, X0 \
	OP X15, X2

#define ROUND1(OP, N) \
	MOVOU (job_keys+16*N)(DX), X15 \
	OP X15, X2

#define PERMUTE(ROUND) \
	ROUND(PXOR, 0)   \
	ROUND(AESENC, 1) \
	ROUND(AESENC, 2) \
	ROUND(AESENC, 3) \
	ROUND(AESENC, 4) \
	ROUND(AESENC, 5) \
	ROUND(AESENC, 6) \
	ROUND(AESENC, 7) \
	ROUND(AESENC, 8) \
	ROUND(AESENC, 9) \
	ROUND(AESENCLAST, 10)

// MASK is all ones or all zeros, as the lowest bit of X.
#define MASK(X) \
	PSHUFD $0, X, X \
	PSLLL $31, X    \
	PSRAL $31, X

// func expandKey(k *Key, keys *[11][16]byte)
TEXT ·expandKey(SB), NOSPLIT, $0-16
	MOVQ  k+0(FP), SI
	MOVQ  keys+8(FP), DI
	MOVOU (SI), X0
	MOVOU X0, (DI)
	EXPAND(1, 0x01)
	EXPAND(2, 0x02)
	EXPAND(3, 0x04)
	EXPAND(4, 0x08)
	EXPAND(5, 0x10)
	EXPAND(6, 0x20)
	EXPAND(7, 0x40)
	EXPAND(8, 0x80)
	EXPAND(9, 0x1b)
	EXPAND(10, 0x36)
	RET

// func garbleAES(j *job, gates *gate, count int)
TEXT ·garbleAES(SB), NOSPLIT, $0-24
	BEGIN
	MOVOU job_delta(DX), X14

loop:
	FETCH
	CMPL AX, $const_not
	JLT gxor
	JEQ gnot
	CMPL AX, $const_andKnown
	JEQ gknown
	JGT greveal

	MOVOU (DI)(R10*1), X0
	MOVOU (DI)(R11*1), X2
	MOVO X0, X1
	PXOR X14, X1
	MOVO X2, X3
	PXOR X14, X3
	MOVO X0, X10 // a
	MOVO X0, X11
	MASK(X11) // its colour
	MOVO X2, X12
	MASK(X12) // that of b
	PERMUTE(ROUND4)
	MOVO X0, X4
	MOVO X1, X5
	MOVO X2, X6
	MOVO X3, X7
	MOVQ R13, X8
	PXOR X8, X0
	PXOR X8, X1
	INCQ R13
	MOVQ R13, X8
	PXOR X8, X2
	PXOR X8, X3
	INCQ R13
	PERMUTE(ROUND4)
	PXOR X4, X0
	PXOR X5, X1
	PXOR X6, X2
	PXOR X7, X3
	MOVO X14, X9
	PAND X12, X9
	PXOR X0, X1
	PXOR X9, X1 // first row
	MOVOU X1, (R8)
	PAND X11, X1
	PXOR X1, X0 // garbler's half
	PXOR X2, X3
	MOVO X3, X4
	PAND X12, X4
	PXOR X4, X2 // evaluator's half
	PXOR X10, X3 // second row
	MOVOU X3, 16(R8)
	PXOR X2, X0
	MOVOU X0, (DI)(R12*1)
	ADDQ $32, R8
	NEXT

gxor:
	MOVOU (DI)(R10*1), X0
	MOVOU (DI)(R11*1), X1
	PXOR X1, X0
	MOVOU X0, (DI)(R12*1)
	NEXT

gnot:
	MOVOU (DI)(R10*1), X0
	PXOR X14, X0
	MOVOU X0, (DI)(R12*1)
	NEXT

gknown:
	MOVOU (DI)(R11*1), X0
	MOVO X0, X2
	PXOR X14, X2
	PERMUTE(ROUND2)
	MOVO X0, X4
	MOVO X2, X6
	MOVQ R13, X8
	PXOR X8, X0
	PXOR X8, X2
	INCQ R13
	PERMUTE(ROUND2)
	PXOR X4, X0
	PXOR X6, X2
	PXOR X0, X2
	MOVOU (DI)(R10*1), X1
	PXOR X1, X2
	MOVOU X2, (R8)
	MOVOU X0, (DI)(R12*1)
	ADDQ $16, R8
	NEXT

greveal:
	MOVBLZX (DI)(R10*1), AX
	ANDL $1, AX
	MOVB AX, (R9)
	INCQ R9
	NEXT

done:
	END
	RET

// func evaluateAES(j *job, gates *gate, count int)
TEXT ·evaluateAES(SB), NOSPLIT, $0-24
	BEGIN

loop:
	FETCH
	CMPL AX, $const_not
	JLT exor
	JEQ enot
	CMPL AX, $const_andKnown
	JEQ eknown
	JGT ereveal

	MOVOU (DI)(R10*1), X0
	MOVOU (DI)(R11*1), X2
	MOVO X0, X11
	MASK(X11)
	MOVO X2, X12
	MASK(X12)
	MOVOU (R8), X4
	PAND X4, X11
	MOVOU 16(R8), X5
	PXOR X0, X5
	PAND X5, X12
	PXOR X12, X11 // what the rows add to the hashes
	PERMUTE(ROUND2)
	PXOR X0, X11
	PXOR X2, X11
	MOVQ R13, X8
	PXOR X8, X0
	INCQ R13
	MOVQ R13, X8
	PXOR X8, X2
	INCQ R13
	PERMUTE(ROUND2)
	PXOR X2, X0
	PXOR X11, X0
	MOVOU X0, (DI)(R12*1)
	ADDQ $32, R8
	NEXT

exor:
	MOVOU (DI)(R10*1), X0
	MOVOU (DI)(R11*1), X1
	PXOR X1, X0
	MOVOU X0, (DI)(R12*1)
	SHRQ $4, R10
	SHRQ $4, R11
	SHRQ $4, R12
	MOVBLZX (BX)(R10*1), AX
	XORB (BX)(R11*1), AX
	MOVB AX, (BX)(R12*1)
	NEXT

enot:
	MOVOU (DI)(R10*1), X0
	MOVOU X0, (DI)(R12*1)
	SHRQ $4, R10
	SHRQ $4, R12
	MOVBLZX (BX)(R10*1), AX
	XORL $1, AX
	MOVB AX, (BX)(R12*1)
	NEXT

eknown:
	MOVOU (DI)(R10*1), X0
	MOVOU (DI)(R11*1), X2
	SHRQ $4, R10
	SHRQ $4, R11
	MOVBLZX (BX)(R11*1), AX
	MOVQ AX, X11
	MASK(X11)
	ANDB (BX)(R10*1), AX
	MOVOU (R8), X4
	PXOR X0, X4
	PAND X4, X11
	PERMUTE(ROUND1)
	PXOR X2, X11
	MOVQ R13, X8
	PXOR X8, X2
	INCQ R13
	PERMUTE(ROUND1)
	PXOR X11, X2
	MOVOU X2, (DI)(R12*1)
	SHRQ $4, R12
	MOVB AX, (BX)(R12*1)
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
	END
	RET
