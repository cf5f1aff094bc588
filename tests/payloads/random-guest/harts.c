// SPDX-License-Identifier: BSD-2-Clause
/*
 * harts.c - what a hart is told to do: this one does it at once, the other by way of a letter box.
 */
#include "guest.h"

struct hart harts[2];
unsigned int hart_count = 1;

/*
 * The letter box: the count of letters sent is written by one hart, that of those done by the
 * other.
 */
static struct {
	volatile uint64_t sent, done;
	volatile bool asleep[2];
	act_fn act;
	uint64_t a, b, c, result;
} box;

#define SPINS 200 /* before a hart sleeps until it is woken by an IPI */

static char other_stack[32768] __attribute__((aligned(16)));

static inline void full_fence(void)
{
	__asm__ volatile("fence rw, rw" ::: "memory");
}

/* SSIE is set here alone, where SIE is clear: an IPI ends WFI and is not taken. */
static void sleep_until(unsigned int self, bool all_done)
{
	csr_set(sie, 1ul << IRQ_SOFT);
	for (;;) {
		box.asleep[self] = true;
		full_fence();
		if ((box.sent == box.done) == all_done)
			break;
		__asm__ volatile("wfi");
		csr_clear(sip, 1ul << IRQ_SOFT);
	}
	box.asleep[self] = false;
	csr_clear(sie, 1ul << IRQ_SOFT);
}

static void wait_until(unsigned int self, bool all_done)
{
	for (unsigned int n = 0; n < SPINS; n++)
		if ((box.sent == box.done) == all_done)
			goto met;
	sleep_until(self, all_done);
met:
	full_fence();
}

static void wake(unsigned int number)
{
	full_fence();
	if (box.asleep[number])
		sbi_call(SBI_IPI, 0, 1, harts[number].id, 0, 0, 0);
}

void post(act_fn act, uint64_t a, uint64_t b, uint64_t c)
{
	box.act = act;
	box.a = a;
	box.b = b;
	box.c = c;
	full_fence();
	box.sent++;
	wake(1);
}

uint64_t collect(void)
{
	wait_until(0, true);
	return box.result;
}

uint64_t on(struct hart *hart, act_fn act, uint64_t a, uint64_t b, uint64_t c)
{
	if (!hart->other)
		return act(hart, a, b, c);
	post(act, a, b, c);
	return collect();
}

/* Traps of this hart go by its own struct trap. */
static void settle(struct hart *hart)
{
	csr_write(sie, 0);
	csr_write(sscratch, &hart->trap);
	csr_write(stvec, probe_vector);
}

/* From probe_hart */
void other_hart(void) __attribute__((noreturn));
void other_hart(void)
{
	settle(&harts[1]);
	for (;;) {
		wait_until(1, false);
		box.result = box.act(&harts[1], box.a, box.b, box.c);
		full_fence();
		box.done++;
		wake(0);
	}
}

static uint64_t nothing(struct hart *hart, uint64_t a, uint64_t b, uint64_t c)
{
	(void)hart, (void)a, (void)b, (void)c;
	return 1;
}

/* HSM: hart_start */
void harts_start(uint64_t boot_hart, unsigned int wanted)
{
	uint64_t other = boot_hart ^ 1;

	harts[0].id = boot_hart;
	harts[1].id = other;
	harts[1].other = true;
	settle(&harts[0]);
	if (wanted < 2)
		return;
	fact_equal(sbi_call(SBI_HSM, 0, other, (uint64_t)probe_hart,
			    (uint64_t)other_stack + sizeof(other_stack), 0, 0)
			   .error,
		   SBI_OK, "the other hart starts");
	fact_equal(on(&harts[1], nothing, 0, 0, 0), 1, "it answers");
	hart_count = 2;
}

/* From probe_vector: a trap where none was tried */
void unexpected_trap(const struct trap *trap) __attribute__((noreturn));
void unexpected_trap(const struct trap *trap)
{
	const struct hart *hart = trap == &harts[1].trap ? &harts[1] : &harts[0];

	broken(hart, "a trap where none can be", trap->cause, trap->epc, NULL);
}

static uint64_t call(struct hart *hart, uint64_t a, uint64_t b, uint64_t c)
{
	const uint64_t *arg = (const uint64_t *)a;
	struct sbi *answer = (struct sbi *)b;

	(void)hart, (void)c;
	*answer = sbi_call(arg[0], arg[1], arg[2], arg[3], arg[4], arg[5], arg[6]);
	return 0;
}

struct sbi sbi_on(struct hart *hart, uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1,
		  uint64_t a2, uint64_t a3, uint64_t a4)
{
	uint64_t arg[] = { eid, fid, a0, a1, a2, a3, a4 };
	struct sbi answer;

	on(hart, call, (uint64_t)arg, (uint64_t)&answer, 0);
	return answer;
}
