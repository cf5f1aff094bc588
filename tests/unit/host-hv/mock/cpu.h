/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hart for the build machine, in place of host-hv/arch/cpu.h, whose include
 * guard it takes.  CSRs are variables, and SBI calls go to the test.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <stdint.h>

#define IRQ_SOFT     (1UL << 1)
#define IRQ_TIMER    (1UL << 5)
#define IRQ_EXTERNAL (1UL << 9)

struct sbiret {
	long error;
	unsigned long value;
};

extern unsigned long mock_time, mock_sip, mock_sie;
extern struct hart *mock_hart;

#define csr_read(csr)         (mock_##csr)
#define csr_write(csr, value) (mock_##csr = (value))
#define csr_clear(csr, bits)  (mock_##csr &= ~(bits))
#define csr_set(csr, bits)    (mock_##csr |= (bits))

struct sbiret sbi_call6(unsigned long eid, unsigned long fid, const unsigned long arg[6]);
#define sbi_call(eid, fid, ...) sbi_call6(eid, fid, (const unsigned long[6]){ __VA_ARGS__ })
#define sbi_call1               sbi_call

void wait_for_interrupt(void);

/* What a test does meanwhile, if it does anything. */
void mock_fenced_io(void) __attribute__((weak));
void mock_paused(void) __attribute__((weak));

static inline void fence_io(void)
{
	if (mock_fenced_io)
		mock_fenced_io();
}

static inline void hart_pause(void)
{
	if (mock_paused)
		mock_paused();
}

static inline struct hart *this_hart(void)
{
	return mock_hart;
}

#endif
