/* SPDX-License-Identifier: BSD-2-Clause */
/* Assembled for RISC-V: one instruction in each 4 bytes. */
#define INSN(text, ...) __asm__(".section .insns\n.balign 4\n" text "\n.balign 4\n");
#define FP_INSN         INSN
#include "insns.h"
#define STORE    INSN
#define FP_STORE INSN
#include "stores.h"
