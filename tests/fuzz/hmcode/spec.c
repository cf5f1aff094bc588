// SPDX-License-Identifier: BSD-2-Clause
/*
 * spec.c - what each vCPU of the checked VM may see, by the oracle: both look at the same tables,
 * and each has fences and a satp of its own.  A fence is noted before the firmware carries it out,
 * since what is stored meanwhile may be seen or not.
 */
#include "fuzz.h"

/* VM 0 has vCPUs 0 and 1 from the beginning: vCPUs that come later have no oracle. */
#define CHECKED 2

static bool has_room(unsigned int table, unsigned int index)
{
	for (unsigned int i = 0; i < CHECKED; i++)
		if (fuzz.vcpu[i].checked &&
		    fuzz.vcpu[i].oracle.entry[table][index].count == ORACLE_VERSIONS)
			return false;
	return true;
}

/* A store of the guest to one of its tables. */
void spec_write(struct fuzz_vcpu *vcpu, unsigned int table, unsigned int index, u64 value)
{
	u64 *entry = ALIAS(ram_home(vcpu->vm, guest_table(table)));

	if (vcpu->checked && !has_room(table, index))
		return;
	for (unsigned int i = 0; i < CHECKED && vcpu->checked; i++)
		if (fuzz.vcpu[i].checked)
			oracle_write(&fuzz.vcpu[i].oracle, table, index, value);
	entry[oracle_indices[index]] = value;
}

/* Does the architecture let the access that faults set these bits, in an entry of some level? */
static bool may_mark(const struct fuzz_vcpu *vcpu, u64 old, u64 new)
{
	const struct access *access = fuzz.access;

	if (!vcpu->oracle.sets_ad || !(old & PTE_V) || (new & ~old &PTE_D && !(old & PTE_W)))
		return false;
	if (!access)
		return true;
	if (new != (old | ssp_marks(access->kind)))
		return false;
	for (int level = 0; level < MAX_LEVELS; level++) {
		u64 gpa = pte_address(old) + (access->va & (level_size(level) - 1));

		if (oracle_allows(&vcpu->oracle, access, (struct outcome){ UNMARKED, gpa }))
			return true;
	}
	return false;
}

bool spec_mark(struct fuzz_vcpu *vcpu, u64 hpa, u64 old, u64 new)
{
	u64 table = (hpa - ram_home(vcpu->vm, RAM_GPA)) >> PAGE_SHIFT;
	unsigned int index = 0;

	while (index < ORACLE_INDICES && oracle_indices[index] != hpa / 8 % PTES_PER_TABLE)
		index++;
	if (table >= GUEST_TABLES || index == ORACLE_INDICES || !may_mark(vcpu, old, new))
		fail_msg("%#lx is set at %#lx for nothing", new, hpa);
	if (!has_room(table, index)) {
		for (unsigned int i = 0; i < CHECKED; i++)
			fuzz.vcpu[i].full = fuzz.vcpu[i].checked;
		return false;
	}
	spec_write(vcpu, table, index, new);
	return true;
}

static void forget(struct fuzz_vcpu *vcpu)
{
	oracle_fence_all(&vcpu->oracle);
	vcpu->full = false;
}

void spec_fence_all(struct fuzz_vcpu *vcpu)
{
	if (vcpu->checked)
		forget(vcpu);
}

static void fence_pages(struct fuzz_vcpu *vcpu, u64 va, u64 pages, const u16 *asid)
{
	if (!oracle_fence_pages(&vcpu->oracle, va, pages, asid))
		fail_msg("no room for a fence"); /* guest.c makes some in time */
}

/* As SBI's RFENCE has it, where 0 bytes are all addresses; asid ~0: all. */
void spec_fence(struct fuzz_vcpu *vcpu, u64 start, u64 size, u64 asid)
{
	u16 number = asid;
	const u16 *by_asid = asid == ~0ull ? NULL : &number;
	u64 last = start + size - 1;

	if (!vcpu->checked)
		return;
	if (size && last >= start)
		fence_pages(vcpu, start & -PAGE_SIZE,
			    (last >> PAGE_SHIFT) - (start >> PAGE_SHIFT) + 1, by_asid);
	else if (!by_asid)
		forget(vcpu);
	else if (!oracle_fence(&vcpu->oracle, NULL, by_asid))
		fail_msg("no room for a fence");
}

void spec_satp(struct fuzz_vcpu *vcpu, u64 satp)
{
	vcpu->satp = satp;
	if (vcpu->checked && !oracle_satp(&vcpu->oracle, satp))
		fail_msg("no room for a satp");
}

/* What was pushed into the ring is effective from now on. */
void spec_pushed(struct fuzz_vcpu *vcpu)
{
	for (unsigned int n = 0; n < vcpu->pending; n++)
		spec_fence(vcpu, vcpu->pushed[n].va, vcpu->pushed[n].pages * PAGE_SIZE,
			   vcpu->pushed[n].op == HM_RING_OP_FLUSH ? vcpu->pushed[n].asid : ~0ull);
	vcpu->pending = 0;
}

/* A fence of everything is due, before there is no room for what comes. */
bool spec_is_full(const struct fuzz_vcpu *vcpu)
{
	return vcpu->checked &&
	       (vcpu->full || vcpu->oracle.fences + vcpu->pending > ORACLE_EVENTS / 2 ||
		vcpu->oracle.runs > ORACLE_EVENTS - 8);
}

void spec_expect(const struct fuzz_vcpu *vcpu, const struct access *access, struct outcome outcome,
		 const char *otherwise)
{
	if (vcpu->checked && !oracle_allows(&vcpu->oracle, access, outcome))
		fail_msg("%s: va %#lx, kind %d, state %#x, satp %#lx: %d at %#lx", otherwise,
			 access->va, access->kind, access->state, vcpu->satp, outcome.kind,
			 outcome.address);
}
