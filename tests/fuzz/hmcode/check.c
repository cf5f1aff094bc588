// SPDX-License-Identifier: BSD-2-Clause
/* check.c - what holds whenever the firmware has left a hart to somebody else. */
#include "fuzz.h"

#include "core/pool.h"

/* ssp/check.c: the invariants of the engine. */
static void check_engine(struct ssp_space *space)
{
	const char *broken = ssp_check(space);

	if (broken)
		fail_msg("%s", broken);
}

/* Rule 1, by the slots that the host has given: their rights are the most that a leaf has. */
static void check_leaf(const struct fuzz_vm *vm, u64 leaf, int level)
{
	for (unsigned int i = 0; i < HM_MAX_SLOTS; i++) {
		const struct ssp_slot *slot = &vm->slot[i];
		u64 offset = pte_address(leaf) - slot->delta - slot->gpa;

		if (slot->size && offset < slot->size && level_size(level) <= slot->size - offset) {
			if (leaf & PTE_RWX & ~slot->rights)
				fail_msg("leaf %#lx has more rights than its slot", leaf);
			return;
		}
	}
	fail_msg("leaf %#lx of level %d leads out of the slots", leaf, level);
}

/* All that a walk from here on can come to: tables of this vCPU, and leaves. */
static void check_table(const struct ssp_space *space, const struct fuzz_vm *vm, u64 table,
			int level)
{
	u64 end = space->pool_hpa + space->table_count * PAGE_SIZE;
	const u64 *entries = ALIAS(table);

	if (table < space->pool_hpa || table >= end)
		fail_msg("a table at %#lx, which is not this vCPU's", table);
	for (unsigned int i = 0; i < PTES_PER_TABLE; i++) {
		if (!(entries[i] & PTE_V))
			continue;
		if (pte_is_leaf(entries[i]))
			check_leaf(vm, entries[i], level);
		else if (!level)
			fail_msg("a link in a table of pages");
		else
			check_table(space, vm, pte_address(entries[i]), level - 1);
	}
}

static void check_satp(const struct ssp_space *space, const struct fuzz_vcpu *vcpu)
{
	u64 satp = model.csr[CSR_SATP];

	if (!satp_modes[satp_mode(satp)].levels || !(model.satp_modes >> satp_mode(satp) & 1))
		fail_msg("the guest runs on satp %#lx", satp);
	if (machine.hart->asid_limit && !satp_asid(satp))
		fail_msg("the guest runs under the host's ASID");
	check_table(space, &fuzz.vm[vcpu->vm], satp_table(satp),
		    satp_modes[satp_mode(satp)].levels - 1);
}

/* The guest's world is its own, and no more. */
void check_guest_world(const struct fuzz_vcpu *vcpu)
{
	u64 mstatus = model.csr[CSR_MSTATUS], mie = model.csr[CSR_MIE];

	if ((mstatus & (MSTATUS_TVM | MSTATUS_TSR | MSTATUS_MPRV)) != MSTATUS_TVM)
		fail_msg("the guest runs with mstatus %#lx", mstatus);
	if ((mstatus & MSTATUS_MPP) >> MSTATUS_MPP_SHIFT > PRV_S)
		fail_msg("the guest runs in M-mode");
	if (model.csr[CSR_MEPC] & 1)
		fail_msg("the guest's pc is odd");
	if (model.csr[CSR_MEDELEG] & ~(u64)(HM_GUEST_MEDELEG | HM_MISALIGNED))
		fail_msg("medeleg is %#lx", model.csr[CSR_MEDELEG]);
	if (model.csr[CSR_MIDELEG] != (MIP_SSIP | MIP_STIP | MIP_SEIP))
		fail_msg("mideleg is %#lx", model.csr[CSR_MIDELEG]);
	if (model.csr[CSR_MENVCFG] & ~(u64)(ENVCFG_STCE | ENVCFG_CBZE))
		fail_msg("menvcfg is %#lx", model.csr[CSR_MENVCFG]);
	if ((model.csr[CSR_MCOUNTEREN] & ~(u64)HM_GUEST_COUNTERS) ||
	    !(model.csr[CSR_MCOUNTEREN] & 2))
		fail_msg("mcounteren is %#lx", model.csr[CSR_MCOUNTEREN]);
	if (machine.hart->host_deadline != HM_NO_DEADLINE &&
	    (!(mie & MIP_MTIP) || machine.timer > machine.hart->host_deadline))
		fail_msg("the guest runs beyond the host's timer");
	(void)vcpu;
}

void check_tables(const struct fuzz_vcpu *vcpu)
{
	struct hm_vcpu *object = hm_entries[vcpu - fuzz.vcpu].vcpu;

	check_engine(&object->space);
	if (!hm_host_tables(object))
		check_satp(&object->space, vcpu);
}
