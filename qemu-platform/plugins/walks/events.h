/* SPDX-License-Identifier: GPL-2.0-or-later */
/* events.h - callbacks that show the models what the hart does, and count what no model sees. */
#ifndef WALKS_EVENTS_H
#define WALKS_EVENTS_H

#include <stdio.h>

#include "hart.h"

extern FILE *events_out; /* where regions are reported */
extern bool events_seen; /* the models see something; false: before the first block of U-mode */

#define INSN_RS1(insn) ((insn) >> 15 & 31)
#define INSN_RS2(insn) ((insn) >> 20 & 31)
#define IS_FENCE(insn) (((insn)&0x7fff) == 0x73 && fence_of((insn) >> 25) != NO_FENCE)

/* By funct7; SINVAL and HINVAL do what their FENCE does. */
enum { NO_FENCE, SFENCE_VMA, HFENCE_VVMA, HFENCE_GVMA };
int fence_of(unsigned int funct7);

/* At a block's begin, and where it comes to its second page; both have frame_of() what is executed. */
void on_fetch(unsigned int vcpu, void *frame);
void on_fetch_next(unsigned int vcpu, void *frame);
/* of: enum whose */
void on_data(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t va, void *of);
/* At what may be a handler's begin; in: enum handler */
void on_handler(unsigned int vcpu, void *in);
/* At MRET and SRET; epc: the register that they return by */
void on_return(unsigned int vcpu, void *epc);
void on_fence(unsigned int vcpu, void *instruction);
/* At a marker, whose value `source` has, and behind one that begins a region. */
void on_mark(unsigned int vcpu, void *source);
void on_resume(unsigned int vcpu, void *unused);

#endif
