/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * csrs.h - supervisor CSRs at a switch of worlds.  The guest's are read from the run page, each
 * once, and written to it, by the names that they have there; the host's are kept in its hart.  Any
 * value of the page will do: CSRs keep what they can, and what is not the guest's is masked.
 */
#ifndef HM_CSRS_H
#define HM_CSRS_H

#include "core/vcpu.h"
#include "metal/hart.h"

/*
 * What each hart has and both worlds use as it is: the field of hm_run and of hm_s_state, and the
 * CSR.  A host may lend them all, and senvcfg (lending.h).
 */
#define TRAP_CSRS(X)      \
	X(sepc, SEPC)     \
	X(scause, SCAUSE) \
	X(stval, STVAL)
#define OTHER_CSRS(X)         \
	X(sscratch, SSCRATCH) \
	X(scounteren, SCOUNTEREN)

/*
 * sstc, envcfg: what the hart has.  Constants most often, where these are expanded: so a switch
 * asks once.
 */
#define EXPANDED static inline __attribute__((always_inline))

/* ---- the guest's ---- */

#define LOAD(field, CSR) hart_write(CSR_##CSR, hm_read(run->field));
#define SAVE(field, CSR) run->field = hart_read(CSR_##CSR);

EXPANDED void load_trap_csrs(const struct hm_run *run){ TRAP_CSRS(LOAD) }

EXPANDED void load_other_csrs(const struct hm_run *run, bool envcfg)
{
	OTHER_CSRS(LOAD)
	if (envcfg)
		hart_write(CSR_SENVCFG, hm_read(run->senvcfg));
}

EXPANDED void save_trap_csrs(struct hm_run *run){ TRAP_CSRS(SAVE) }

EXPANDED void save_other_csrs(struct hm_run *run, bool envcfg)
{
	OTHER_CSRS(SAVE)
	if (envcfg)
		run->senvcfg = hart_read(CSR_SENVCFG);
}

#undef LOAD
#undef SAVE

/*
 * Those that each entry and each exit move.  Without Sstc a guest's stimecmp is its SBI timer, and
 * a host's is not used.
 */
EXPANDED void load_guest_csrs(struct hm_vcpu *vcpu, const struct hm_run *run, bool sstc)
{
	hart_write(CSR_STVEC, hm_read(run->stvec));
	if (sstc)
		hart_write(CSR_STIMECMP, hm_read(run->stimecmp));
	else
		vcpu->timer = hm_read(run->stimecmp);
}

/* sstatus is moved with mstatus. */
EXPANDED void save_guest_csrs(const struct hm_vcpu *vcpu, struct hm_run *run, bool sstc)
{
	run->stvec = hart_read(CSR_STVEC);
	run->stimecmp = sstc ? hart_read(CSR_STIMECMP) : vcpu->timer;
}

/* ---- the host's ---- */

#define LOAD(field, CSR) hart_write(CSR_##CSR, host->field);
#define SAVE(field, CSR) host->field = hart_read(CSR_##CSR);

/* Of a host that lends nothing. */
EXPANDED void save_host_own(struct hm_s_state *host, bool envcfg)
{
	TRAP_CSRS(SAVE)
	OTHER_CSRS(SAVE)
	if (envcfg)
		host->senvcfg = hart_read(CSR_SENVCFG);
}

EXPANDED void load_host_own(const struct hm_s_state *host, bool envcfg)
{
	TRAP_CSRS(LOAD)
	OTHER_CSRS(LOAD)
	if (envcfg)
		hart_write(CSR_SENVCFG, host->senvcfg);
}

#undef LOAD
#undef SAVE

EXPANDED void save_host_csrs(struct hm_s_state *host, bool sstc)
{
	host->satp = hart_read(CSR_SATP);
	host->stvec = hart_read(CSR_STVEC);
	if (sstc)
		host->stimecmp = hart_read(CSR_STIMECMP);
}

EXPANDED void load_host_csrs(const struct hm_s_state *host, bool sstc)
{
	hart_write(CSR_STVEC, host->stvec);
	if (sstc)
		hart_write(CSR_STIMECMP, host->stimecmp);
}

#endif
