/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sbi.c - SBI calls that concern the calling vCPU alone: in other modes hmcode ends them
 * (hmcode/trap/sbi.c), and the answers are the same.  All else is run/sbi.c's.
 */
#include "core/hm.h"
#include "hap/internal.h"

#define A0 10
#define A1 11
#define A6 16
#define A7 17

#define SPEC_VERSION (3ul << 24 | 0) /* 3.0 */

#define SBI_EXT_PMU              0x504d55
#define SBI_EXT_LEGACY_SET_TIMER 0
#define SBI_EXT_LEGACY_CLEAR_IPI 3

enum { BASE_SPEC, BASE_IMP_ID, BASE_IMP_VERSION, BASE_PROBE, BASE_MVENDORID, BASE_MIMPID = 6 };
enum { PMU_NUM_COUNTERS, PMU_LAST = 6 };

static void finish(struct vcpu *v, long error, uint64_t value)
{
	v->run->x[A0] = error;
	v->run->x[A1] = value;
	v->run->pc += 4;
}

/* Chapter 5: the result is in a0 alone. */
static void finish_legacy(struct vcpu *v)
{
	finish(v, SBI_SUCCESS, v->run->x[A1]);
}

/*
 * Not the legacy calls with a hart mask in the guest's memory, nor FWFT and the ring: docs/hap.md.
 */
static bool is_offered(uint64_t id)
{
	switch (id) {
	case SBI_EXT_BASE:
	case SBI_EXT_TIME:
	case SBI_EXT_IPI:
	case SBI_EXT_RFENCE:
	case SBI_EXT_HSM:
	case SBI_EXT_SRST:
	case SBI_EXT_SUSP:
	case SBI_EXT_DBCN:
	case SBI_EXT_PMU:
	case SBI_EXT_LEGACY_SET_TIMER:
	case SBI_EXT_PUTCHAR:
	case SBI_EXT_GETCHAR:
	case SBI_EXT_LEGACY_CLEAR_IPI:
	case SBI_EXT_SHUTDOWN: return true;
	default: return false;
	}
}

/* Chapter 4 */
static void base(struct vcpu *v)
{
	uint64_t function = v->run->x[A6];
	struct sbiret ret = { SBI_SUCCESS, 0 };

	switch (function) {
	case BASE_SPEC: ret.value = SPEC_VERSION; break;
	case BASE_IMP_ID: ret.value = HM_EXT_ID; break;
	case BASE_IMP_VERSION: ret.value = HM_ABI_VERSION; break;
	case BASE_PROBE: ret.value = is_offered(v->run->x[A0]); break;
	default:
		if (function >= BASE_MVENDORID && function <= BASE_MIMPID)
			ret = sbi_call(SBI_EXT_BASE, function);
		else
			ret.error = SBI_ERR_NOT_SUPPORTED;
	}
	finish(v, ret.error, ret.value);
}

/* Chapter 6.  A guest that knows of Sstc writes stimecmp itself. */
static void set_timer(struct vcpu *v)
{
	if (v->run->x[A6]) {
		finish(v, SBI_ERR_NOT_SUPPORTED, 0);
		return;
	}
	csr_write(vstimecmp, v->run->x[A0]);
	finish(v, SBI_SUCCESS, 0);
}

/* Chapter 11: a PMU without counters, as in other modes. */
static void pmu(struct vcpu *v)
{
	uint64_t function = v->run->x[A6];

	if (function == PMU_NUM_COUNTERS)
		finish(v, SBI_SUCCESS, 0);
	else
		finish(v, function > PMU_LAST ? SBI_ERR_NOT_SUPPORTED : SBI_ERR_INVALID_PARAM, 0);
}

/*
 * run/sbi.c says of the first that there is no such extension, and serves some that are not offered
 * here.
 */
static bool is_unknown(struct vcpu *v, uint64_t id)
{
	bool reads_mask = id >= SBI_EXT_LEGACY_IPI && id <= SBI_EXT_LEGACY_FENCE_ASID;

	if (is_offered(id))
		return false;
	return reads_mask || id == SBI_EXT_FWFT ||
	       __atomic_exchange_n(&v->vm->hap->unknown_told, true, __ATOMIC_RELAXED);
}

bool hap_serve_sbi(struct vcpu *v)
{
	if (is_unknown(v, v->run->x[A7])) {
		finish(v, SBI_ERR_NOT_SUPPORTED,
		       v->run->x[A7] > SBI_EXT_SHUTDOWN ? 0 : v->run->x[A1]);
		return true;
	}
	switch (v->run->x[A7]) {
	case SBI_EXT_BASE: base(v); return true;
	case SBI_EXT_TIME: set_timer(v); return true;
	case SBI_EXT_PMU: pmu(v); return true;
	case SBI_EXT_LEGACY_SET_TIMER:
		csr_write(vstimecmp, v->run->x[A0]);
		finish_legacy(v);
		return true;
	case SBI_EXT_LEGACY_CLEAR_IPI:
		v->run->sip &= ~(uint64_t)IRQ_SOFT;
		finish_legacy(v);
		return true;
	default: return false;
	}
}
