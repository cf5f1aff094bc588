// SPDX-License-Identifier: BSD-2-Clause
/* noise.c - CSRs and SBI calls that must change nothing for anybody. */
#include "guest.h"

/* Vectored: exceptions go to the base all the same. */
static uint64_t toggle_vector(struct hart *hart, uint64_t unused1, uint64_t unused2,
			      uint64_t unused3)
{
	(void)hart, (void)unused1, (void)unused2, (void)unused3;
	csr_write(stvec, csr_read(stvec) ^ 1);
	return 0;
}

static uint64_t write_csrs(struct hart *hart, uint64_t value, uint64_t unused1, uint64_t unused2)
{
	(void)hart, (void)unused1, (void)unused2;
	csr_write(sepc, value);
	csr_write(scause, value);
	csr_write(stval, value);
	csr_write(sip, value & 1ul << IRQ_SOFT);
	csr_write(scounteren, value);
	return csr_read(stval);
}

static uint64_t fence_i(struct hart *hart, uint64_t unused1, uint64_t unused2, uint64_t unused3)
{
	(void)hart, (void)unused1, (void)unused2, (void)unused3;
	__asm__ volatile("fence.i" ::: "memory");
	return 0;
}

static void expect(const struct hart *hart, struct sbi answer, int64_t error, const char *what)
{
	if (answer.error != error)
		broken(hart, what, answer.error, error, NULL);
}

static void call_wrongly(struct hart *hart)
{
	uint64_t any = chance();

	switch (choose(6)) {
	case 0:
		expect(hart, sbi_on(hart, SBI_BASE, 7 + choose(100), any, any, any, any, any),
		       SBI_NOT_SUPPORTED, "no function of the base extension");
		break;
	case 1:
		expect(hart, sbi_on(hart, SBI_RFENCE, 7 + choose(100), any, any, any, any, any),
		       SBI_NOT_SUPPORTED, "no function of RFENCE");
		break;
	case 2:
		/* For a hart that is not there: OpenSBI takes no notice, others refuse. */
		sbi_on(hart, SBI_RFENCE, choose(3), 1ul << 40, 0, any & -PAGE, PAGE, any);
		break;
	case 3:
		expect(hart, sbi_on(hart, SBI_HSM, 2, hart->id, any, any, any, any), SBI_OK,
		       "a hart's status");
		break;
	case 4:
		expect(hart, sbi_on(hart, SBI_HSM, 2, 1000 + any % 1000, any, any, any, any),
		       SBI_INVALID_PARAM, "no hart's status");
		break;
	case 5:
		expect(hart, sbi_on(hart, SBI_IPI, 0, 1ul << any_hart()->id, 0, any, any, any),
		       SBI_OK, "an IPI");
		break;
	}
}

void noise_step(struct hart *hart)
{
	uint64_t value = chance(), got;

	switch (choose(8)) {
	case 0 ... 1: on(hart, toggle_vector, 0, 0, 0); break;
	case 2:
		got = on(hart, write_csrs, value, 0, 0);
		if (got != value)
			broken(hart, "stval keeps all bits", got, value, NULL);
		break;
	case 3: on(hart, fence_i, 0, 0, 0); break;
	case 4: expect(hart, sbi_on(hart, SBI_TIME, 0, ~0ul, 0, 0, 0, 0), SBI_OK, "a timer"); break;
	default: call_wrongly(hart); break;
	}
}
