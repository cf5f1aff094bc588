// SPDX-License-Identifier: BSD-2-Clause
/*
 * A host that does anything: calls of the HM extension with arguments and run pages at
 * random, on one hart, where the answer to each is known, or on two at the same time, where
 * only what remains is.  The firmware answers each call as docs/abi.md says, changes nothing
 * else, and has all of its pool again when everything is destroyed.
 *
 * Options: seed=, rounds= (of each hart), races= (of two harts, after each 256 rounds), turns=
 * (races.c), stay= (instructions in M-mode; 0: not looked at), trace= (the first round of which
 * each call is printed before it is made).
 */
#include "host-random/host-random.h"

#define ROUNDS_BETWEEN 256 /* until everything is destroyed */

enum { HSM_START = 0, HSM_STOP = 1, HSM_STATUS = 2 };
enum { STATUS_STOPPED = 1 };

struct hart harts[HARTS];
volatile bool given_up;
static uint64_t pool_before, starts, trace_from;
static uint8_t second_stack[16384] __attribute__((aligned(16)));

/* --- what is wrong --- */

static volatile uint32_t speaking;

static const char *const argument_names[] = { "a0", "a1", "a2", "a3", "a4", "a5" };

static void note_call(const struct hart *me)
{
	note_value("hart", me->number);
	note_count("round", me->round);
	note_value("function", me->fid);
	for (unsigned int i = 0; i < ARGUMENTS; i++)
		note_value(argument_names[i], me->argument[i]);
}

void trace(const struct hart *me)
{
	if (me->round >= trace_from)
		note_call(me);
}

void violation(struct hart *me, const char *what)
{
	while (__sync_lock_test_and_set(&speaking, 1))
		;
	if (!given_up) {
		fact(false, what);
		note_call(me);
		note_value("error", me->answer.error);
		note_value("value", me->answer.value);
		note_value("instructions in M-mode", me->stay);
	}
	given_up = true;
	__sync_lock_release(&speaking);
}

void host_lost(uint64_t cause, uint64_t pc, uint64_t value);
void host_lost(uint64_t cause, uint64_t pc, uint64_t value)
{
	fact(false, "the host trapped");
	note_value("cause", cause);
	note_value("pc", pc);
	note_value("value", value);
	sbi_call(SBI_SRST, 0, 0, 1, 0, 0, 0);
}

/* --- everything is destroyed --- */

static void destroy_vcpus(struct hart *me)
{
	for (uint64_t n = 0; n < VCPUS && !given_up; n++) {
		const uint64_t a[ARGUMENTS] = { n };

		call_with(me, HM_FID_VCPU_DESTROY, a);
	}
}

static void destroy_vms(struct hart *me)
{
	for (uint64_t n = 0; n < VMS && !given_up; n++) {
		const uint64_t a[ARGUMENTS] = { n };

		call_with(me, HM_FID_VM_DESTROY, a);
	}
}

static void nothing_is_left(struct hart *me)
{
	if (harts[0].vcpus + harts[1].vcpus || harts[0].vms + harts[1].vms)
		violation(
			me,
			"there are more or fewer VMs or vCPUs than were created and not destroyed");
	if (pool_free_pages() != pool_before)
		violation(me, "with all destroyed the pool is not what it was");
	memory_check(me);
}

/* --- one hart --- */

static void one_round(struct hart *me)
{
	if (one_in(me, 2))
		run_any(me);
	else
		call_any(me);
	if (one_in(me, 16))
		memory_check(me);
}

static void alone(struct hart *me)
{
	for (; me->round < me->rounds && !given_up; me->round++) {
		one_round(me);
		if (me->round % (2 * ROUNDS_BETWEEN) != 2 * ROUNDS_BETWEEN - 1)
			continue;
		destroy_vcpus(me);
		destroy_vms(me);
		nothing_is_left(me);
	}
}

/* --- two harts --- */

/* OpenSBI's own calls between harts, while the other one may be in the guest world. */
static void disturb(struct hart *me)
{
	switch (below(me, 4)) {
	case 0: sbi_call(SBI_IPI, 0, 1ul << harts[me == harts].number, 0, 0, 0, 0); break;
	case 1: /* REMOTE_SFENCE_VMA of all harts */
		sbi_call(SBI_RFENCE, 1, 0, ~0ul, any_value(me), any_value(me), 0);
		break;
	default:
		page_scribble(me, (struct hm_run *)(run_pages + below(me, RUN_PAGES) * PAGE));
		break;
	}
}

static void racing_rounds(struct hart *me)
{
	for (unsigned int i = 0; i < ROUNDS_BETWEEN && me->round < me->rounds && !given_up;
	     i++, me->round++) {
		one_round(me);
		if (one_in(me, 4))
			disturb(me);
	}
}

static void all_is_destroyed(struct hart *me)
{
	meet(me);
	destroy_vcpus(me);
	meet(me);
	if (me == harts) {
		destroy_vms(me);
		nothing_is_left(me);
	}
	meet(me);
}

static uint64_t status(uint64_t hart)
{
	return sbi_call(SBI_HSM, HSM_STATUS, hart, 0, 0, 0, 0).value;
}

static void start_second(struct hart *me)
{
	while (status(harts[1].number) != STATUS_STOPPED)
		;
	starts++;
	if (sbi_call(SBI_HSM, HSM_START, harts[1].number, (uint64_t)second_hart,
		     (uint64_t)second_stack + sizeof(second_stack), 0, 0)
		    .error)
		violation(me, "the second hart does not start");
}

/* What a host does with memory that it needs; it has read it. */
static void overwrite_tree(struct hart *me)
{
	for (unsigned int i = 0; i < 64; i++)
		write64(payload_tree() + 8 * i, one_in(me, 2) ? ~0ul : random_value(me));
}

/* Of either hart, from one stop of the second to the next. */
static void both(struct hart *me)
{
	racing_rounds(me);
	all_is_destroyed(me);
	races(me);
	all_is_destroyed(me);
}

void second_main(void);
void second_main(void)
{
	struct hart *me = &harts[1];

	both(me);

	sbi_call(SBI_HSM, HSM_STOP, 0, 0, 0, 0, 0);
	violation(me, "a hart does not stop");
}

static void together(struct hart *me)
{
	overwrite_tree(me);
	while (me->round < me->rounds && !given_up) {
		start_second(me);
		both(me);
	}
	note_count("starts of the second hart", starts);
}

/* --- */

static void hart_init(struct hart *me, uint64_t number, uint64_t seed)
{
	me->number = number;
	me->random = seed;
	me->rounds = payload_option("rounds", 1000);
}

static void report(void)
{
	static const char *const names[HM_EXIT_COUNT] = {
#define EXIT_NAME(number, NAME, name, reason) [number] = #name,
		HM_EXITS(EXIT_NAME)
#undef EXIT_NAME
	};

	note_count("rounds", harts[0].round + harts[1].round);
	note_count("calls", harts[0].answers + harts[1].answers);
	note_count("calls refused", harts[0].refused + harts[1].refused);
	for (unsigned int i = 0; i < HM_EXIT_COUNT; i++)
		if (names[i])
			note_count(names[i], harts[0].exits[i] + harts[1].exits[i]);
}

void payload(uint64_t hart)
{
	struct hart *me = &harts[0];
	uint64_t seed = payload_option("seed", 1), vector = csr_read(stvec),
		 stack = csr_read(sscratch);

	trace_from = payload_option("trace", ~0ul);
	hart_init(me, hart, seed);
	hart_init(&harts[1], !hart, ~seed);
	me->alone = sbi_call(SBI_HSM, HSM_STATUS, !hart, 0, 0, 0, 0).error;
	memory_init(me);
	enter_init(me);
	guest_init(me);
	races_init();
	csr_write(stvec, host_vector);
	pool_before = pool_free_pages();
	if (me->alone)
		alone(me);
	else
		together(me);
	csr_write(stvec, vector);
	csr_write(sscratch, stack);
	report();
	fact(!given_up && me->round >= me->rounds, "every round went as docs/abi.md says");
}
