/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * insn.h - the few instructions that the firmware decodes (unprivileged and privileged ISA
 * listings).
 */
#ifndef HM_INSN_H
#define HM_INSN_H

#define INSN_RD(insn)  ((insn) >> 7 & 31)
#define INSN_RS1(insn) ((insn) >> 15 & 31)
#define INSN_RS2(insn) ((insn) >> 20 & 31)

#define INSN_SFENCE_VMA(rs1, rs2) (0x12000073u | (u32)(rs2) << 20 | (u32)(rs1) << 15)
#define INSN_CSRW(csr, rs1)       ((u32)(csr) << 20 | (u32)(rs1) << 15 | 0x1073)

#define INSN_IS_SFENCE_VMA(insn) (((insn)&0xfe007fff) == INSN_SFENCE_VMA(0, 0))
#define INSN_IS_SINVAL_VMA(insn) (((insn)&0xfe007fff) == 0x16000073)

#define INSN_IS_FENCE_VMA(insn) (INSN_IS_SFENCE_VMA(insn) || INSN_IS_SINVAL_VMA(insn))

/* SYSTEM opcode with a CSR operation in funct3. */
#define INSN_IS_CSR(insn, csr)  (((insn)&0x7f) == 0x73 && ((insn)&0x3000) && (insn) >> 20 == (csr))
/* CSRRW x0, csr, rs1: the assembler's csrw. */
#define INSN_IS_CSRW(insn, csr) (((insn) & ~(31u << 15)) == INSN_CSRW(csr, 0))
/* Any of those that read it alone: CSRRS, CSRRC, CSRRSI, CSRRCI with 0. */
#define INSN_READS_CSR(insn)    (((insn)&0xfa07f) == 0x2073)
#define INSN_CSR(insn)          ((insn) >> 20)
#define INSN_CSR_OP(insn)       ((insn) >> 12 & 3)
#define INSN_CSR_SET            2
#define INSN_CSR_CLEAR          3
#define INSN_CSR_IMMEDIATE      (1u << 14)

#define INSN_IS_WFI(insn) ((insn) == 0x10500073)

#endif
