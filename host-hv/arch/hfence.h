/* SPDX-License-Identifier: BSD-2-Clause */
/* hfence.h - fences of guests' translations. */
#ifndef ARCH_HFENCE_H
#define ARCH_HFENCE_H

#include <stdint.h>

/*
 * "Hypervisor Memory-Management Fence Instructions".  HFENCE.GVMA takes the GPA shifted right by 2
 * bits; HFENCE.VVMA concerns the VMID in hgatp.  The assembler is not told of H.
 */
static inline void hfence_gvma(uint64_t gpa, uint64_t vmid)
{
	__asm__ __volatile__(".insn r 0x73, 0, 0x31, x0, %0, %1" ::"r"(gpa >> 2), "r"(vmid)
			     : "memory");
}

static inline void hfence_gvma_vmid(uint64_t vmid)
{
	__asm__ __volatile__(".insn r 0x73, 0, 0x31, x0, x0, %0" ::"r"(vmid) : "memory");
}

static inline void hfence_vvma(uint64_t va, uint64_t asid)
{
	__asm__ __volatile__(".insn r 0x73, 0, 0x11, x0, %0, %1" ::"r"(va), "r"(asid) : "memory");
}

static inline void hfence_vvma_page(uint64_t va)
{
	__asm__ __volatile__(".insn r 0x73, 0, 0x11, x0, %0, x0" ::"r"(va) : "memory");
}

static inline void hfence_vvma_asid(uint64_t asid)
{
	__asm__ __volatile__(".insn r 0x73, 0, 0x11, x0, x0, %0" ::"r"(asid) : "memory");
}

static inline void hfence_vvma_all(void)
{
	__asm__ __volatile__(".insn r 0x73, 0, 0x11, x0, x0, x0" ::: "memory");
}

#endif
