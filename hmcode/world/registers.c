/* SPDX-License-Identifier: BSD-2-Clause */
/* registers.c - another vCPU on this hart: the registers that move only then. */
#include <sbi/sbi_ecall_interface.h>
#include <sbi/sbi_error.h>

#include "metal/hart.h"
#include "metal/metal.h"
#include "world/registers.h"

/*
 * FP and V state move only now; the host world uses none.  Both are saved whatever FS and VS said:
 * a guest sets them itself, as to Clean once it has saved a program's registers in its own memory,
 * or to Off, and neither changes what the registers hold ("Extension Context Status in mstatus
 * Register").  No trap tells of it.
 */
static void save_registers(const struct hm_hart *hart, struct hm_vcpu *vcpu)
{
	hm_fp_save(&vcpu->fp);
	if (hart->vlenb)
		hm_v_save(&vcpu->v);
}

static void switch_registers(const struct hm_hart *hart, struct hm_vcpu *from, struct hm_vcpu *to)
{
	hart_set(CSR_MSTATUS, MSTATUS_FS | MSTATUS_VS);
	if (from)
		save_registers(hart, from);
	hm_fp_load(&to->fp);
	if (hart->vlenb)
		hm_v_load(&to->v);
}

/*
 * A vCPU stays on the hart that it ran on first, which may be another one than it was made
 * on: that has to have what the guest was offered.
 */
long hm_vcpu_claim(struct hm_hart *hart, struct hm_vcpu *vcpu)
{
	if (vcpu->hart)
		return SBI_ERR_DENIED;
	if (vcpu->space.satp_modes & ~hart->satp_modes || vcpu->vlenb != hart->vlenb)
		return SBI_ERR_NOT_SUPPORTED;
	vcpu->hart = hart;
	vcpu->space.fence_after_fill = !hart->svvptc;
	hart_fence_code();
	return SBI_SUCCESS;
}

void hm_registers_switch(struct hm_hart *hart, struct hm_vcpu *vcpu)
{
	switch_registers(hart, hart->last_vcpu, vcpu);
	hart->last_vcpu = vcpu;
	hart->has_run = true;
	hart->frame.vcpu = vcpu;
	hart->frame.run = vcpu->run;
	hart_fence_all();
}

/* The hart stops, or sleeps without its registers: what they hold of a vCPU goes to memory. */
void hm_registers_save(struct hm_hart *hart)
{
	if (!hart->last_vcpu)
		return;
	hart_set(CSR_MSTATUS, MSTATUS_FS | MSTATUS_VS);
	save_registers(hart, hart->last_vcpu);
	hart->last_vcpu = NULL;
}
