/* SPDX-License-Identifier: BSD-2-Clause */
/* extension.c - the HM extension towards the host; docs/abi.md describes each call. */
#include <sbi/sbi_ecall.h>
#include <sbi/sbi_error.h>
#include <sbi/sbi_trap.h>

#include "core/machine.h"
#include "core/pool.h"
#include "core/ram.h"
#include "host/extension.h"
#include "host/objects.h"

static u64 features(const struct hm_hart *hart)
{
	return (hart->sstc ? HM_INFO_SSTC : 0) | (hart->svvptc ? HM_INFO_SVVPTC : 0) |
	       (hart->split_counters ? HM_INFO_SMCNTRPMF : 0) |
	       (hart->retired ? HM_INFO_RETIRED : 0);
}

static long info(u64 hpa, u64 size)
{
	struct hm_hart *hart = hm_this_hart();
	struct hm_info answer = {
		.version = HM_ABI_VERSION,
		.features = features(hart),
		.satp_modes = hart->satp_modes,
		.asid_bits = hart->asid_bits,
		.pool_base = hm_pool_base,
		.pool_size = hm_pool_size,
		.pool_free_pages = hm_pool_free_pages(),
		.timebase_hz = hm_timebase,
	};

	if (size != sizeof(answer))
		return SBI_ERR_INVALID_PARAM;
	if (hpa & 7 || !hm_is_ram(hpa, size))
		return SBI_ERR_INVALID_ADDRESS;
	hm_store_answer(hpa, &answer, sizeof(answer));
	return SBI_SUCCESS;
}

/* The host has served what made SEIP pending: open the machine external interrupt again. */
static long external_done(void)
{
	hm_this_hart()->seip = false;
	hart_clear(CSR_MIP, MIP_SEIP);
	hart_set(CSR_MIE, MIP_MEIP);
	return SBI_SUCCESS;
}

/* All calls but HM_FID_VCPU_RUN, which host_vector.S takes before OpenSBI sees it. */
static int ecall_hm_handler(unsigned long extension, unsigned long function,
			    struct sbi_trap_regs *regs, struct sbi_ecall_return *out)
{
	const struct hm_hart *hart = hm_this_hart();

	(void)extension;
	/* A host that runs guests by H asks as well. */
	if (function == HM_FID_FEATURES) {
		out->value = features(hart);
		return SBI_SUCCESS;
	}
	if (!hart->supported)
		return SBI_ERR_NOT_SUPPORTED;
	switch (function) {
	case HM_FID_VERSION: out->value = HM_ABI_VERSION; return SBI_SUCCESS;
	case HM_FID_INFO: return info(regs->a0, regs->a1);
	case HM_FID_VM_CREATE: return hm_vm_create(regs->a0, &out->value);
	case HM_FID_VM_DESTROY: return hm_vm_destroy(regs->a0);
	case HM_FID_SLOT_SET:
		return hm_slot_set(regs->a0, regs->a1, regs->a2, regs->a3, regs->a4, regs->a5);
	case HM_FID_VCPU_CREATE: return hm_vcpu_create(regs->a0, regs->a1, regs->a2, &out->value);
	case HM_FID_VCPU_DESTROY: return hm_vcpu_destroy(regs->a0);
	case HM_FID_VCPU_STATS: return hm_vcpu_stats(regs->a0, regs->a1, regs->a2);
	case HM_FID_VM_INVALIDATE: return hm_vm_invalidate(regs->a0, regs->a1, regs->a2);
	case HM_FID_EXT_IRQ_DONE: return external_done();
	default: return SBI_ERR_NOT_SUPPORTED;
	}
}

/* "Probe SBI extension" asks for the hart that calls. */
static int probe(unsigned long extension, unsigned long *value)
{
	(void)extension;
	*value = hm_this_hart()->supported;
	return 0;
}

static struct sbi_ecall_extension extension = {
	.name = "hm",
	.extid_start = HM_EXT_ID,
	.extid_end = HM_EXT_ID,
	.experimental = true,
	.probe = probe,
	.handle = ecall_hm_handler,
};

int hm_register_host_extension(void)
{
	return sbi_ecall_register_extension(&extension);
}
