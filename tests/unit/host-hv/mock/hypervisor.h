/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The H extension for the build machine: more CSRs as variables, and fences that are noted down.
 * It takes the include guard of host-hv/arch/hfence.h.
 */
#ifndef ARCH_HFENCE_H
#define ARCH_HFENCE_H

#include <stdint.h>

#define MOCK_CSRS(X)  \
	X(hstatus)    \
	X(hgatp)      \
	X(hedeleg)    \
	X(hideleg)    \
	X(hcounteren) \
	X(henvcfg)    \
	X(htimedelta) \
	X(hvip)       \
	X(htval)      \
	X(htinst)     \
	X(vsstatus)   \
	X(vsie)       \
	X(vstvec)     \
	X(vsscratch)  \
	X(vsepc)      \
	X(vscause)    \
	X(vstval)     \
	X(vsatp)      \
	X(vstimecmp)  \
	X(senvcfg)    \
	X(scounteren) \
	X(sstatus)    \
	X(sepc)       \
	X(scause)     \
	X(stval)      \
	X(stimecmp)   \
	X(cycle)      \
	X(instret)    \
	X(hpmcounter18)

#define MOCK_CSR(csr) extern unsigned long mock_##csr;
MOCK_CSRS(MOCK_CSR)
#undef MOCK_CSR

/* What was fenced since the test emptied it, in words. */
extern char fenced[1024];
void note_fence(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline void fence_i(void)
{
	note_fence("code");
}

static inline void hfence_gvma(uint64_t gpa, uint64_t vmid)
{
	note_fence("gpa %lx of %lx", gpa, vmid);
}

static inline void hfence_gvma_vmid(uint64_t vmid)
{
	note_fence("gpas of %lx", vmid);
}

static inline void hfence_vvma(uint64_t va, uint64_t asid)
{
	note_fence("page %lx of %lx", va, asid);
}

static inline void hfence_vvma_page(uint64_t va)
{
	note_fence("page %lx", va);
}

static inline void hfence_vvma_asid(uint64_t asid)
{
	note_fence("all of %lx", asid);
}

static inline void hfence_vvma_all(void)
{
	note_fence("all");
}

#endif
