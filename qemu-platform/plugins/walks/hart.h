/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hart.h - what the plugin `walks` knows of the hart: its registers, and what code writes by itself. */
#ifndef WALKS_HART_H
#define WALKS_HART_H

#include "../registers.h"
#include "model.h"

/* Whose registers translate an access. */
enum whose { HOST, GUEST, NOBODY };
extern struct space spaces[2];

/* Where handlers begin, by the mode that they run in. */
enum handler { IN_M, IN_HS, IN_VS, HANDLERS };

/* What generated code looks at, or writes, by itself. */
extern qemu_plugin_u64 fetched;           /* frame_of() what is executed; 0: not known */
extern qemu_plugin_u64 written;           /* a CSR was, of those that on_written() reads */
extern qemu_plugin_u64 returned;          /* the last block ended with MRET or SRET */
extern qemu_plugin_u64 resumes;           /* a begin marker was executed */
extern qemu_plugin_u64 handler[HANDLERS]; /* its first instruction */

extern uint64_t last_data; /* page_key() of what was loaded or stored last; 0: not known */

#define REGISTERS(ONE) \
	ONE(pc)        \
	ONE(priv)      \
	ONE(mstatus)   \
	ONE(mepc)      \
	ONE(sepc)      \
	ONE(mcause)    \
	ONE(mtval)     \
	ONE(mtvec)     \
	ONE(satp)      \
	ONE(scause)    \
	ONE(stval)     \
	ONE(stvec)     \
	ONE(hstatus)   \
	ONE(hgatp)     \
	ONE(vsatp)     \
	ONE(vstvec)

#define DECLARE(name) struct qemu_plugin_register *name;
extern struct registers {
	struct qemu_plugin_register *general[32];
	REGISTERS(DECLARE)
} registers;
#undef DECLARE

#define PRIV_U       0
#define PRIV_M       3
#define PRIV(priv)   ((priv)&3)
#define IS_V(priv)   ((priv) >> 2 & 1)
#define MPP(status)  ((status) >> 11 & 3)
#define MPRV(status) ((status) >> 17 & 1)
#define TVM(status)  ((status) >> 20 & 1) /* VTVM of hstatus as well */
#define MPV(status)  ((status) >> 39 & 1)
#define SPV(status)  ((status) >> 7 & 1) /* of hstatus */

/* A page of 4 KiB in a space, as one number that is not 0. */
static inline uint64_t page_key(uint64_t va, enum whose whose)
{
	return va >> PAGE_BITS << PAGE_BITS | (uint64_t)whose << 1 | 1;
}

/* Before anything else; ends the process if this QEMU lacks something. */
void make_scoreboards(void);
void on_hart(qemu_plugin_id_t id, unsigned int vcpu);

void on_written(unsigned int vcpu, void *unused);
/* The next fetch and the next load or store are looked up, whatever page they are in. */
void forget_pages(void);

#endif
