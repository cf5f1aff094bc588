// SPDX-License-Identifier: BSD-2-Clause
/*
 * A host of two harts that calls for one vCPU, or one VM, on both at the same time: each
 * call takes place before or after the other, and the pool loses nothing.
 */
#include "host.h"

#define ROUNDS 300

static uint8_t guest[16 * PAGE] __attribute__((aligned(PAGE)));
static union page page __attribute__((aligned(PAGE)));
static union page other_page __attribute__((aligned(PAGE)));
static struct hm_stats stats;
static uint8_t stack[8192] __attribute__((aligned(16)));

/* What the other hart does next: round, call and its number; then what came of it. */
static volatile uint64_t round_asked, round_done, fid, number, delay;
static volatile int64_t other_error;

OTHER_HART(other_entry, other_main);
void other_main(void)
{
	for (uint64_t last = 0;;) {
		while (round_asked == last)
			;
		full_fence();
		last = round_asked;
		for (uint64_t i = delay; i; i--)
			__asm__ volatile("");
		if (fid == HM_FID_VCPU_STATS)
			other_error =
				hm_call(fid, number, (uint64_t)&stats, sizeof(stats), 0, 0, 0).error;
		else
			other_error = hm_call(fid, number, GUEST_RAM, PAGE, 0, 0, 0).error;
		full_fence();
		round_done = last;
	}
}

static void ask(uint64_t round, uint64_t what, uint64_t of)
{
	fid = what;
	number = of;
	delay = round % 50;
	full_fence();
	round_asked = round;
	for (uint64_t i = round * 7 % 1500; i; i--)
		__asm__ volatile("");
}

static int64_t answer(uint64_t round)
{
	while (round_done != round)
		;
	full_fence();
	return other_error;
}

static bool refused(int64_t error)
{
	return error == SBI_INVALID_PARAM || error == SBI_DENIED;
}

/* Both destroy it: one does. */
static uint64_t destroy_twice(uint64_t vm, uint64_t round)
{
	uint64_t vcpu = vcpu_create(vm, &page, 32).value;
	int64_t mine, other;

	ask(round, HM_FID_VCPU_DESTROY, vcpu);
	mine = vcpu_destroy(vcpu);
	other = answer(round);
	return (!mine && refused(other)) || (refused(mine) && !other);
}

/* One runs it for the first time while the other does something to it. */
static uint64_t run_against(uint64_t vm, uint64_t round, uint64_t what)
{
	uint64_t vcpu = vcpu_create(vm, &page, 32).value, right;
	int64_t mine, other;

	run_reset(&page.run);
	ask(round, what, what == HM_FID_VM_INVALIDATE ? vm : vcpu);
	mine = exit_of(vcpu);
	other = answer(round);
	switch (what) {
	case HM_FID_VCPU_DESTROY:
		right = mine == HM_EXIT_SBI ? refused(other) : refused(mine) && !other;
		break;
	case HM_FID_VCPU_STATS: right = mine == HM_EXIT_SBI && !other; break;
	default:
		right = (mine == HM_EXIT_SBI || refused(mine)) &&
			(other == SBI_OK || refused(other)) &&
			(mine == HM_EXIT_SBI || other == SBI_OK);
	}
	vcpu_destroy(vcpu);
	return right;
}

/* A VM goes while a vCPU is made for it. */
static uint64_t create_against_destroy(uint64_t round)
{
	uint64_t vm = vm_create();
	struct sbi made;
	int64_t other;

	ask(round, HM_FID_VM_DESTROY, vm);
	made = vcpu_create(vm, &other_page, 32);
	other = answer(round);
	if (made.error)
		return made.error == SBI_INVALID_PARAM && !other;
	vcpu_destroy(made.value);
	return refused(other) && !hm_call(HM_FID_VM_DESTROY, vm, 0, 0, 0, 0, 0).error;
}

void payload(uint64_t hart)
{
	static const struct {
		uint64_t fid;
		const char *what;
	} against[] = {
		{ HM_FID_VCPU_DESTROY, "run and destroyed" },
		{ HM_FID_VCPU_STATS, "run and counted" },
		{ HM_FID_VM_INVALIDATE, "run while its memory is taken away" },
	};
	uint64_t vm, round = 0, right = 0, before = pool_free_pages();

	fact_equal(start_hart(!hart, other_entry, stack + sizeof(stack)), SBI_OK, "second hart");
	vm = vm_create();
	slot_set(vm, 0, GUEST_RAM, guest, sizeof(guest));
	*(uint32_t *)guest = ECALL;
	for (unsigned int i = 0; i < ROUNDS; i++)
		right += destroy_twice(vm, ++round);
	fact_equal(right, ROUNDS, "destroyed by both");
	for (unsigned int n = 0; n < sizeof(against) / sizeof(against[0]); n++) {
		right = 0;
		for (unsigned int i = 0; i < ROUNDS; i++)
			right += run_against(vm, ++round, against[n].fid);
		fact_equal(right, ROUNDS, against[n].what);
	}
	right = 0;
	for (unsigned int i = 0; i < ROUNDS; i++)
		right += create_against_destroy(++round);
	fact_equal(right, ROUNDS, "a vCPU made while its VM goes");
	fact_equal(hm_call(HM_FID_VM_DESTROY, vm, 0, 0, 0, 0, 0).error, SBI_OK,
		   "the VM has no vCPU left");
	fact_equal(pool_free_pages(), before, "the pool is as it was");
}
