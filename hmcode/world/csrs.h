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
 * What a host may lend its guests (HM_RUN_LENDS_CSRS) and each hart has; senvcfg is the last of
 * them.  The field of hm_run and of hm_s_state, and the CSR.
 */
#define LENT_CSRS(X)          \
	X(sscratch, SSCRATCH) \
	X(sepc, SEPC)         \
	X(scause, SCAUSE)     \
	X(stval, STVAL)       \
	X(scounteren, SCOUNTEREN)

/*
 * sstc, envcfg: what the hart has.  Constants most often, where these are expanded: so a switch
 * asks once.
 */
#define EXPANDED static inline __attribute__((always_inline))

/* Of a host that lends: the last exit here was this vCPU's, and its host has changed none since. */
static inline bool has_guest_csrs(const struct hm_hart *hart, const struct hm_vcpu *vcpu, u64 flags)
{
	return hart->lent_to == vcpu && !(flags & HM_RUN_NEW_CSRS);
}

EXPANDED void load_lent_csrs(const struct hm_run *run, bool envcfg)
{
#define LOAD(field, CSR) hart_write(CSR_##CSR, hm_read(run->field));
	LENT_CSRS(LOAD)
#undef LOAD
	if (envcfg)
		hart_write(CSR_SENVCFG, hm_read(run->senvcfg));
}

/* Without Sstc a guest's stimecmp is its SBI timer, and a host's is not used. */
EXPANDED void load_guest_csrs(struct hm_vcpu *vcpu, const struct hm_run *run, bool sstc)
{
	hart_write(CSR_STVEC, hm_read(run->stvec));
	if (sstc)
		hart_write(CSR_STIMECMP, hm_read(run->stimecmp));
	else
		vcpu->timer = hm_read(run->stimecmp);
}

/* sstatus is part of mstatus, which is read for more than that. */
EXPANDED void save_guest_csrs(const struct hm_vcpu *vcpu, struct hm_run *run, bool sstc,
			      bool envcfg)
{
#define SAVE(field, CSR) run->field = hart_read(CSR_##CSR);
	LENT_CSRS(SAVE)
#undef SAVE
	if (envcfg)
		run->senvcfg = hart_read(CSR_SENVCFG);
	run->stvec = hart_read(CSR_STVEC);
	run->stimecmp = sstc ? hart_read(CSR_STIMECMP) : vcpu->timer;
}

EXPANDED void load_host_csrs(const struct hm_s_state *host, bool lends, bool sstc, bool envcfg)
{
	if (!lends) {
#define LOAD(field, CSR) hart_write(CSR_##CSR, host->field);
		LENT_CSRS(LOAD)
#undef LOAD
		if (envcfg)
			hart_write(CSR_SENVCFG, host->senvcfg);
	}
	hart_write(CSR_STVEC, host->stvec);
	if (sstc)
		hart_write(CSR_STIMECMP, host->stimecmp);
}

EXPANDED void save_host_csrs(struct hm_s_state *host, bool lends, bool sstc, bool envcfg)
{
	if (!lends) {
#define SAVE(field, CSR) host->field = hart_read(CSR_##CSR);
		LENT_CSRS(SAVE)
#undef SAVE
		if (envcfg)
			host->senvcfg = hart_read(CSR_SENVCFG);
	}
	host->satp = hart_read(CSR_SATP);
	host->stvec = hart_read(CSR_STVEC);
	if (sstc)
		host->stimecmp = hart_read(CSR_STIMECMP);
}

#endif
