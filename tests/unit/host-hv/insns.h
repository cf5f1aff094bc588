/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads and stores and what they are: the assembler encodes the text (insns.c),
 * the decoder has to find the rest again (test_decode.c).
 *
 *    text                      store  signed size reg base offset
 */
INSN("lb   x11, -5(x9)",	false, true,  1, 11,  9,    -5)
INSN("lh   x31, 2046(x1)",	false, true,  2, 31,  1,  2046)
INSN("lw   x5, -2048(x30)",	false, true,  4,  5, 30, -2048)
INSN("ld   x0, 8(x2)",		false, true,  8,  0,  2,     8)
INSN("lbu  x6, 0(x0)",		false, false, 1,  6,  0,     0)
INSN("lhu  x7, 1(x7)",		false, false, 2,  7,  7,     1)
INSN("lwu  x28, 2047(x28)",	false, false, 4, 28, 28,  2047)
INSN("sb   x11, -5(x9)",	true,  true,  1, 11,  9,    -5)
INSN("sh   x31, 2046(x1)",	true,  true,  2, 31,  1,  2046)
INSN("sw   x0, -2048(x30)",	true,  true,  4,  0, 30, -2048)
INSN("sd   x17, 31(x16)",	true,  true,  8, 17, 16,    31)
INSN("c.lw x8, 0(x15)",		false, true,  4,  8, 15,     0)
INSN("c.lw x15, 124(x8)",	false, true,  4, 15,  8,   124)
INSN("c.lw x9, 68(x10)",	false, true,  4,  9, 10,    68)
INSN("c.ld x10, 248(x11)",	false, true,  8, 10, 11,   248)
INSN("c.ld x12, 136(x13)",	false, true,  8, 12, 13,   136)
INSN("c.sw x14, 4(x8)",		true,  true,  4, 14,  8,     4)
INSN("c.sw x8, 120(x9)",	true,  true,  4,  8,  9,   120)
INSN("c.sd x9, 64(x10)",	true,  true,  8,  9, 10,    64)
INSN("c.lwsp x1, 252(x2)",	false, true,  4,  1,  2,   252)
INSN("c.lwsp x31, 36(x2)",	false, true,  4, 31,  2,    36)
INSN("c.ldsp x17, 504(x2)",	false, true,  8, 17,  2,   504)
INSN("c.ldsp x8, 72(x2)",	false, true,  8,  8,  2,    72)
INSN("c.swsp x0, 252(x2)",	true,  true,  4,  0,  2,   252)
INSN("c.swsp x30, 68(x2)",	true,  true,  4, 30,  2,    68)
INSN("c.sdsp x29, 504(x2)",	true,  true,  8, 29,  2,   504)
INSN("c.sdsp x7, 64(x2)",	true,  true,  8,  7,  2,    64)
/* Zcb, which the assembler may not know: c.lbu x9, 2(x10), c.lhu, c.lh, c.sb, c.sh */
INSN(".half 0x8124",		false, false, 1,  9, 10,     2)
INSN(".half 0x8164",		false, false, 1,  9, 10,     3)
INSN(".half 0x8524",		false, false, 2,  9, 10,     2)
INSN(".half 0x8564",		false, true,  2,  9, 10,     2)
INSN(".half 0x8964",		true,  true,  1,  9, 10,     3)
INSN(".half 0x8d24",		true,  true,  2,  9, 10,     2)
