// SPDX-License-Identifier: BSD-2-Clause
/* page.c - what the host writes into run pages, and what may come back in them. */
#include "host-random.h"

#define WORDS (sizeof(struct hm_run) / sizeof(uint64_t))
#define NEWS  (HM_RUN_NEW_TRAP | HM_RUN_NEW_CSRS)
#define ONCE                                                                                     \
	(HM_RUN_ADVANCE | HM_RUN_RESET_STATS | HM_RUN_FENCE_I | HM_RUN_FENCE_VMA | HM_RUN_FILL | \
	 HM_RUN_RESET | NEWS)
#define SSTATUS_OWN \
	(SSTATUS_SIE | SSTATUS_SPIE | SSTATUS_SPP | SSTATUS_FS | SSTATUS_SUM | SSTATUS_MXR)

static uint64_t any_events(struct hart *me)
{
	switch (below(me, 8)) {
	case 0: return one_in(me, 2) ? any_value(me) : below(me, 128);
	case 1:
	case 2: return HM_POLICY_HOST_TABLES | (below(me, 8) & ~HM_POLICY_FILL);
	case 3: return HM_POLICY_HOST_TABLES | HM_POLICY_LOG_FENCES | below(me, 4);
	case 4:
	case 5: return below(me, 16);
	default: return HM_POLICY_ALL;
	}
}

static uint64_t any_policy(struct hart *me)
{
	return any_events(me) | (one_in(me, 4) ? HM_POLICY_SET_AD : 0);
}

static uint64_t any_extension(struct hart *me)
{
	static const uint64_t ids[] = {
		SBI_BASE, SBI_TIME, SBI_IPI,         SBI_RFENCE, SBI_HSM,
		SBI_SRST, SBI_DBCN, HM_GUEST_EXT_ID, HM_EXT_ID,
	};

	return one_in(me, 8) ? any_value(me) : ids[below(me, sizeof(ids) / sizeof(ids[0]))];
}

static void guest_registers(struct hart *me, struct hm_run *run)
{
	for (unsigned int i = 1; i < 32; i++)
		run->x[i] = any_value(me);
	for (unsigned int i = 8; i < 14; i++)
		run->x[i] = guest_address(me);
	run->x[14] = guest_satp(me);
	run->x[15] = guest_satp(me);
	run->x[16] = below(me, 5);
	run->x[17] = any_extension(me);
	run->pc = one_in(me, 16) ? any_value(me) : GPA(below(me, CODE_FRAMES));
	run->priv = one_in(me, 16) ? any_value(me) : !one_in(me, 4);
}

/* HM_GUEST_FID_RING_SET, and by x11 its page is committed. */
static void ring_registers(struct hart *me, struct hm_run *run)
{
	run->x[10] = run->x[11] = guest_address(me) & -PAGE;
	run->x[12] = one_in(me, 8) ? any_value(me) : HM_RING_VERSION;
	run->x[16] = HM_GUEST_FID_RING_SET;
	run->x[17] = HM_GUEST_EXT_ID;
}

static void guest_csrs(struct hart *me, struct hm_run *run)
{
	run->sstatus = one_in(me, 8) ? any_value(me) : random_value(me) & SSTATUS_OWN;
	run->sie = one_in(me, 2) ? 0 : random_value(me) & 0x222;
	run->sip = one_in(me, 4) ? random_value(me) : 0;
	run->stvec = one_in(me, 8) ? any_value(me) :
				     GPA(one_in(me, 4) ? below(me, CODE_FRAMES) : HANDLER_FRAME);
	run->sscratch = any_value(me);
	run->sepc = guest_address(me);
	run->scause = any_value(me);
	run->stval = any_value(me);
	run->satp = guest_satp(me);
	run->scounteren = below(me, 8);
	run->senvcfg = any_value(me);
	run->stimecmp = one_in(me, 4) ? csr_read(time) + below(me, 30) : ~0ul;
}

static uint64_t any_cause(struct hart *me)
{
	static const uint64_t causes[] = { 12, 13, 15, 14, 0, 2, 5, 1ul << 63 };

	return one_in(me, 8) ? any_value(me) :
			       causes[below(me, sizeof(causes) / sizeof(causes[0]))];
}

static void asked_for(struct hart *me, struct hm_run *run)
{
	run->flags = one_in(me, 16) ? any_value(me) : random_value(me) & 0x7f;
	if (one_in(me, 2))
		run->flags |= HM_RUN_LENDS_CSRS | (random_value(me) & NEWS);
	run->slice_end = one_in(me, 16) ? any_value(me) :
			 one_in(me, 8)  ? csr_read(time) + below(me, 20) :
					  ~0ul;
	run->fence_start = one_in(me, 4) ? 0 : any_value(me);
	run->fence_size = one_in(me, 4) ? any_value(me) : below(me, 80) * PAGE;
	run->fence_asid = one_in(me, 2) ? ~0ul : below(me, 5);
	run->exit_cause = any_cause(me);
	run->exit_value = guest_address(me);
	run->exit_insn_len = one_in(me, 8) ? any_value(me) : 4;
}

static void root_buffer(struct hart *me, struct hm_run *run)
{
	run->hw_fence = one_in(me, 4) ? any_value(me) : below(me, 5);
	run->hw_fence_va = guest_address(me);
	run->root = one_in(me, 8) ? any_value(me) : below(me, HM_ROOTS);
	run->roots_new |=
		one_in(me, 8) ? any_value(me) : random_value(me) & random_value(me) & 0xffff;
	if (!one_in(me, 4))
		run->roots_new |= 1ul << (run->root & 15);
	for (unsigned int n = 0; n < HM_ROOTS; n++) {
		if (!(run->roots_new >> n & 1))
			continue;
		run->roots[n].gsatp = guest_satp(me);
		run->roots[n].root = host_root(me);
		run->roots[n].generation += below(me, 2);
	}
	run->fence_exits = one_in(me, 2) ? 0 : random_value(me);
	run->fence_count = one_in(me, 8) ? any_value(me) : 0;
}

/* A page as a host would write it at first, but for some words. */
void page_fill(struct hart *me, struct hm_run *run)
{
	guest_registers(me, run);
	if (one_in(me, 4))
		ring_registers(me, run);
	guest_csrs(me, run);
	root_buffer(me, run);
	asked_for(me, run);
	run->policy = any_policy(me);
	if (one_in(me, 4))
		page_scribble(me, run);
}

static void step_over(struct hart *me, struct hm_run *run)
{
	run->x[10] = run->x[11] = any_value(me);
	run->flags |= HM_RUN_ADVANCE;
}

static void inject(struct hm_run *run)
{
	run->sepc = run->pc;
	run->scause = run->exit_cause;
	run->stval = run->exit_value;
	run->pc = run->stvec & ~3ul;
	run->priv = 1;
}

/* What a host does about an exit. */
static void serve(struct hart *me, struct hm_run *run)
{
	switch (run->exit_reason) {
	case HM_EXIT_MMIO:
	case HM_EXIT_SBI:
	case HM_EXIT_REMOTE_FENCE: step_over(me, run); break;
	case HM_EXIT_TRUE_FAULT: inject(run); break;
	case HM_EXIT_PAGE_FAULT: one_in(me, 2) ? inject(run) : root_buffer(me, run); break;
	case HM_EXIT_HIDDEN_FAULT: run->flags |= HM_RUN_FILL; break;
	case HM_EXIT_SATP:
	case HM_EXIT_ROOT_MISS: run->satp = run->exit_value; break;
	case HM_EXIT_FLUSH: run->flags |= HM_RUN_FENCE_VMA; break;
	}
}

/* The guest goes on, most often as it should. */
void page_serve(struct hart *me, struct hm_run *run)
{
	uint64_t policy = run->policy;

	if (one_in(me, 3)) {
		asked_for(me, run);
		run->policy = one_in(me, 2) ? any_policy(me) : policy;
	} else {
		serve(me, run);
	}
	if (one_in(me, 16))
		page_scribble(me, run);
}

void page_scribble(struct hart *me, struct hm_run *run)
{
	volatile uint64_t *words = run->x;

	for (uint64_t n = one_in(me, 16) ? WORDS : 1 + below(me, 4); n; n--)
		words[below(me, WORDS)] = any_value(me);
}

/* --- the root buffer, as docs/abi.md has it --- */

static bool is_mode(uint64_t mode)
{
	return satp_modes() >> mode & 1;
}

bool page_root_is_one(uint64_t gsatp, uint64_t root)
{
	return is_mode(root >> 60) && (!gsatp || is_mode(gsatp >> 60));
}

/* "a priv above 1; with HM_RUN_ADVANCE an exit_insn_len other than 2 and 4" */
bool page_is_sound(const struct hm_run *run)
{
	return run->priv <= 1 && (!(run->flags & HM_RUN_ADVANCE) || run->exit_insn_len == 2 ||
				  run->exit_insn_len == 4);
}

/* --- after an exit --- */

/* The events that are the host's by this policy. */
static bool may_exit(uint64_t reason, uint64_t policy)
{
	bool host = policy & HM_POLICY_HOST_TABLES;

	switch (reason) {
	case HM_EXIT_INTERRUPT:
	case HM_EXIT_SBI:
	case HM_EXIT_REMOTE_FENCE:
	case HM_EXIT_WFI:
	case HM_EXIT_MARK: return true;
	case HM_EXIT_MMIO: return !host;
	case HM_EXIT_TRUE_FAULT: return !host && !(policy & HM_POLICY_INJECT);
	case HM_EXIT_HIDDEN_FAULT: return !host && !(policy & HM_POLICY_FILL);
	case HM_EXIT_SATP: return !(policy & HM_POLICY_SATP) || policy & HM_POLICY_LOG_FENCES;
	case HM_EXIT_ROOT_MISS:
		return (policy & (HM_POLICY_SATP | HM_POLICY_FILL)) !=
		       (HM_POLICY_SATP | HM_POLICY_FILL);
	case HM_EXIT_FLUSH:
	case HM_EXIT_RING: return !(policy & HM_POLICY_FLUSH);
	case HM_EXIT_PAGE_FAULT: return host;
	default: return false;
	}
}

static void check_exit(struct hart *me, const struct hm_run *run, uint64_t policy)
{
	uint64_t reason = me->answer.value;

	if (reason >= HM_EXIT_COUNT || (me->alone && run->exit_reason != reason))
		violation(me, "an exit reason that there is not");
	else if (me->alone && !may_exit(reason, policy))
		violation(me, "an exit that the policy leaves to the firmware");
	if (me->alone && reason == HM_EXIT_MMIO && run->exit_insn_len != 2 &&
	    run->exit_insn_len != 4)
		violation(me, "an instruction of no length");
}

void page_check(struct hart *me, const struct hm_run *run, uint64_t policy)
{
	check_exit(me, run, policy);
	for (unsigned int i = 1; i < 32; i++)
		if (is_secret(run->x[i]))
			violation(me, "a guest has read what is in no slot");
	/*
	 * One that did not run at all comes back as it was; one that has its own page may write
	 * there.
	 */
	if (!me->alone || me->answer.value == HM_EXIT_INTERRUPT)
		return;
	if (run->priv > 1)
		violation(me, "a guest comes back in no mode");
	if (run->flags & ONCE && !within((uint64_t)run, PAGE, frames, sizeof(frames)))
		violation(me, "a flag that asks for something once is still there");
}
