// SPDX-License-Identifier: BSD-2-Clause
/*
 * guest.c - one step of a guest: what it does by itself, or a trap.  Guest and host of the checked
 * VM keep to what they may expect; all others store anything anywhere.
 */
#include "fuzz.h"

#include <sbi/sbi_ecall_interface.h>

#include "../../unit/ssp/guest.h"
#include "guest.h"

#define MOST_CALLS 3  /* of the firmware, until an access that may proceed does */
#define NOT_RAISED 63 /* in scause before a trap */

struct hm_run *guest_run_page(const struct fuzz_vcpu *vcpu)
{
	return ALIAS(vcpu->run);
}

struct hm_vcpu *guest_object(const struct fuzz_vcpu *vcpu)
{
	return hm_entries[vcpu - fuzz.vcpu].vcpu;
}

void guest_begin_tables(unsigned int vm)
{
	struct fuzz_vcpu *vcpu = fuzz.vcpu;

	while (vcpu->vm != vm)
		vcpu++;
	for (unsigned int table = 0; table < GUEST_TABLES; table++)
		for (unsigned int i = 0; i < ORACLE_INDICES; i++)
			spec_write(vcpu, table, i, guest_random_pte(&fuzz.choices, table));
}

/* A trap from its entry to its end, while others may store to what is read. */
enum hm_next guest_take(struct fuzz_vcpu *vcpu, u64 cause, u64 tval, bool race)
{
	u64 pc = model.csr[CSR_MEPC];
	enum hm_next next;

	ram_for_trap(vcpu - fuzz.vcpu);
	if (race && rarely(8))
		ram_race(1 + pick(16));
	model_write(CSR_SCAUSE, NOT_RAISED);
	next = guest_trap(cause, tval);
	ram_race(0);
	fuzz.events++;
	say("%lu: hart %u, vCPU %u: cause %lx, %#lx at %#lx: %s, pc %#lx, scause %lu\n", fuzz.steps,
	    fuzz.hart, (unsigned int)(vcpu - fuzz.vcpu), cause, tval, pc, next ? "exit" : "resume",
	    (u64)model_read(CSR_MEPC), (u64)model_read(CSR_SCAUSE));
	if (next == HM_RESUME)
		check_guest_world(vcpu);
	check_tables(vcpu);
	return next;
}

bool guest_was_raised(void)
{
	return model_read(CSR_SCAUSE) != NOT_RAISED;
}

/* ---- addresses and accesses ---- */

/* Some access that was let through under this top table before: others come back to it. */
static struct access *recently(struct fuzz_vcpu *vcpu)
{
	u64 table = (satp_table(vcpu->satp) - RAM_GPA) >> PAGE_SHIFT;

	return &vcpu->recent[table % GUEST_TABLES][pick(RECENT)];
}

u64 guest_address(struct fuzz_vcpu *vcpu)
{
	const struct satp_mode_info *mode = &satp_modes[satp_mode(vcpu->satp)];
	u64 va = pick(512) * 8, recent;

	if (pick(4)) {
		recent = recently(vcpu)->va;
		return pick(4) ? recent : recent ^ 1ull << (PAGE_SHIFT + 9 * pick(3));
	}
	if (!mode->levels)
		return guest_frames[pick(GUEST_FRAMES)] + va;
	for (int level = 0; level < mode->levels; level++)
		va |= (u64)oracle_indices[pick(ORACLE_INDICES)] << (PAGE_SHIFT + 9 * level);
	if (rarely(64))
		return va ^ 1ull << 63;
	return (s64)(va << (64 - mode->va_bits)) >> (64 - mode->va_bits);
}

static struct access any_access(struct fuzz_vcpu *vcpu)
{
	static const u8 kinds[] = { SSP_FETCH, SSP_LOAD, SSP_STORE };

	if (pick(3))
		return *recently(vcpu);
	return (struct access){
		.va = guest_address(vcpu),
		.kind = kinds[pick(sizeof(kinds))],
		.state = random_state(&fuzz.choices),
	};
}

/* The hart is where the access is made from. */
static void set_state(unsigned int state)
{
	model.priv = state & SSP_USER ? PRV_U : PRV_S;
	model_change(CSR_SSTATUS, MSTATUS_SUM | MSTATUS_MXR,
		     (state & SSP_SUM ? MSTATUS_SUM : 0) | (state & SSP_MXR ? MSTATUS_MXR : 0));
}

unsigned int guest_state(void)
{
	u64 sstatus = model_read(CSR_SSTATUS);

	return (model.priv == PRV_U ? SSP_USER : 0) | (sstatus & MSTATUS_SUM ? SSP_SUM : 0) |
	       (sstatus & MSTATUS_MXR ? SSP_MXR : 0);
}

static bool find_entry(u64 gpa, u64 va, int level, unsigned int *table, unsigned int *index)
{
	unsigned int i = 0;

	while (i < ORACLE_INDICES && oracle_indices[i] != pte_index(va, level))
		i++;
	if (i == ORACLE_INDICES || gpa - RAM_GPA >= GUEST_TABLES * PAGE_SIZE)
		return false;
	*table = (gpa - RAM_GPA) >> PAGE_SHIFT;
	*index = i;
	return true;
}

static u64 entry_value(const struct fuzz_vcpu *vcpu, unsigned int table, unsigned int index)
{
	const u64 *entry = ALIAS(ram_home(vcpu->vm, guest_table(table)));

	return entry[oracle_indices[index]];
}

/* A kernel's page-fault handler: makes what is missing, without a fence. */
static void repair(struct fuzz_vcpu *vcpu, const struct access *access)
{
	int level = satp_modes[satp_mode(vcpu->satp)].levels - 1;
	u64 at = satp_table(vcpu->satp), value = 0;
	unsigned int table, index;

	for (;; level--, at = pte_address(value)) {
		if (level < 0 || !find_entry(at, access->va, level, &table, &index))
			return;
		value = entry_value(vcpu, table, index);
		if (!(value & PTE_V) || (value & PTE_RWX) || level == 0)
			break;
	}
	if (level > 0 && pick(4)) {
		spec_write(vcpu, table, index, guest_random_link(&fuzz.choices, level));
		return;
	}
	value = guest_random_leaf(&fuzz.choices, level) | PTE_V | PTE_R | PTE_A | PTE_D |
		(access->kind == SSP_FETCH ? PTE_X :
		 access->kind == SSP_STORE ? PTE_W :
					     0);
	value = access->state & SSP_USER ? value | PTE_U : value & ~PTE_U;
	spec_write(vcpu, table, index, value);
}

/* ---- what a page fault came to ---- */

/* By the tables as they are, with A or without. */
static bool ends_outside(const struct fuzz_vcpu *vcpu, const struct access *access)
{
	struct outcome walk = oracle_walk(&vcpu->oracle, access);

	for (unsigned int i = 0; walk.kind == UNMARKED && i < HM_MAX_SLOTS; i++)
		if (walk.address - fuzz.vm[vcpu->vm].slot[i].gpa < fuzz.vm[vcpu->vm].slot[i].size)
			return false;
	return walk.kind == OUTSIDE || walk.kind == UNMARKED;
}

/* May it end outside RAM by what a leaf says, of some level? */
static bool may_end_outside(const struct oracle *oracle, const struct access *access, u64 leaf)
{
	for (int level = 0; level < MAX_LEVELS; level++) {
		u64 size = level_size(level), gpa = pte_address(leaf) & -size;

		if (oracle_allows(oracle, access,
				  (struct outcome){ OUTSIDE, gpa | (access->va & (size - 1)) }))
			return true;
	}
	return false;
}

/* ... by what an entry is or was; one that another hart has stored may lead anywhere. */
static bool may_have_ended_outside(const struct oracle *oracle, const struct access *access)
{
	for (unsigned int n = 0; n < GUEST_TABLES * ORACLE_INDICES; n++) {
		unsigned int table = n / ORACLE_INDICES, index = n % ORACLE_INDICES;

		for (unsigned int i = 0; i < oracle->entry[table][index].count; i++)
			if (may_end_outside(oracle, access,
					    oracle->entry[table][index].version[i].value))
				return true;
	}
	return false;
}

/* A fetch that ends outside RAM is an access fault as well. */
static void expect_fetch_access(struct fuzz_vcpu *vcpu, const struct access *access)
{
	if (!vcpu->checked || ends_outside(vcpu, access) ||
	    may_have_ended_outside(&vcpu->oracle, access))
		return;
	spec_expect(vcpu, access, (struct outcome){ ACCESS_FAULT, 0 },
		    "an access fault of a fetch for nothing");
}

/* The guest has an exception of this access, or of the fetch of its instruction. */
void guest_expect_raised(struct fuzz_vcpu *vcpu, struct access access, u64 pc)
{
	u64 cause = model_read(CSR_SCAUSE), value = model_read(CSR_STVAL);

	if (model_read(CSR_SEPC) != pc || model_read(CSR_MEPC) != (model_read(CSR_STVEC) & ~3ull))
		fail_msg("an exception at %#lx leads to %#lx", pc, (u64)model_read(CSR_MEPC));
	if (model.priv != PRV_S)
		fail_msg("an exception is not handled in S-mode");
	if (cause == ssp_page_fault(SSP_FETCH) || cause == ssp_access_fault(SSP_FETCH)) {
		if (value != access.va || access.kind != SSP_FETCH)
			access = (struct access){ value, SSP_FETCH, access.state };
		if (value - pc > 2 && value != access.va)
			fail_msg("a fault of a fetch at %#lx says %#lx", pc, value);
	} else if (value != access.va) {
		fail_msg("a fault at %#lx says %#lx", access.va, value);
	}
	if (cause == ssp_page_fault(access.kind))
		spec_expect(vcpu, &access, (struct outcome){ PAGE_FAULT, 0 },
			    "a page fault for nothing");
	else if (cause == ssp_access_fault(SSP_FETCH) && access.kind == SSP_FETCH)
		expect_fetch_access(vcpu, &access);
	else if (cause == ssp_access_fault(access.kind))
		spec_expect(vcpu, &access, (struct outcome){ ACCESS_FAULT, 0 },
			    "an access fault for nothing");
	else
		fail_msg("cause %lu for an access of kind %d", cause, access.kind);
	if (pick(2))
		repair(vcpu, &access);
}

/* The host is told of it. */
static void expect_exit(struct fuzz_vcpu *vcpu, const struct access *access)
{
	const struct hm_run *run = guest_run_page(vcpu);

	if (run->exit_cause != ssp_page_fault(access->kind) || run->exit_value != access->va)
		fail_msg("an exit for cause %lu at %#lx", run->exit_cause, run->exit_value);
	switch (run->exit_reason) {
	case HM_EXIT_TRUE_FAULT:
		spec_expect(vcpu, access, (struct outcome){ PAGE_FAULT, 0 },
			    "an exit for a page fault that is none");
		break;
	case HM_EXIT_MMIO:
		spec_expect(vcpu, access, (struct outcome){ OUTSIDE, run->exit_gpa },
			    "an access to a device that is none");
		break;
	case HM_EXIT_HIDDEN_FAULT: break;
	case HM_EXIT_PAGE_FAULT:
		if (hm_host_tables(guest_object(vcpu)))
			break;
		/* fall through */
	default: fail_msg("exit %lu for a page fault", run->exit_reason);
	}
}

/* The hart lets it through: to where a slot is, with rights that it has. */
static void expect_mapped(struct fuzz_vcpu *vcpu, const struct access *access, u64 hpa)
{
	static const u8 needs[] = { [SSP_FETCH] = PTE_X,
				    [SSP_LOAD] = PTE_R, /* by MXR, too: slots are readable */
				    [SSP_STORE] = PTE_W };
	const struct fuzz_vm *vm = &fuzz.vm[vcpu->vm];

	*recently(vcpu) = *access;
	say("%lu: hart %u, vCPU %u: access %d at %#lx reaches %#lx\n", fuzz.steps, fuzz.hart,
	    (unsigned int)(vcpu - fuzz.vcpu), access->kind, access->va, hpa);
	spec_expect(vcpu, access, (struct outcome){ MAPPED, hpa },
		    "a stale or wrong translation is used");
	for (unsigned int i = 0; i < HM_MAX_SLOTS; i++) {
		const struct ssp_slot *slot = &vm->slot[i];

		if (hpa - slot->delta - slot->gpa < slot->size &&
		    slot->rights & needs[access->kind])
			return;
	}
	fail_msg("access %d at %#lx reaches %#lx, which is not the guest's", access->kind,
		 access->va, hpa);
}

static enum hm_next take_fault(struct fuzz_vcpu *vcpu, const struct access *access, bool race)
{
	enum hm_next next;

	fuzz.access = access;
	next = guest_take(vcpu, ssp_page_fault(access->kind), access->va, race);
	fuzz.access = NULL;
	return next;
}

/* True: it left the guest world. */
bool guest_access(struct fuzz_vcpu *vcpu, const struct access *access)
{
	u64 pc = access->kind == SSP_FETCH ? access->va & -2ull : guest_address(vcpu) & -2ull, hpa;

	if (access->kind == SSP_FETCH && access->va & 1)
		return false;
	fuzz.forestalled = 0;
	for (unsigned int calls = 0;; calls++) {
		set_state(access->state);
		if (!hm_host_tables(guest_object(vcpu)) && harts_access(access, &hpa)) {
			expect_mapped(vcpu, access, hpa);
			return false;
		}
		if (calls > MOST_CALLS + fuzz.forestalled)
			fail_msg("the same access faults again and again");
		model.csr[CSR_MEPC] = pc;
		if (take_fault(vcpu, access, !calls) == HM_EXIT) {
			expect_exit(vcpu, access);
			return true;
		}
		if (guest_was_raised()) {
			guest_expect_raised(vcpu, *access, pc);
			return false;
		}
		if (hm_host_tables(guest_object(vcpu)) || vcpu->full)
			return false;
	}
}

static bool step_accesses(struct fuzz_vcpu *vcpu)
{
	for (unsigned int n = 1 + pick(8); n; n--) {
		struct access access = any_access(vcpu);

		if (guest_access(vcpu, &access))
			return true;
	}
	return false;
}

/* ---- stores to tables ---- */

static void step_write(struct fuzz_vcpu *vcpu)
{
	int levels = satp_modes[satp_mode(vcpu->satp)].levels;
	u64 va = guest_address(vcpu), at = satp_table(vcpu->satp);
	unsigned int table = pick(GUEST_TABLES), index = pick(ORACLE_INDICES);

	for (int level = levels - 1; level >= 0; level--) {
		if (!find_entry(at, va, level, &table, &index) || rarely(levels + 2))
			break;
		at = pte_address(entry_value(vcpu, table, index));
	}
	spec_write(vcpu, table, index,
		   pick(2) ? guest_random_pte(&fuzz.choices, table) :
			     entry_value(vcpu, table, index) ^ 1ull << pick(8));
}

/* Anything, to a table or wherever its memory is. */
static void step_garbage(struct fuzz_vcpu *vcpu)
{
	u64 gpa = pick(2) ? guest_table(pick(GUEST_TABLES + FUZZ_VCPUS)) :
			    guest_frames[pick(GUEST_FRAMES)];
	u64 *page;

	if (vcpu->checked || gpa < RAM_GPA || gpa >= RAM_GPA + RAM_SIZE)
		return;
	page = ram_dirty(ram_home(vcpu->vm, gpa));
	if (!page)
		return;
	if (pick(2)) /* leaves side by side */
		for (unsigned int i = 0; i < 8; i++)
			page[(pick(2) ? 0 : 248) + i] = guest_random_leaf(&fuzz.choices, 0);
	else
		page[pick(2) ? pick(PTES_PER_TABLE) : oracle_indices[pick(ORACLE_INDICES)]] =
			any_number();
}

/* The hart may walk to anywhere at any time. */
static void speculate(struct fuzz_vcpu *vcpu)
{
	for (unsigned int n = pick(4); n && !hm_host_tables(guest_object(vcpu)); n--) {
		struct access access = any_access(vcpu);
		u64 hpa;

		harts_access(&access, &hpa);
	}
}

bool guest_step(struct fuzz_vcpu *vcpu)
{
	unsigned int kind = pick(64);

	ram_for_trap(vcpu - fuzz.vcpu); /* another hart's step was before */
	if (fuzz.closing)
		return guest_take(vcpu, CAUSE_SUPERVISOR_ECALL + 2, 0, false) == HM_EXIT;
	if (!vcpu->checked) /* its host writes what it likes into its page */
		vcpu->satp = hm_guest_satp(guest_object(vcpu));
	if (spec_is_full(vcpu))
		return guest_fence_everything(vcpu);
	speculate(vcpu);
	if (kind < 22)
		return step_accesses(vcpu);
	if (kind < 32)
		step_write(vcpu);
	else if (kind < 34)
		step_garbage(vcpu);
	else
		return guest_step_trap(vcpu, kind - 34);
	return false;
}
