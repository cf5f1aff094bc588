// SPDX-License-Identifier: BSD-2-Clause
/* host.c - one step of the host on a hart: an entry of a vCPU, or any other call. */
#include "fuzz.h"

#include <sbi/sbi_ecall.h>
#include <sbi/sbi_ecall_interface.h>
#include <sbi/sbi_error.h>
#include <sbi/sbi_trap.h>

#include "../../unit/ssp/guest.h"
#include "core/pool.h"
#include "guest.h"
#include "host/extension.h"
#include "world/lending.h"
#include "world/switch.h"

#define PAGES_OF_POOL ((POOL_END - POOL_BASE) >> PAGE_SHIFT)

struct sbi_trap_context *__wrap_sbi_trap_handler(struct sbi_trap_context *context);
void __wrap_sbi_timer_event_start(u64 due);

/* As the trap does that brings a call to OpenSBI (host/hooks.c): a stay with the memory of that vCPU. */
static void end_lending(void)
{
	for (unsigned int i = 0; i < HM_MAX_VCPUS && machine.hart->lent_to; i++)
		if (hm_entries[i].vcpu == machine.hart->lent_to) {
			ram_for_entry(i);
			hm_lending_end(machine.hart);
		}
}

static struct hm_answer call(u64 function, const u64 argument[6])
{
	struct sbi_trap_regs regs = { .a0 = argument[0],
				      .a1 = argument[1],
				      .a2 = argument[2],
				      .a3 = argument[3],
				      .a4 = argument[4],
				      .a5 = argument[5],
				      .a6 = function,
				      .a7 = HM_EXT_ID };
	struct sbi_ecall_return out = { 0 };
	struct hm_answer answer;

	end_lending();
	ram_for_call();
	answer.error = machine.extension->handle(HM_EXT_ID, function, &regs, &out);
	answer.value = out.value;
	fuzz.events++;
	say("%lu: hart %u: call %lu (%#lx, %#lx, %#lx, %#lx, %#lx, %#lx): %ld, %#lx\n", fuzz.steps,
	    fuzz.hart, function, argument[0], argument[1], argument[2], argument[3], argument[4],
	    argument[5], answer.error, answer.value);
	return answer;
}
#define CALL_HM(function, ...) call(function, (const u64[6]){ __VA_ARGS__ })

/* ---- what there is ---- */

static void note_slot(unsigned int vm, u64 n, struct ssp_slot slot)
{
	fuzz.vm[vm].slot[n] = slot;
	for (unsigned int i = 0; i < HM_MAX_VCPUS; i++) {
		struct fuzz_vcpu *vcpu = &fuzz.vcpu[i];

		if (!vcpu->used || !vcpu->checked || vcpu->vm != vm)
			continue;
		oracle_fence_all(&vcpu->oracle);
		vcpu->oracle.slot[n] = slot;
		vcpu->oracle.slot_count = SSP_MAX_SLOTS;
	}
}

/* What the firmware took has to be sound: RAM of the host's, and no other slot's addresses. */
static void expect_sound(unsigned int vm, u64 n, u64 gpa, u64 hpa, u64 size)
{
	if (hpa < FIRMWARE_END || hpa + size > FUZZ_END || hpa + size < hpa ||
	    (hpa < POOL_END && hpa + size > POOL_BASE) || (hpa | gpa | size) % PAGE_SIZE ||
	    gpa + size < gpa)
		fail_msg("a slot of %#lx bytes at %#lx is taken", size, hpa);
	for (unsigned int i = 0; i < HM_MAX_SLOTS; i++) {
		const struct ssp_slot *other = &fuzz.vm[vm].slot[i];

		if (i != n && other->size && gpa < other->gpa + other->size &&
		    other->gpa < gpa + size)
			fail_msg("slots %lu and %u overlap", n, i);
	}
}

static bool runs(unsigned int vm)
{
	for (unsigned int i = 0; i < HM_MAX_VCPUS; i++)
		if (fuzz.vcpu[i].used && fuzz.vcpu[i].inside && fuzz.vcpu[i].vm == vm)
			return true;
	return false;
}

static void set_slot(u64 vm, u64 n, u64 gpa, u64 hpa, u64 size, u64 rights)
{
	long error = CALL_HM(HM_FID_SLOT_SET, vm, n, gpa, hpa, size, rights).error;

	if (error)
		return;
	if (vm >= HM_MAX_VMS || n >= HM_MAX_SLOTS || !fuzz.vm[vm].used || runs(vm))
		fail_msg("slot %lu of VM %lu is set", n, vm);
	if (size)
		expect_sound(vm, n, gpa, hpa, size);
	note_slot(vm, n,
		  size ? (struct ssp_slot){ gpa, size, hpa - gpa, rights << 1 } :
			 (struct ssp_slot){ 0 });
}

static void create_vm(u64 flags)
{
	struct hm_answer answer = CALL_HM(HM_FID_VM_CREATE, flags);

	if (answer.error)
		return;
	if (flags > HM_ROOTS || answer.value >= HM_MAX_VMS || fuzz.vm[answer.value].used)
		fail_msg("VM %lu is made anew", answer.value);
	fuzz.vm[answer.value] = (struct fuzz_vm){ .used = true };
}

static void destroy_vm(u64 vm)
{
	if (CALL_HM(HM_FID_VM_DESTROY, vm).error)
		return;
	for (unsigned int i = 0; i < HM_MAX_VCPUS; i++)
		if (fuzz.vcpu[i].used && fuzz.vcpu[i].vm == vm)
			fail_msg("VM %lu is ended before its vCPUs", vm);
	fuzz.vm[vm].used = false;
}

static void begin_page(const struct fuzz_vcpu *vcpu)
{
	struct hm_run *run = ALIAS(vcpu->run);

	memset(run, 0, PAGE_SIZE);
	run->policy = HM_POLICY_ALL;
	run->pc = GUEST_BASE;
	run->priv = PRV_S;
	/* Every other vCPU is of a host that lends; so decisions are those of inputs that are kept. */
	if ((vcpu - fuzz.vcpu) & 1)
		run->flags = HM_RUN_LENDS_CSRS | HM_RUN_NEW_CSRS;
	run->stvec = GUEST_BASE + 0x1000;
	run->slice_end = run->stimecmp = ~0ull;
}

/* What a host tells the firmware to write to is its own affair; these are no such places. */
static bool is_hosts(u64 at, u64 size)
{
	return at >= FIRMWARE_END && at < FUZZ_END && !(at + size > POOL_BASE && at < POOL_END);
}

static void create_vcpu(u64 vm, u64 page, u64 tables)
{
	u64 run = RUN_PAGES + page * PAGE_SIZE;
	struct hm_answer answer;

	/* Whoever is not checked does not share with one that is. */
	if (fuzz.steps && rarely(16))
		run = any_number();
	else if (fuzz.steps && (page < 2 || vm == 0))
		return;
	if (is_hosts(run, PAGE_SIZE) && !(run - RUN_PAGES < FUZZ_VCPUS * PAGE_SIZE))
		return;
	answer = CALL_HM(HM_FID_VCPU_CREATE, vm, run, tables);
	if (answer.error)
		return;
	if (answer.value >= HM_MAX_VCPUS || fuzz.vcpu[answer.value].used || !fuzz.vm[vm].used ||
	    run < RUN_PAGES || run >= ANSWERS)
		fail_msg("vCPU %lu is made anew with its page at %#lx", answer.value, run);
	memset(&fuzz.vcpu[answer.value], 0, offsetof(struct fuzz_vcpu, oracle));
	memset(fuzz.vcpu[answer.value].recent, 0, sizeof(fuzz.vcpu[answer.value].recent));
	fuzz.vcpu[answer.value].pending = fuzz.vcpu[answer.value].ring = 0;
	fuzz.vcpu[answer.value].used = true;
	fuzz.vcpu[answer.value].vm = vm;
	fuzz.vcpu[answer.value].run = run;
	begin_page(&fuzz.vcpu[answer.value]);
}

static void destroy_vcpu(u64 number)
{
	struct hm_hart *hart = NULL;

	ram_for_call();
	if (number < HM_MAX_VCPUS && fuzz.vcpu[number].used)
		hart = hm_entries[number].vcpu->hart;
	if (CALL_HM(HM_FID_VCPU_DESTROY, number).error)
		return;
	if (number >= HM_MAX_VCPUS || !fuzz.vcpu[number].used || fuzz.vcpu[number].inside ||
	    (hart && hart != machine.hart))
		fail_msg("vCPU %lu is ended", number);
	fuzz.vcpu[number].used = fuzz.vcpu[number].checked = false;
}

static void invalidate(u64 vm, u64 gpa, u64 size)
{
	if (CALL_HM(HM_FID_VM_INVALIDATE, vm, gpa, size).error)
		return;
	if (vm >= HM_MAX_VMS || !fuzz.vm[vm].used || runs(vm))
		fail_msg("memory of VM %lu is taken away", vm);
	for (unsigned int i = 0; i < HM_MAX_VCPUS; i++) {
		struct fuzz_vcpu *vcpu = &fuzz.vcpu[i];

		if (!vcpu->used || vcpu->vm != vm || !vcpu->checked)
			continue;
		oracle_fence_all(&vcpu->oracle);
		if (vcpu->ring && RING_OF(vcpu) - gpa < size) {
			vcpu->ring = false;
			vcpu->pending = 0;
		}
	}
}

/* ---- entries ---- */

static void owe(struct fuzz_vcpu *vcpu, u64 start, u64 size, u64 asid)
{
	vcpu->fence = vcpu->fence.due ? (struct fuzz_fence){ true, 0, 0, ~0ull } :
					(struct fuzz_fence){ true, start, size, asid };
}

/* Whatever the mask says, all vCPUs are fenced. */
static void serve_remote_fence(struct fuzz_vcpu *vcpu, const struct hm_run *run)
{
	const u64 *x = run->x;
	bool legacy = x[17] != SBI_EXT_RFENCE;
	bool by_asid = legacy ? x[17] == SBI_EXT_0_1_REMOTE_SFENCE_VMA_ASID :
				x[16] == SBI_EXT_RFENCE_REMOTE_SFENCE_VMA_ASID;

	for (unsigned int i = 0; i < HM_MAX_VCPUS; i++)
		if (fuzz.vcpu[i].used && fuzz.vcpu[i].vm == vcpu->vm)
			owe(&fuzz.vcpu[i], x[legacy ? 11 : 12], x[legacy ? 12 : 13],
			    by_asid ? x[legacy ? 13 : 14] : ~0ull);
}

/* As the hart gives an exception. */
static void inject(struct hm_run *run)
{
	bool enabled = run->sstatus & MSTATUS_SIE;

	run->scause = run->exit_cause;
	run->stval = run->exit_value;
	run->sepc = run->pc;
	run->flags |= HM_RUN_NEW_TRAP;
	run->pc = run->stvec & -4ull;
	run->sstatus &= ~(u64)(MSTATUS_SPP | MSTATUS_SPIE | MSTATUS_SIE);
	run->sstatus |= (run->priv ? MSTATUS_SPP : 0) | (enabled ? MSTATUS_SPIE : 0);
	run->priv = PRV_S;
}

/* What a host has to do about the last exit (docs/abi.md). */
static void answer_exit(struct fuzz_vcpu *vcpu, struct hm_run *run)
{
	vcpu->exited = false;
	switch (run->exit_reason) {
	case HM_EXIT_REMOTE_FENCE: serve_remote_fence(vcpu, run); /* fall through */
	case HM_EXIT_SBI:
		run->x[10] = 0;
		/* fall through */
	case HM_EXIT_MMIO: run->flags |= HM_RUN_ADVANCE; break;
	case HM_EXIT_TRUE_FAULT: inject(run); break;
	case HM_EXIT_HIDDEN_FAULT: run->flags |= HM_RUN_FILL; break;
	case HM_EXIT_SATP:
	case HM_EXIT_ROOT_MISS:
		run->satp = run->exit_value;
		if (run->satp != vcpu->satp)
			spec_satp(vcpu, run->satp);
		break;
	case HM_EXIT_FLUSH: owe(vcpu, run->fence_start, run->fence_size, run->fence_asid); break;
	}
}

static void ask_for_fence(struct fuzz_vcpu *vcpu, struct hm_run *run)
{
	if (run->flags & HM_RUN_FENCE_VMA) /* one was not carried out yet */
		vcpu->fence = (struct fuzz_fence){ true, 0, 0, ~0ull };
	vcpu->fence.due = false;
	run->fence_start = vcpu->fence.start;
	run->fence_size = vcpu->fence.size;
	run->fence_asid = vcpu->fence.asid;
	run->flags |= HM_RUN_FENCE_VMA;
	spec_fence(vcpu, run->fence_start, run->fence_size, run->fence_asid);
}

static void prepare_page(struct fuzz_vcpu *vcpu, struct hm_run *run)
{
	if (vcpu->exited)
		answer_exit(vcpu, run);
	if (spec_is_full(vcpu))
		owe(vcpu, 0, 0, ~0ull);
	if (vcpu->fence.due)
		ask_for_fence(vcpu, run);
	if (rarely(8))
		run->policy =
			(pick(2) ? HM_POLICY_ALL : pick(16)) | (pick(2) ? HM_POLICY_SET_AD : 0);
	vcpu->oracle.sets_ad = run->policy & HM_POLICY_SET_AD;
	if (rarely(8))
		run->slice_end = pick(2) ? ~0ull : model.time + pick(512);
	if (rarely(8))
		run->flags ^= 1u << pick(3) | (pick(2) ? HM_RUN_FENCE_I : 0);
	spec_pushed(vcpu);
}

/* Tables of the host's own: a root, and below it what leads on or to the guest's memory. */
static void garble_tables(u64 tables)
{
	u64 to = tables + PAGE_SIZE * pick(8);
	u64 *entry =
		ram_dirty(tables + PAGE_SIZE * pick(8) + 8 * oracle_indices[pick(ORACLE_INDICES)]);

	if (!entry)
		return;
	*entry = pte_make(to, pick(2) ? PTE_V : PTE_V | PTE_A | PTE_D | pick(16) << 1);
	if (rarely(8))
		*entry = any_number();
}

static void garble_roots(struct fuzz_vcpu *vcpu, struct hm_run *run)
{
	u64 tables = REGION(REGION_OF(vcpu->vm)) + 0xf0000000;

	for (unsigned int n = 1 + pick(8); n; n--) {
		struct hm_root *root = &run->roots[pick(HM_ROOTS)];

		root->gsatp = guest_any_satp(vcpu);
		root->root = satp_make(rarely(4) ? pick(16) : fuzz.mode, 0,
				       tables + PAGE_SIZE * pick(8));
		root->generation = pick(2);
		garble_tables(tables);
	}
	run->roots_new = 0xffff;
	run->root = pick(rarely(8) ? HM_ROOTS + 1 : 4);
	run->hw_fence = pick(5);
	run->policy = HM_POLICY_HOST_TABLES | pick(8);
	if (pick(2))
		run->policy =
			HM_POLICY_HOST_TABLES | HM_POLICY_LOG_FENCES | (pick(8) & ~HM_POLICY_FLUSH);
}

static void garble_page(struct fuzz_vcpu *vcpu, struct hm_run *run)
{
	u64 *words = (u64 *)run;

	for (unsigned int n = rarely(4) ? pick(4) : 0; n; n--)
		words[pick(PTES_PER_TABLE)] = any_number();
	if (rarely(4))
		garble_roots(vcpu, run);
	else if (rarely(4))
		run->policy = pick(2) ? HM_POLICY_ALL : pick(2 * HM_POLICY_SET_AD);
	if (rarely(4))
		run->flags = (run->flags & HM_RUN_LENDS_CSRS) | pick(256);
	if (pick(8)) {
		run->priv = pick(2);
		run->exit_insn_len = 4;
	}
}

/* What a host may lend stands last. */
static const u32 kept[] = { CSR_STVEC,   CSR_SATP,    CSR_SIE,     CSR_MSTATUS,    CSR_SSCRATCH,
			    CSR_SEPC,    CSR_SCAUSE,  CSR_STVAL,   CSR_SCOUNTEREN, CSR_SENVCFG,
			    CSR_MEDELEG, CSR_MIDELEG, CSR_MENVCFG, CSR_MCOUNTEREN };
#define NEVER_LENT 4

/* The host finds its own world again, but for what it lends. */
static void run_and_compare(unsigned int number, struct hm_answer *answer)
{
	u64 before[COUNT(kept)], pc = 0x1000, timer = model.csr[CSR_STIMECMP];
	bool lent = machine.hart->lent_to;

	for (unsigned int i = 0; i < COUNT(kept); i++)
		before[i] = model.csr[kept[i]];
	model.csr[CSR_MEPC] = pc;
	fuzz.events++;
	*answer = hm_vcpu_run(number);
	lent |= machine.hart->lent_to != NULL;
	for (unsigned int i = 0; i < (lent ? NEVER_LENT : COUNT(kept)); i++)
		if (before[i] != model.csr[kept[i]])
			fail_msg("the host's CSR %#x was %#lx and is %#lx", kept[i], before[i],
				 model.csr[kept[i]]);
	if (model.csr[CSR_MEPC] != pc + 4 || (model.sstc && timer != model.csr[CSR_STIMECMP]))
		fail_msg("the host's pc or timer is another one");
}

/* What the hart has of a checked vCPU whose host lends, and which of it the page has as news. */
struct lent {
	const struct fuzz_vcpu *by;
	u64 flags, sepc, sscratch;
};

static struct lent lent_by_another(const struct fuzz_vcpu *vcpu)
{
	for (unsigned int i = 0; machine.hart->lent_to && i < HM_MAX_VCPUS; i++) {
		const struct fuzz_vcpu *by = &fuzz.vcpu[i];

		if (by != vcpu && by->checked && guest_object(by) == machine.hart->lent_to)
			return (struct lent){ by, ((struct hm_run *)ALIAS(by->run))->flags,
					      model.csr[CSR_SEPC], model.csr[CSR_SSCRATCH] };
	}
	return (struct lent){ NULL };
}

/* Its page has them once the hart has another vCPU's, unless its host has written others since. */
static void check_saved(const struct lent *lent, u64 since)
{
	const struct hm_run *run;

	if (!lent->by || lent->by->prepared >= since || lent->flags & HM_RUN_NEW_CSRS ||
	    guest_object(lent->by) == machine.hart->lent_to)
		return;
	run = ALIAS(lent->by->run);
	if (run->sscratch != lent->sscratch ||
	    (!(lent->flags & HM_RUN_NEW_TRAP) && run->sepc != lent->sepc))
		fail_msg("CSRs that a host lent its guest are lost");
}

static void enter(u64 number)
{
	struct fuzz_vcpu *vcpu = &fuzz.vcpu[number % HM_MAX_VCPUS];
	struct hm_answer answer;
	struct lent lent;
	u64 since = fuzz.steps;

	if (number >= HM_MAX_VCPUS || !vcpu->used || vcpu->inside) {
		ram_for_call();
		if (!hm_vcpu_run(number).error)
			fail_msg("vCPU %lu is entered", number);
		return;
	}
	vcpu->prepared = since;
	if (vcpu->checked)
		prepare_page(vcpu, ALIAS(vcpu->run));
	else
		garble_page(vcpu, ALIAS(vcpu->run));
	say("%lu: hart %u: entry of vCPU %lu\n", fuzz.steps, fuzz.hart, number);
	lent = lent_by_another(vcpu);
	fuzz.current[fuzz.hart] = number;
	vcpu->inside = true;
	ram_for_entry(number);
	if (!vcpu->checked && rarely(4))
		ram_race(1 + pick(64));
	run_and_compare(number, &answer);
	ram_race(0);
	vcpu->inside = false;
	fuzz.current[fuzz.hart] = NOBODY;
	say("%lu: hart %u: vCPU %lu: %ld, exit %lu\n", fuzz.steps, fuzz.hart, number, answer.error,
	    answer.value);
	check_saved(&lent, since);
	if (answer.error) {
		if (vcpu->checked && hm_entries[number].vcpu->hart == machine.hart)
			fail_msg("error %ld of an entry", answer.error);
		return;
	}
	if (answer.value >= HM_EXIT_COUNT)
		fail_msg("exit %lu", answer.value);
	vcpu->exited = true;
}

/* ---- steps ---- */

/* One thing is wrong with each. */
static void step_bad_slot(u64 vm, u64 home)
{
	static const u64 no_ram[] = { POOL_BASE, POOL_END - PAGE_SIZE, FIRMWARE_END - PAGE_SIZE,
				      POOL_BASE - PAGE_SIZE, FUZZ_END - PAGE_SIZE };
	u64 n = 3 + pick(5), gpa = 0x300000000, all = HM_SLOT_R | HM_SLOT_W | HM_SLOT_X;

	switch (pick(6)) {
	case 0: set_slot(vm, n, gpa, no_ram[pick(COUNT(no_ram))], 2 * PAGE_SIZE, all); break;
	case 1: set_slot(vm, n, RAM_GPA + RAM_SIZE - PAGE_SIZE, home, 2 * PAGE_SIZE, all); break;
	case 2: set_slot(vm, n, gpa + pick(4096), home + (pick(2) ? 0 : 8), PAGE_SIZE, all); break;
	case 3: set_slot(vm, n, -PAGE_SIZE, home, 2 * PAGE_SIZE, all); break;
	case 4: set_slot(vm, n, gpa, home, PAGE_SIZE, HM_SLOT_W | pick(2) << 3); break;
	case 5:
		set_slot(pick(2) ? vm : any_number(), HM_MAX_SLOTS + any_number(), any_number(),
			 any_number(), any_number(), any_number());
		break;
	}
}

static void step_slot(void)
{
	u64 vm = pick(4), home = REGION(REGION_OF(vm)), size = pick(5) * 0x201000;

	if (rarely(4)) {
		step_bad_slot(vm, home);
		return;
	}
	if (pick(2))
		set_slot(vm, 1, 0x200000000, home + (pick(2) ? 0xd0000000 : 0xd0003000),
			 rarely(4) ? 0 : 0x501000, HM_SLOT_R | HM_SLOT_W | HM_SLOT_X);
	else if (vm && rarely(4))
		set_slot(vm, pick(8), guest_frames[pick(GUEST_FRAMES)],
			 home + PAGE_SIZE * pick(512), rarely(4) ? 0 : size, 1 + pick(7));
	else
		set_slot(vm, 2, 0x210000000, home + 0xe0000000, rarely(4) ? 0 : 0x400000,
			 pick(2) ? HM_SLOT_R | HM_SLOT_X : HM_SLOT_R);
}

static void step_objects(void)
{
	switch (pick(8)) {
	case 0: create_vm(rarely(8) ? any_number() : pick(HM_ROOTS + 2)); break;
	case 1: destroy_vm(rarely(8) ? any_number() : pick(4)); break;
	case 2 ... 3:
		create_vcpu(pick(4), pick(FUZZ_VCPUS),
			    rarely(8) ? any_number() : SSP_MIN_TABLES + pick(64));
		break;
	case 4: destroy_vcpu(rarely(8) ? any_number() : pick(FUZZ_VCPUS)); break;
	case 5:
		invalidate(rarely(8) ? any_number() : pick(4), guest_frames[pick(GUEST_FRAMES)],
			   PAGE_SIZE * pick(256));
		break;
	default: step_slot();
	}
}

static void step_answers(void)
{
	u64 to = pick(2) ? ANSWERS : pick(2) ? POOL_BASE + 8 * pick(512) : any_number();
	u64 size = rarely(4) ? any_number() :
		   rarely(4) ? HM_STATS_SIZE_4_2 :
			       sizeof(struct hm_stats);

	if (to != ANSWERS && is_hosts(to, size))
		return;
	if (pick(2))
		CALL_HM(HM_FID_VCPU_STATS, pick(FUZZ_VCPUS), to, size);
	else
		CALL_HM(HM_FID_INFO, to,
			size == sizeof(struct hm_stats) ? sizeof(struct hm_info) : size);
}

/* The host's interrupts, and a call that is none. */
static void step_rest(void)
{
	struct sbi_trap_context context = { .trap.cause = MCAUSE_IRQ_MASK | IRQ_M_EXT };

	end_lending();
	ram_for_call();
	switch (pick(5)) {
	case 0: __wrap_sbi_trap_handler(&context); break;
	case 1: CALL_HM(HM_FID_EXT_IRQ_DONE, 0); break;
	case 2:
		model_write(CSR_SIE, pick(2) ? 0 : pick(1024));
		model_write(CSR_SIP, 0);
		model_write(CSR_SSCRATCH, any_number());
		break;
	case 4:
		__wrap_sbi_timer_event_start(model.time + pick(512));
		model_change(CSR_MIE, pick(2) ? MIP_MTIP : 0, model.sstc ? 0 : MIP_MTIP);
		break;
	case 3: CALL_HM(rarely(4) ? any_number() : HM_FID_COUNT + pick(4), any_number()); break;
	}
	model.time += pick(256);
}

void host_step(void)
{
	unsigned int kind = pick(16);

	if (fuzz.closing)
		return;
	if (kind < 11)
		enter(rarely(16) ? any_number() : pick(4));
	else if (kind < 14)
		step_objects();
	else if (kind < 15)
		step_answers();
	else
		step_rest();
}

/* ---- the beginning and the end ---- */

static void begin_vm(unsigned int vm)
{
	u64 home = REGION(REGION_OF(vm));

	create_vm(vm % 2 ? 1 + pick(3) : 0);
	set_slot(vm, 0, RAM_GPA, ram_home(vm, RAM_GPA), RAM_SIZE,
		 HM_SLOT_R | HM_SLOT_W | HM_SLOT_X);
	set_slot(vm, 1, 0x200000000, home + 0xd0000000, 0x501000,
		 HM_SLOT_R | HM_SLOT_W | HM_SLOT_X);
	set_slot(vm, 2, 0x210000000, home + 0xe0000000, 0x400000, HM_SLOT_R | HM_SLOT_X);
}

static void begin_checked(unsigned int number)
{
	struct fuzz_vcpu *vcpu = &fuzz.vcpu[number];

	vcpu->checked = true;
	oracle_reset(&vcpu->oracle, 0);
	memcpy(vcpu->oracle.slot, fuzz.vm[0].slot, sizeof(vcpu->oracle.slot));
	vcpu->oracle.slot_count = SSP_MAX_SLOTS;
}

void host_begin(void)
{
	unsigned int checked = 1 + pick(2);

	assert_true(!hm_register_host_extension());
	begin_vm(0);
	begin_vm(1);
	for (unsigned int n = 0; n < 4; n++)
		create_vcpu(n < checked ? 0 : 1, n, SSP_MIN_TABLES + pick(2) * pick(96));
	memset(&memory.guest, 0, sizeof(memory.guest));
	for (unsigned int n = 0; n < checked; n++)
		begin_checked(n);
	guest_begin_tables(0);
	guest_begin_tables(1);
}

void host_end(void)
{
	for (unsigned int hart = 0; hart < FUZZ_HARTS; hart++) {
		harts_turn(hart);
		for (u64 n = 0; n < HM_MAX_VCPUS; n++)
			destroy_vcpu(n);
	}
	for (u64 n = 0; n < HM_MAX_VMS; n++)
		destroy_vm(n);
	if (hm_pool_free_pages() != PAGES_OF_POOL)
		fail_msg("%u pages of the pool are free at the end", hm_pool_free_pages());
}
