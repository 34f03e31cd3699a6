// Registers of the loops. The gate at hand: AX op, R10 and R11 offsets of the labels a and b, R12 that of out, SI the next gate.
// DX the job and its keys, DI labels, R8 tables, R9 bits, BX values, R13 tweak, CX gates left.
#define BEGIN \
	MOVQ j+0(FP), DX                      \
	MOVQ gates+8(FP), SI                  \
	MOVQ count+16(FP), CX                 \
	MOVQ job_labels(DX), DI               \
	MOVQ job_values(DX), BX               \
	MOVQ job_bits(DX), R9                 \
	ADDQ (job_place+place_bit)(DX), R9    \
	MOVQ job_tables(DX), R8               \
	ADDQ (job_place+place_row)(DX), R8    \
	MOVQ (job_place+place_tweak)(DX), R13

#define FETCH \
	MOVBLZX gate_op(SI), AX               \
	MOVLQZX gate_a(SI), R10               \
	MOVLQZX gate_b(SI), R11               \
	MOVLQZX gate_out(SI), R12             \
	ADDQ $gate__size, SI                  \
	SHLQ $4, R10                          \
	SHLQ $4, R11                          \
	SHLQ $4, R12

#define NEXT \
	DECQ CX                               \
	JNZ loop                              \
	JMP done

#define END \
	MOVQ R13, (job_place+place_tweak)(DX) \
	SUBQ job_tables(DX), R8               \
	MOVQ R8, (job_place+place_row)(DX)    \
	SUBQ job_bits(DX), R9                 \
	MOVQ R9, (job_place+place_bit)(DX)
