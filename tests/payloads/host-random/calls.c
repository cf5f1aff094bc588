// SPDX-License-Identifier: BSD-2-Clause
/*
 * calls.c - each call of the HM extension: its arguments, and the answers that docs/abi.md names.
 */
#include "host-random.h"

/* What an argument is. */
enum kind {
	ZERO,
	VM,
	VCPU,
	SLOT,
	AT_GPA,
	AT_HPA,
	SIZE,
	RIGHTS,
	TARGET,
	INFO_SIZE,
	STATS_SIZE,
	RUN_PAGE,
	TABLES,
	ROOTS,
};

struct description {
	const char *name;
	unsigned int answers;
	unsigned int times; /* how often, against the others */
	enum kind kinds[ARGUMENTS];
};

#define INVALID     ANSWER(SBI_INVALID_PARAM)
#define BAD_ADDRESS ANSWER(SBI_INVALID_ADDRESS)
#define DENIED      ANSWER(SBI_DENIED)

static const struct description calls[HM_FID_COUNT] = {
	[HM_FID_VERSION] = { "version", ANSWER_OK, 1, { ZERO } },
	[HM_FID_INFO] = { "info", ANSWER_OK | INVALID | BAD_ADDRESS, 4, { TARGET, INFO_SIZE } },
	[HM_FID_VM_CREATE] = { "vm_create", ANSWER_OK | INVALID | ANSWER(SBI_FAILED), 8, { ROOTS } },
	[HM_FID_VM_DESTROY] = { "vm_destroy", ANSWER_OK | INVALID | DENIED, 5, { VM } },
	[HM_FID_SLOT_SET] = { "slot_set",
			      ANSWER_OK | INVALID | DENIED,
			      24,
			      { VM, SLOT, AT_GPA, AT_HPA, SIZE, RIGHTS } },
	[HM_FID_VCPU_CREATE] = { "vcpu_create",
				 ANSWER_OK | INVALID | BAD_ADDRESS | ANSWER(SBI_NO_SHMEM) |
					 ANSWER(SBI_FAILED),
				 14,
				 { VM, RUN_PAGE, TABLES } },
	[HM_FID_VCPU_DESTROY] = { "vcpu_destroy", ANSWER_OK | INVALID | DENIED, 9, { VCPU } },
	[HM_FID_VCPU_RUN] = { "vcpu_run", ANSWER_OK | INVALID | DENIED, 0, { VCPU } },
	[HM_FID_VCPU_STATS] = { "vcpu_stats",
				ANSWER_OK | INVALID | BAD_ADDRESS,
				10,
				{ VCPU, TARGET, STATS_SIZE } },
	[HM_FID_VM_INVALIDATE] = { "vm_invalidate",
				   ANSWER_OK | INVALID | DENIED,
				   8,
				   { VM, AT_GPA, SIZE } },
	[HM_FID_EXT_IRQ_DONE] = { "ext_irq_done", ANSWER_OK, 2, { ZERO } },
	[HM_FID_FEATURES] = { "features", ANSWER_OK, 0, { ZERO } },
};

/* --- arguments --- */

static uint64_t any_number(struct hart *me, uint64_t live, uint64_t few, uint64_t limit)
{
	if (!me->alone)
		return one_in(me, 8) ? below(me, limit + 2) : below(me, few);
	return one_in(me, 8) ? below(me, limit + 2) : live;
}

/* Only this hart's buffer is ever written to. */
static uint64_t any_target(struct hart *me)
{
	uint64_t buffer = (uint64_t)buffers + (me - harts) * PAGE;

	switch (below(me, 6)) {
	case 0: return not_ram(me);
	case 1: return any_hpa(me) | (1 + below(me, 7));
	default: return buffer + below(me, PAGE - sizeof(struct hm_run)) / 8 * 8;
	}
}

static uint64_t any_run_page(struct hart *me)
{
	uint64_t page = (uint64_t)run_pages + below(me, RUN_PAGES) * PAGE;

	switch (below(me, 12)) {
	case 0: return not_ram(me);
	case 1: return page + 1 + below(me, PAGE - 1);
	case 2: /* the guest itself can write it, while it runs */
		return (uint64_t)frames + below(me, FRAMES) * PAGE;
	default: return page;
	}
}

static uint64_t any_table_pages(struct hart *me)
{
	switch (below(me, 12)) {
	case 0: return any_value(me);
	case 1: return below(me, pool_size() / PAGE + 2);
	case 2: return 31 + below(me, 3);
	default: return 32 + below(me, 64);
	}
}

/* GPAs and HPAs of frames agree most often, so that the tables there mean something. */
static uint64_t any_gpa(struct hart *me)
{
	switch (below(me, 16)) {
	case 0: return any_value(me);
	case 1: return any_value(me) & -PAGE;
	case 2: /* up to where addresses end */
		return (one_in(me, 2) ? 0 : 1ul << 56) - below(me, 8) * PAGE;
	default: return GPA(below(me, FRAMES));
	}
}

static uint64_t any_size(struct hart *me)
{
	return one_in(me, 8) ? any_value(me) : below(me, FRAMES) * PAGE;
}

static uint64_t argument(struct hart *me, enum kind kind)
{
	switch (kind) {
	case VM: return one_in(me, 32) ? any_value(me) : any_number(me, model_live_vm(me), 3, VMS);
	case VCPU:
		return one_in(me, 32) ? any_value(me) :
					any_number(me, model_live_vcpu(me), 5, VCPUS);
	case SLOT:
		return one_in(me, 16) ? any_value(me) :
		       one_in(me, 2)  ? 0 :
					below(me, HM_MAX_SLOTS + 1);
	case AT_GPA: return any_gpa(me);
	case AT_HPA: return any_hpa(me);
	case SIZE: return any_size(me);
	case RIGHTS: return one_in(me, 16) ? any_value(me) : HM_SLOT_R | below(me, 8);
	case TARGET: return any_target(me);
	case INFO_SIZE: return one_in(me, 6) ? any_value(me) : sizeof(struct hm_info);
	case STATS_SIZE:
		return one_in(me, 6) ? any_value(me) :
		       one_in(me, 6) ? HM_STATS_SIZE_4_2 :
				       sizeof(struct hm_stats);
	case RUN_PAGE: return any_run_page(me);
	case TABLES: return any_table_pages(me);
	case ROOTS: return one_in(me, 16) ? any_value(me) : below(me, HM_ROOTS + 2);
	default: return one_in(me, 16) ? any_value(me) : 0;
	}
}

/* Slot 0: GPAs of the frames' numbers, whole or a part. */
static void slot_of_frames(struct hart *me, uint64_t *a)
{
	uint64_t first = one_in(me, 3) ? below(me, FRAMES) : 0;
	uint64_t count = one_in(me, 3) ? 1 + below(me, FRAMES - first) : FRAMES - first;

	a[1] = 0;
	a[2] = GPA(first);
	a[3] = (uint64_t)frames + first * PAGE;
	a[4] = count * PAGE;
	a[5] = one_in(me, 8) ? HM_SLOT_R | below(me, 8) :
			       HM_SLOT_R | HM_SLOT_X | (one_in(me, 3) ? 0 : HM_SLOT_W);
}

/* Another slot, elsewhere. */
static void slot_beside(struct hart *me, uint64_t *a)
{
	a[1] = one_in(me, 64) ? HM_MAX_SLOTS : 1 + below(me, HM_MAX_SLOTS - 1);
	a[2] = one_in(me, 4) ? any_gpa(me) : GPA(FRAMES) + below(me, BESIDE) * PAGE;
	a[3] = any_hpa(me) & -PAGE;
	a[4] = below(me, FIXED) * PAGE;
	a[5] = HM_SLOT_R | below(me, 8);
}

/* Another slot, which ends where one of the VM's begins, or begins where that ends, or a page off. */
static void slot_that_touches(struct hart *me, uint64_t *a)
{
	const struct slot *slot = &vms[a[0]].slot[one_in(me, 2) ? 0 : below(me, HM_MAX_SLOTS)];
	uint64_t off = (below(me, 3) - 1) * PAGE;

	slot_beside(me, a);
	a[4] += PAGE;
	if (slot->size)
		a[2] = one_in(me, 2) ? slot->gpa + slot->size + off : slot->gpa - a[4] + off;
}

/*
 * What the firmware would grant rightly must not hurt the host: no guest writes to memory
 * other than frames, or reads a secret.
 */
static void tame_slot(uint64_t *a)
{
	if (is_host_ram(a[3], a[4]) == NO)
		return;
	if (intersects(a[3], a[4], secrets, sizeof(secrets)) || a[4] > sizeof(frames)) {
		a[3] = (uint64_t)fixed;
		a[4] = PAGE + a[4] % (sizeof(fixed) / 2) / PAGE * PAGE;
	}
	if (!within(a[3], a[4], frames, sizeof(frames)))
		a[5] &= ~(uint64_t)HM_SLOT_W;
}

/* --- one call --- */

static uint64_t written(const struct hart *me)
{
	if (me->answer.error)
		return 0;
	return me->fid == HM_FID_INFO       ? sizeof(struct hm_info) :
	       me->fid == HM_FID_VCPU_STATS ? me->argument[2] :
					      0;
}

static uint64_t target(const struct hart *me)
{
	return me->argument[me->fid == HM_FID_INFO ? 0 : 1];
}

static void count(struct hart *me)
{
	me->answers++;
	me->refused += me->answer.error != 0;
	if (me->answer.error)
		return;
	if (me->fid == HM_FID_VCPU_RUN && me->answer.value < HM_EXIT_COUNT)
		me->exits[me->answer.value]++;
	me->vms += (me->fid == HM_FID_VM_CREATE) - (me->fid == HM_FID_VM_DESTROY);
	me->vcpus += (me->fid == HM_FID_VCPU_CREATE) - (me->fid == HM_FID_VCPU_DESTROY);
}

static unsigned int named_answers(const struct hart *me)
{
	return me->fid < HM_FID_COUNT && calls[me->fid].name ? calls[me->fid].answers :
							       ANSWER(SBI_NOT_SUPPORTED);
}

static bool ended_early(const struct hart *me)
{
	return me->fid == HM_FID_VCPU_RUN && !me->answer.error &&
	       me->answer.value == HM_EXIT_INTERRUPT && model_live(me->argument[0]);
}

static void check_answer(struct hart *me, unsigned int answers)
{
	if (me->answer.error > 0 || me->answer.error < -31 ||
	    !(ANSWER(me->answer.error) & named_answers(me)))
		violation(me, "an answer that docs/abi.md does not name for this call");
	else if (!(ANSWER(me->answer.error) & answers) && !ended_early(me))
		violation(me, "another answer than docs/abi.md gives for what there is");
	if (stay_limit() && me->fid != HM_FID_VCPU_RUN && me->stay > stay_limit())
		violation(me, "the call stays too long in M-mode");
	if (me->fid == HM_FID_VERSION && me->answer.value != HM_ABI_VERSION)
		violation(me, "another version");
}

static void decide(struct hart *me, uint64_t fid, const uint64_t a[ARGUMENTS])
{
	me->fid = fid;
	/* The flags of a page that others write may be any by then. */
	me->lends = fid == HM_FID_VCPU_RUN;
	for (unsigned int i = 0; i < ARGUMENTS; i++)
		me->argument[i] = a[i];
	trace(me);
}

static void make_call(struct hart *me)
{
	unsigned int answers = me->alone ? model_answers(me) : ~0u;

	enter(me);
	check_answer(me, answers);
	count(me);
	if (me->alone)
		model_follow(me);
}

void call_with(struct hart *me, uint64_t fid, const uint64_t a[ARGUMENTS])
{
	decide(me, fid, a);
	make_call(me);
}

void call(struct hart *me, uint64_t fid)
{
	uint64_t a[ARGUMENTS];

	for (unsigned int i = 0; i < ARGUMENTS; i++)
		a[i] = fid < HM_FID_COUNT ? argument(me, calls[fid].kinds[i]) : any_value(me);
	if (fid == HM_FID_SLOT_SET) {
		uint64_t kind = below(me, 8);

		if (kind < 4)
			slot_of_frames(me, a);
		else if (kind == 4 && me->alone && a[0] < VMS)
			slot_that_touches(me, a);
		else if (kind < 6)
			slot_beside(me, a);
		if (one_in(me, 16)) /* all is right but the rights, perhaps */
			a[5] = any_value(me);
		tame_slot(a);
	}
	host_csrs(me);
	buffer_fill(me);
	call_with(me, fid, a);
	buffer_check(me, target(me), written(me));
}

/* --- running --- */

/* Statistics of the vCPU that ran: they tell of the longest stay. */
static void check_stay(struct hart *me, uint64_t vcpu)
{
	const struct hm_stats *stats = (const struct hm_stats *)(buffers + (me - harts) * PAGE);
	const uint64_t a[ARGUMENTS] = { vcpu, (uint64_t)stats, sizeof(*stats) };

	call_with(me, HM_FID_VCPU_STATS, a);
	if (!me->answer.error && stay_limit() && stats->longest_m_stay > stay_limit())
		violation(me, "the longest stay of a vCPU is too long");
}

static void run(struct hart *me, uint64_t number, struct hm_run *page)
{
	const uint64_t a[ARGUMENTS] = { number };
	bool sum = me->alone && one_in(me, 2) && number < VCPUS && vcpus[number].used &&
		   !(page->policy & HM_POLICY_HOST_TABLES);
	uint64_t policy = page->policy, flags = page->flags;
	bool at_once;

	decide(me, HM_FID_VCPU_RUN, a);
	if (sum)
		frames_sum(vcpus[number].vm);
	host_csrs(me);
	host_wakes(me, (me->alone ? 1 : 8) * (100 + below(me, one_in(me, 4) ? 2000 : 300)));
	at_once = host_is_interrupted();
	if (me->alone)
		me->lends = flags & HM_RUN_LENDS_CSRS;
	make_call(me);
	host_wakes(me, ~0ul);
	if (!me->answer.error && !at_once)
		page_check(me, page, policy);
	if (me->alone && at_once && page->flags != flags)
		violation(me, "a run that began with an interrupt has used its flags");
	if (sum && !frames_kept())
		violation(me, "a guest wrote to memory that is in none of its slots with W");
}

/* Between two runs of a vCPU: its guest may write to the frames no longer, or again. */
static void change_rights(struct hart *me, uint64_t vm)
{
	const struct slot *slot = vms[vm].slot;
	uint64_t a[ARGUMENTS] = {
		vm, 0, slot->gpa, slot->hpa, slot->size, slot->rights ^ HM_SLOT_W
	};

	if (slot->size && within(slot->hpa, slot->size, frames, sizeof(frames)))
		call_with(me, HM_FID_SLOT_SET, a);
}

void run_any(struct hart *me)
{
	uint64_t number = argument(me, VCPU);
	struct hm_run *page = (struct hm_run *)(run_pages + below(me, RUN_PAGES) * PAGE);

	if (me->alone && number < VCPUS && vcpus[number].used)
		page = vcpus[number].run;
	guest_change(me);
	page_fill(me, page);
	run(me, number, page);
	for (unsigned int n = below(me, 12); n && !me->answer.error && !given_up; n--) {
		guest_goes_on(me);
		if (me->alone && one_in(me, 8))
			change_rights(me, vcpus[number].vm);
		page_serve(me, page);
		run(me, number, page);
	}
	if (one_in(me, 4))
		check_stay(me, number);
}

/* A VM with all of the frames, and a vCPU for it. */
static void whole_vm(struct hart *me)
{
	const uint64_t none[ARGUMENTS] = { 0 };

	call_with(me, HM_FID_VM_CREATE, none);
	if (me->answer.error)
		return;
	const uint64_t slot[ARGUMENTS] = {
		me->answer.value, 0,
		GUEST_RAM,        (uint64_t)frames,
		sizeof(frames),   HM_SLOT_R | HM_SLOT_W | HM_SLOT_X,
	};
	call_with(me, HM_FID_SLOT_SET, slot);
	const uint64_t vcpu[ARGUMENTS] = {
		slot[0],
		(uint64_t)run_pages + below(me, RUN_PAGES) * PAGE,
		any_table_pages(me),
	};
	call_with(me, HM_FID_VCPU_CREATE, vcpu);
}

void call_any(struct hart *me)
{
	unsigned int total = 0, pick;

	if (one_in(me, 6)) {
		whole_vm(me);
		return;
	}

	for (unsigned int i = 0; i < HM_FID_COUNT; i++)
		total += calls[i].times;
	pick = below(me, total + 2);
	for (unsigned int i = 0; i < HM_FID_COUNT; i++) {
		if (pick < calls[i].times) {
			call(me, i);
			return;
		}
		pick -= calls[i].times;
	}
	call(me, one_in(me, 2) ? HM_FID_COUNT + below(me, 3) :
		 one_in(me, 2) ? 10 :
				 any_value(me) | 16);
}
