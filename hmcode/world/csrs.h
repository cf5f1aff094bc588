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

/* The bits of mstatus that sstatus shows and a guest owns. */
#define SSTATUS_BITS                                                                        \
	(MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_VS | MSTATUS_FS | MSTATUS_SUM | \
	 MSTATUS_MXR | MSTATUS_UXL)

/*
 * What each hart has, and both worlds use as it is: the field of hm_run and of hm_s_state, and the
 * CSR.
 */
#define S_CSRS(X)             \
	X(stvec, STVEC)       \
	X(sscratch, SSCRATCH) \
	X(sepc, SEPC)         \
	X(scause, SCAUSE)     \
	X(stval, STVAL)       \
	X(scounteren, SCOUNTEREN)

/* Without Sstc a guest's stimecmp is its SBI timer, and a host's is not used. */
static inline void load_guest_csrs(const struct hm_hart *hart, struct hm_vcpu *vcpu)
{
	const struct hm_run *run = vcpu->run;

#define LOAD(field, CSR) hart_write(CSR_##CSR, hm_read(run->field));
	S_CSRS(LOAD)
#undef LOAD
	if (hart->envcfg)
		hart_write(CSR_SENVCFG, hm_read(run->senvcfg));
	if (likely(hart->sstc))
		hart_write(CSR_STIMECMP, hm_read(run->stimecmp));
	else
		vcpu->timer = hm_read(run->stimecmp);
}

static inline void save_guest_csrs(const struct hm_hart *hart, const struct hm_vcpu *vcpu)
{
	struct hm_run *run = vcpu->run;

	run->sstatus = hart_read(CSR_SSTATUS) & SSTATUS_BITS;
#define SAVE(field, CSR) run->field = hart_read(CSR_##CSR);
	S_CSRS(SAVE)
#undef SAVE
	if (hart->envcfg)
		run->senvcfg = hart_read(CSR_SENVCFG);
	run->stimecmp = likely(hart->sstc) ? hart_read(CSR_STIMECMP) : vcpu->timer;
}

static inline void load_host_csrs(const struct hm_hart *hart)
{
	const struct hm_s_state *host = &hart->host;

#define LOAD(field, CSR) hart_write(CSR_##CSR, host->field);
	S_CSRS(LOAD)
#undef LOAD
	if (hart->envcfg)
		hart_write(CSR_SENVCFG, host->senvcfg);
	if (likely(hart->sstc))
		hart_write(CSR_STIMECMP, host->stimecmp);
}

static inline void save_host_csrs(struct hm_hart *hart)
{
	struct hm_s_state *host = &hart->host;

	host->sie = hart_read(CSR_SIE);
	host->satp = hart_read(CSR_SATP);
#define SAVE(field, CSR) host->field = hart_read(CSR_##CSR);
	S_CSRS(SAVE)
#undef SAVE
	if (hart->envcfg)
		host->senvcfg = hart_read(CSR_SENVCFG);
	if (likely(hart->sstc))
		host->stimecmp = hart_read(CSR_STIMECMP);
}

#endif
