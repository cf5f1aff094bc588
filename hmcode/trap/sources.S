/* SPDX-License-Identifier: BSD-2-Clause */
/* sources.S - reads a source register of an instruction that TVM trapped: a piece of code for each. */
#include "offsets.h"
#include "trap/guest_registers.h"
#include "trap/outcome.h"

/* \name + HM_READ_SIZE * n: \to = the guest's register n, of which few are saved yet; returns to t0. */
.macro source_table name, to
	.globl	\name
\name:
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	.if \n == 2
	csrr	\to, mscratch
	.elseif \n == 5 || \n == 6 || (\n >= 10 && \n <= 15)
	ld	\to, X(\n)
	.else
	mv	\to, x\n
	.endif
	jr	t0
	.endr
	.if . - \name - 32 * HM_READ_SIZE
	.error "a piece of code is not of HM_READ_SIZE"
	.endif
.endm
	.text
	.align	2
	.option push
	.option norvc
	source_table hm_read_rs1, a1
	source_table hm_read_rs2, a2
	.option pop
