// SPDX-License-Identifier: BSD-2-Clause
/*
 * races.c - two harts that make calls about one VM and one vCPU at the same time.  Each call
 * takes place before or after the other (docs/locks.md): so some answers exclude each other.
 */
#include "host-random.h"

#define RACES   48 /* at each meeting of the harts, if the command line does not say */
#define NOTHING (~0ul)

static volatile uint64_t arrived[HARTS], at_the_gate[HARTS];

/*
 * Where one thread runs all harts by a count of instructions, a hart's turn ends at the next
 * timer.  With turns=N each call of a race comes up to N ticks before one, so that the other
 * hart's turn begins anywhere in the call, and in the same place each time.  Few ticks are more
 * likely than many: a call takes its locks near its beginning.
 */
static uint64_t turns;

#define TURN 20 /* ticks, of a hart that waits */

static void wait_for(volatile uint64_t *counts, struct hart *me)
{
	unsigned int own = me - harts;

	__sync_synchronize();
	counts[own]++;
	while (counts[!own] < counts[own] && !given_up)
		if (turns)
			host_wakes(me, TURN);
	__sync_synchronize();
}

void meet(struct hart *me)
{
	wait_for(arrived, me);
}

void races_init(void)
{
	turns = payload_option("turns", 0);
}

/* What both do, of hart 0's choice. */
static struct {
	uint64_t vm, vcpu;
	uint64_t fid[HARTS], delay[HARTS];
	bool ran;                   /* on hart 0, before */
	volatile uint64_t *counter; /* that the guest counts up; NULL: it does something else */
	uint64_t count;             /* before */
	bool late;                  /* what is no RUN waits until the guest counts */
	uint64_t made[HARTS];       /* by the race's calls */
} race;

#define PATIENCE (1ul << 20)
#define LATE     20000 /* ticks of such a guest */

/* Not for ever: the guest may have been refused, or be over. */
static void wait_until_it_counts(void)
{
	for (uint64_t i = 0; i < PATIENCE && *race.counter == race.count; i++)
		;
}

void race_gate(struct hart *me)
{
	unsigned int n = me - harts;

	wait_for(at_the_gate, me);
	host_wakes(me, race.late ? LATE :
		       turns     ? 1 + below(me, 1 + below(me, turns)) :
				   300 + below(me, 2000));
	for (uint64_t i = race.delay[n]; i; i--)
		__asm__ volatile("");
	if (race.late && race.fid[n] != HM_FID_VCPU_RUN)
		wait_until_it_counts();
	me->races = false;
}

static struct hm_run *race_page(void)
{
	return (struct hm_run *)run_pages;
}

struct pair {
	uint64_t fid[HARTS];
	bool no_vcpu; /* there is a VM alone */
};

/* Those that only a narrow moment tells apart more than once. */
static const struct pair pairs[] = {
	{ { HM_FID_VCPU_DESTROY, HM_FID_VCPU_DESTROY }, false },
	{ { HM_FID_VCPU_RUN, HM_FID_VCPU_DESTROY }, false },
	{ { HM_FID_VCPU_DESTROY, HM_FID_VCPU_STATS }, false },
	{ { HM_FID_VCPU_DESTROY, HM_FID_SLOT_SET }, false },
	{ { HM_FID_VCPU_DESTROY, HM_FID_VM_DESTROY }, false },
	{ { HM_FID_VCPU_DESTROY, HM_FID_VCPU_CREATE }, false },
	{ { HM_FID_VCPU_RUN, HM_FID_VCPU_RUN }, false },
	{ { HM_FID_VCPU_RUN, HM_FID_VCPU_RUN }, false },
	{ { HM_FID_VCPU_RUN, HM_FID_VCPU_STATS }, false },
	{ { HM_FID_VCPU_RUN, HM_FID_SLOT_SET }, false },
	{ { HM_FID_VCPU_RUN, HM_FID_SLOT_SET }, false },
	{ { HM_FID_VCPU_RUN, HM_FID_VM_INVALIDATE }, false },
	{ { HM_FID_VM_DESTROY, HM_FID_VM_DESTROY }, true },
	{ { HM_FID_VM_DESTROY, HM_FID_VCPU_CREATE }, true },
	{ { HM_FID_VM_DESTROY, HM_FID_SLOT_SET }, true },
	{ { HM_FID_VM_CREATE, HM_FID_VM_CREATE }, true },
	{ { HM_FID_VCPU_CREATE, HM_FID_VCPU_CREATE }, true },
	{ { HM_FID_VCPU_CREATE, HM_FID_VCPU_CREATE }, true },
	{ { HM_FID_VCPU_CREATE, HM_FID_VCPU_CREATE }, true },
	{ { HM_FID_SLOT_SET, HM_FID_SLOT_SET }, true },
};

/* Value of a call that makes something; NOTHING: it did not. */
static uint64_t made(const struct hart *me)
{
	bool makes = me->fid == HM_FID_VM_CREATE || me->fid == HM_FID_VCPU_CREATE;

	return makes && !me->answer.error ? me->answer.value : NOTHING;
}

static uint64_t make_vm(struct hart *me)
{
	const uint64_t none[ARGUMENTS] = { 0 };

	call_with(me, HM_FID_VM_CREATE, none);
	return made(me);
}

static uint64_t make_vcpu(struct hart *me)
{
	const uint64_t a[ARGUMENTS] = { race.vm, (uint64_t)race_page(), 32 };

	call_with(me, HM_FID_VCPU_CREATE, a);
	return made(me);
}

static void give_memory(struct hart *me)
{
	const uint64_t a[ARGUMENTS] = { race.vm, 0, GUEST_RAM, (uint64_t)frames, sizeof(frames), 7 };

	call_with(me, HM_FID_SLOT_SET, a);
}

/* From now on it stays here: RUN has succeeded. */
static bool run_before(struct hart *me)
{
	const uint64_t a[ARGUMENTS] = { race.vcpu };

	host_wakes(me, 300);
	call_with(me, HM_FID_VCPU_RUN, a);
	host_wakes(me, ~0ul);
	return !me->answer.error;
}

/* What an entry has to do at first may take all its time: the guest runs at the next. */
static bool counts_before(struct hart *me)
{
	unsigned int tries = 8;

	race.counter = guest_counts(race_page());
	race.count = *race.counter;
	while (tries-- && *race.counter == race.count)
		race.ran |= run_before(me);
	race.count = *race.counter;
	return tries + 1;
}

/*
 * Most often they go off together; or one so much later that the other one's call has begun, or
 * ended.
 */
static uint64_t any_delay(struct hart *me)
{
	return one_in(me, 4) ? below(me, 1ul << below(me, 15)) : 0;
}

static void race_begins(struct hart *me)
{
	const struct pair *pair = &pairs[below(me, sizeof(pairs) / sizeof(pairs[0]))];
	unsigned int first = below(me, HARTS);

	race.vm = make_vm(me);
	give_memory(me);
	race.vcpu = pair->no_vcpu ? NOTHING : make_vcpu(me);
	race.counter = one_in(me, 2) ? guest_counts(race_page()) : NULL;
	if (!race.counter)
		page_fill(me, race_page());
	race.ran = !pair->no_vcpu && one_in(me, 4) && run_before(me);
	race.late = pair->fid[0] == HM_FID_VCPU_RUN && pair->fid[1] != HM_FID_VCPU_RUN &&
		    one_in(me, 2) && counts_before(me);
	if (race.late)
		first = 0;
	for (unsigned int i = 0; i < HARTS; i++) {
		race.fid[i] = pair->fid[i ^ first];
		race.delay[i] = any_delay(me);
	}
}

/* SLOT_SET takes the memory away. */
static void race_arguments(unsigned int n, uint64_t a[ARGUMENTS])
{
	uint64_t fid = race.fid[n];

	for (unsigned int i = 0; i < ARGUMENTS; i++)
		a[i] = 0;
	if (fid == HM_FID_VCPU_DESTROY || fid == HM_FID_VCPU_RUN || fid == HM_FID_VCPU_STATS)
		a[0] = race.vcpu;
	else if (fid != HM_FID_VM_CREATE)
		a[0] = race.vm;
	if (fid == HM_FID_VCPU_STATS) {
		a[1] = (uint64_t)buffers + n * PAGE;
		a[2] = sizeof(struct hm_stats);
	} else if (fid == HM_FID_VCPU_CREATE) {
		a[1] = (uint64_t)run_pages + (1 + n) * PAGE;
		a[2] = 32;
	}
}

/* The guest's memory is gone: from now on it counts nothing. */
static void counts_no_more(struct hart *me)
{
	uint64_t count = *race.counter;

	for (uint64_t i = 0; i < PATIENCE / 2; i++) {
		if (*race.counter != count) {
			violation(me, "a guest writes to memory that was taken away");
			return;
		}
	}
}

static void race_runs(struct hart *me)
{
	unsigned int n = me - harts;
	uint64_t a[ARGUMENTS];

	race_arguments(n, a);
	host_csrs(me);
	me->races = true;
	call_with(me, race.fid[n], a);
	host_wakes(me, ~0ul);
	race.made[n] = made(me);
	if (race.fid[n] == HM_FID_SLOT_SET && !me->answer.error && race.counter)
		counts_no_more(me);
}

static bool did(unsigned int n, uint64_t fid)
{
	return race.fid[n] == fid && !harts[n].answer.error;
}

static bool both_did(uint64_t fid)
{
	return did(0, fid) && did(1, fid);
}

static void judge(struct hart *me)
{
	if (both_did(HM_FID_VCPU_DESTROY))
		violation(me, "one vCPU was destroyed twice");
	if (both_did(HM_FID_VM_DESTROY))
		violation(me, "one VM was destroyed twice");
	if (race.made[0] != NOTHING && race.made[0] == race.made[1])
		violation(me, "two got the same number");
	if (both_did(HM_FID_VCPU_RUN))
		violation(me, "one vCPU ran on two harts");
	if (race.ran && did(1, HM_FID_VCPU_DESTROY))
		violation(me, "a hart destroyed a vCPU that had run on the other");
	for (unsigned int n = 0; n < HARTS; n++) {
		if (did(n, HM_FID_VCPU_RUN) && did(!n, HM_FID_VCPU_DESTROY))
			violation(me, "a vCPU ran, and the other hart destroyed it");
		if (did(n, HM_FID_VM_DESTROY) && did(!n, HM_FID_VCPU_CREATE))
			violation(me, "a VM was destroyed while a vCPU was made in it");
	}
}

static void destroy(struct hart *me, uint64_t fid, uint64_t number)
{
	const uint64_t a[ARGUMENTS] = { number };

	if (number != NOTHING)
		call_with(me, fid, a);
}

/* Each hart those that it may. */
static void destroy_race_vcpus(struct hart *me)
{
	destroy(me, HM_FID_VCPU_DESTROY, race.vcpu);
	for (unsigned int n = 0; n < HARTS; n++)
		if (race.fid[n] == HM_FID_VCPU_CREATE)
			destroy(me, HM_FID_VCPU_DESTROY, race.made[n]);
}

static void destroy_race_vms(struct hart *me)
{
	destroy(me, HM_FID_VM_DESTROY, race.vm);
	for (unsigned int n = 0; n < HARTS; n++)
		if (race.fid[n] == HM_FID_VM_CREATE)
			destroy(me, HM_FID_VM_DESTROY, race.made[n]);
}

void races(struct hart *me)
{
	uint64_t count = payload_option("races", RACES);

	for (uint64_t i = 0; i < count && !given_up; i++) {
		if (me == harts)
			race_begins(me);
		meet(me);
		race_runs(me);
		meet(me);
		if (me == harts)
			judge(me);
		meet(me);
		destroy_race_vcpus(me);
		meet(me);
		if (me == harts)
			destroy_race_vms(me);
	}
}
