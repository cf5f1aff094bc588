/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sbi.c - the SBI calls of guests that the firmware leaves to host-hv: those
 * about other vCPUs, the console and the guest's end.  Anything else is not
 * supported (SBI specification 2.0).
 */
#include "run/sbi.h"

#include "core/console.h"
#include "core/fence.h"
#include "core/hart.h"
#include "core/hm.h"
#include "device/devices.h"
#include "shadow/shadow.h"

/* Argument registers. */
#define A0 10
#define A1 11
#define A2 12
#define A3 13
#define A4 14
#define A6 16
#define A7 17

#define ALL_HARTS (~0UL) /* hart_mask_base */

static struct sbiret result(long error, unsigned long value)
{
	return (struct sbiret){ error, value };
}

/* A legacy call has no value: a1 is kept. */
static void write_result(struct hm_run *run, struct sbiret ret)
{
	run->x[A0] = ret.error;
	if (run->x[A7] > SBI_EXT_SHUTDOWN)
		run->x[A1] = ret.value;
	run->flags |= HM_RUN_ADVANCE;
}

/* -- debug console (chapter 12) -- */

enum { DBCN_WRITE, DBCN_READ, DBCN_WRITE_BYTE };

/* A call may move less than was asked, so that none takes long. */
#define DBCN_MOST 1024

static unsigned long dbcn_write(struct vm *vm, const char *from, uint64_t size)
{
	for (uint64_t i = 0; i < size; i++)
		console_guest_putc(vm->id, from[i]);
	return size;
}

static enum next serve_dbcn(struct vcpu *v, struct sbiret *ret)
{
	const uint64_t *x = v->run->x;
	uint64_t size = min_u64(x[A0], DBCN_MOST);
	void *memory;

	switch (x[A6]) {
	case DBCN_WRITE:
	case DBCN_READ:
		memory = x[A2] ? NULL : vm_memory(v->vm, x[A1], x[A0]);
		if (!memory)
			*ret = result(SBI_ERR_INVALID_PARAM, 0);
		else if (x[A6] == DBCN_WRITE)
			*ret = result(SBI_SUCCESS, dbcn_write(v->vm, memory, size));
		else
			*ret = result(SBI_SUCCESS, devices_read_typed(v->vm, memory, size));
		break;
	case DBCN_WRITE_BYTE:
		console_guest_putc(v->vm->id, x[A0]);
		*ret = result(SBI_SUCCESS, 0);
		break;
	}
	return RESUME;
}

/* -- system reset (chapter 10) -- */

static enum next serve_srst(struct vcpu *v, struct sbiret *ret)
{
	uint64_t type = v->run->x[A0], reason = v->run->x[A1];

	if (v->run->x[A6] != 0)
		return RESUME;
	if (type > SBI_SRST_WARM_REBOOT || reason > SBI_SRST_SYSTEM_FAILURE) {
		*ret = result(SBI_ERR_INVALID_PARAM, 0);
		return RESUME;
	}
	if (type != SBI_SRST_SHUTDOWN)
		vm_end(v->vm, VM_REBOOT);
	else
		vm_end(v->vm, reason == SBI_SRST_SYSTEM_FAILURE ? VM_FAILURE : VM_SHUTDOWN);
	return YIELD;
}

/* -- hart state management (chapter 9) -- */

enum { HSM_START, HSM_STOP, HSM_STATUS, HSM_SUSPEND };
enum { HSM_STARTED, HSM_STOPPED, HSM_START_PENDING, HSM_SUSPENDED = 4 };

#define SUSPEND_RETENTIVE     0
#define SUSPEND_NON_RETENTIVE 0x80000000UL

static struct vcpu *find_vcpu(struct vm *vm, uint64_t hart)
{
	return hart < vm->vcpu_count ? &vm->vcpu[hart] : NULL;
}

static struct sbiret hsm_start(struct vcpu *v)
{
	const uint64_t *x = v->run->x;
	struct vcpu *target = find_vcpu(v->vm, x[A0]);
	int state = VCPU_STOPPED;

	if (!target)
		return result(SBI_ERR_INVALID_PARAM, 0);
	if (!vm_memory(v->vm, x[A1], 2))
		return result(SBI_ERR_INVALID_ADDRESS, 0);
	if (!__atomic_compare_exchange_n(&target->state, &state, VCPU_STARTING, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return result(state == VCPU_STARTING || state == VCPU_SUSPENDED ?
				      SBI_ERR_INVALID_PARAM :
				      SBI_ERR_ALREADY_AVAILABLE,
			      0);
	vcpu_reset(target, x[A1], x[A2]);
	__atomic_store_n(&target->software_irq, false, __ATOMIC_RELEASE);
	/* of devices that interrupted while nobody ran */
	__atomic_fetch_or(&target->external_irq, EXTERNAL_SERVE, __ATOMIC_RELAXED);
	vcpu_set_state(target, VCPU_RUNNABLE);
	sched_kick(target->hart);
	return result(SBI_SUCCESS, 0);
}

static struct sbiret hsm_status(const struct vcpu *v)
{
	static const uint8_t status[] = {
		[VCPU_STOPPED] = HSM_STOPPED,     [VCPU_STARTING] = HSM_START_PENDING,
		[VCPU_RUNNABLE] = HSM_STARTED,    [VCPU_WAITING] = HSM_STARTED,
		[VCPU_SUSPENDED] = HSM_SUSPENDED,
	};
	const struct vcpu *target = find_vcpu(v->vm, v->run->x[A0]);

	if (!target)
		return result(SBI_ERR_INVALID_PARAM, 0);
	return result(SBI_SUCCESS, status[vcpu_state(target)]);
}

/* When the vCPU wakes by itself; at once, if what it has enabled is pending already. */
static uint64_t wakes_at(const struct hm_run *run)
{
	if (run->sip & run->sie)
		return 0;
	return run->sie & IRQ_TIMER ? run->stimecmp : FOREVER;
}

static enum next suspend(struct vcpu *v)
{
	vcpu_sleep(v, VCPU_SUSPENDED, wakes_at(v->run));
	return YIELD;
}

/* What woke it is what it enabled before: the state that it resumes in enables nothing. */
static enum next suspend_non_retentive(struct vcpu *v, struct sbiret *ret)
{
	uint64_t pc = v->run->x[A1], opaque = v->run->x[A2];

	if (!vm_memory(v->vm, pc, 2)) {
		*ret = result(SBI_ERR_INVALID_ADDRESS, 0);
		return RESUME;
	}
	suspend(v);
	vcpu_resume_at(v, pc, opaque);
	return YIELD;
}

static enum next hsm_suspend(struct vcpu *v, struct sbiret *ret)
{
	switch ((uint32_t)v->run->x[A0]) {
	case SUSPEND_RETENTIVE: write_result(v->run, result(SBI_SUCCESS, 0)); return suspend(v);
	case SUSPEND_NON_RETENTIVE: return suspend_non_retentive(v, ret);
	}
	*ret = result(SBI_ERR_INVALID_PARAM, 0);
	return RESUME;
}

/* From here on others serve the devices; what it was asked for before, it does now. */
/* Whoever starts it again makes its page anew, on another hart. */
static enum next hsm_stop(struct vcpu *v)
{
	hm_end_lending();
	vcpu_set_state(v, VCPU_STOPPED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (vcpu_is_to_serve(v))
		devices_serve(v->vm);
	return YIELD;
}

static enum next serve_hsm(struct vcpu *v, struct sbiret *ret)
{
	switch (v->run->x[A6]) {
	case HSM_START: *ret = hsm_start(v); break;
	case HSM_STOP: return hsm_stop(v);
	case HSM_STATUS: *ret = hsm_status(v); break;
	case HSM_SUSPEND: return hsm_suspend(v, ret);
	}
	return RESUME;
}

/* -- system suspend (chapter 13) -- */

#define SUSPEND_TO_RAM 0

static bool others_have_stopped(const struct vcpu *v)
{
	for (unsigned i = 0; i < v->vm->vcpu_count; i++)
		if (i != v->id && vcpu_state(&v->vm->vcpu[i]) != VCPU_STOPPED)
			return false;
	return true;
}

/* None starts meanwhile: only another one that runs could do that. */
static enum next serve_susp(struct vcpu *v, struct sbiret *ret)
{
	if (v->run->x[A6] != 0)
		return RESUME;
	if ((uint32_t)v->run->x[A0] != SUSPEND_TO_RAM)
		*ret = result(SBI_ERR_INVALID_PARAM, 0);
	else if (!others_have_stopped(v))
		*ret = result(SBI_ERR_DENIED, 0);
	else
		return suspend_non_retentive(v, ret);
	return RESUME;
}

/* -- firmware features (chapter 18): the one that the firmware leaves to us -- */

enum { FWFT_SET, FWFT_GET };

#define PTE_AD_HW_UPDATING 4
#define FWFT_LOCK          1UL

static struct sbiret set_ad(struct vcpu *v, uint64_t value, uint64_t flags)
{
	if (value > 1 || flags & ~FWFT_LOCK)
		return result(SBI_ERR_INVALID_PARAM, 0);
	if (v->shadow->ad_locked)
		return result(SBI_ERR_DENIED_LOCKED, 0);
	v->shadow->ad_locked = flags & FWFT_LOCK;
	if (v->shadow->sets_ad != value)
		shadow_set_ad(v, value);
	return result(SBI_SUCCESS, 0);
}

/* A guest that is told of one of the two extensions alone has nothing to choose. */
static enum next serve_fwft(struct vcpu *v, struct sbiret *ret)
{
	const uint64_t *x = v->run->x;

	if (v->vm->svadu != SVADU_FWFT || (uint32_t)x[A0] != PTE_AD_HW_UPDATING)
		return RESUME;
	if (x[A6] == FWFT_SET)
		*ret = set_ad(v, x[A1], x[A2]);
	else if (x[A6] == FWFT_GET)
		*ret = result(SBI_SUCCESS, v->shadow->sets_ad);
	return RESUME;
}

/* -- what goes to other vCPUs: IPI (chapter 7), RFENCE (chapter 8) -- */

static uint64_t all_vcpus(const struct vm *vm)
{
	return (1UL << vm->vcpu_count) - 1;
}

/*
 * The vCPUs that a hart mask names, bits being their numbers; false: one of them is not there.  The
 * base of a mask that names none means nothing.
 */
static bool find_vcpus(const struct vm *vm, uint64_t mask, uint64_t base, uint64_t *out)
{
	*out = base == ALL_HARTS ? all_vcpus(vm) : 0;
	if (base == ALL_HARTS || !mask)
		return true;
	if (base >= vm->vcpu_count || mask >> (vm->vcpu_count - base))
		return false;
	*out = mask << base;
	return true;
}

static void send_ipis(struct vm *vm, uint64_t targets)
{
	for (; targets; targets &= targets - 1)
		vcpu_send_ipi(&vm->vcpu[lowest_bit(targets)]);
}

static enum next serve_ipi(struct vcpu *v, struct sbiret *ret)
{
	const uint64_t *x = v->run->x;
	uint64_t targets;

	if (x[A6] != 0)
		return RESUME;
	if (!find_vcpus(v->vm, x[A0], x[A1], &targets)) {
		*ret = result(SBI_ERR_INVALID_PARAM, 0);
		return RESUME;
	}
	send_ipis(v->vm, targets);
	*ret = result(SBI_SUCCESS, 0);
	return RESUME;
}

/* One shadow may serve all vCPUs: it is made current once, then each hart is fenced. */
static void fence_guest(struct vcpu *v, uint64_t targets, const struct fence *f)
{
	if (shadow_syncs(v))
		shadow_sync(v, f);
	fence_vcpus(v->vm, targets, f);
}

enum { RFENCE_I, RFENCE_VMA, RFENCE_VMA_ASID };

static enum next serve_rfence(struct vcpu *v, struct sbiret *ret)
{
	const uint64_t *x = v->run->x;
	struct fence f = { HM_RUN_FENCE_VMA, x[A2], x[A3], FENCE_ALL };
	uint64_t targets;

	switch (x[A6]) {
	case RFENCE_I: f.flags = HM_RUN_FENCE_I; break;
	case RFENCE_VMA: break;
	case RFENCE_VMA_ASID: f.asid = x[A4]; break;
	default: return RESUME;
	}
	if (!find_vcpus(v->vm, x[A0], x[A1], &targets)) {
		*ret = result(SBI_ERR_INVALID_PARAM, 0);
		return RESUME;
	}
	fence_guest(v, targets, &f);
	*ret = result(SBI_SUCCESS, 0);
	return RESUME;
}

/* -- the legacy extensions (chapter 5) -- */

static enum next serve_putchar(struct vcpu *v, struct sbiret *ret)
{
	console_guest_putc(v->vm->id, v->run->x[A0]);
	*ret = result(SBI_SUCCESS, 0);
	return RESUME;
}

static enum next serve_getchar(struct vcpu *v, struct sbiret *ret)
{
	uint8_t c;

	*ret = result(devices_read_typed(v->vm, &c, 1) ? c : -1, 0);
	return RESUME;
}

static enum next serve_shutdown(struct vcpu *v, struct sbiret *ret)
{
	(void)ret;
	vm_end(v->vm, VM_SHUTDOWN);
	return YIELD;
}

/* The firmware has read the mask; bits of vCPUs that are not there mean nothing. */
static uint64_t legacy_targets(const struct vcpu *v)
{
	return v->run->exit_value & all_vcpus(v->vm);
}

static enum next serve_legacy_ipi(struct vcpu *v, struct sbiret *ret)
{
	send_ipis(v->vm, legacy_targets(v));
	*ret = result(SBI_SUCCESS, 0);
	return RESUME;
}

static enum next serve_legacy_fence(struct vcpu *v, struct sbiret *ret)
{
	const uint64_t *x = v->run->x;
	struct fence f = { HM_RUN_FENCE_VMA, x[A1], x[A2], FENCE_ALL };

	if (x[A7] == SBI_EXT_LEGACY_FENCE_I)
		f.flags = HM_RUN_FENCE_I;
	else if (x[A7] == SBI_EXT_LEGACY_FENCE_ASID)
		f.asid = x[A3];
	fence_guest(v, legacy_targets(v), &f);
	*ret = result(SBI_SUCCESS, 0);
	return RESUME;
}

static const struct {
	uint64_t extension;
	enum next (*serve)(struct vcpu *v, struct sbiret *ret);
} extensions[] = {
	{ SBI_EXT_DBCN, serve_dbcn },
	{ SBI_EXT_IPI, serve_ipi },
	{ SBI_EXT_RFENCE, serve_rfence },
	{ SBI_EXT_HSM, serve_hsm },
	{ SBI_EXT_SRST, serve_srst },
	{ SBI_EXT_SUSP, serve_susp },
	{ SBI_EXT_FWFT, serve_fwft },
	{ SBI_EXT_PUTCHAR, serve_putchar },
	{ SBI_EXT_GETCHAR, serve_getchar },
	{ SBI_EXT_LEGACY_IPI, serve_legacy_ipi },
	{ SBI_EXT_LEGACY_FENCE_I, serve_legacy_fence },
	{ SBI_EXT_LEGACY_FENCE, serve_legacy_fence },
	{ SBI_EXT_LEGACY_FENCE_ASID, serve_legacy_fence },
	{ SBI_EXT_SHUTDOWN, serve_shutdown },
};

/* The firmware comes with the first of each guest alone. */
static enum next serve_unknown(const struct vcpu *v)
{
	print("host-hv: vm%d: the guest calls SBI extension 0x%lx, which there is not\n", v->vm->id,
	      v->run->x[A7]);
	return RESUME;
}

static enum next serve_call(struct vcpu *v, struct sbiret *ret)
{
	for (unsigned i = 0; i < ARRAY_SIZE(extensions); i++)
		if (extensions[i].extension == v->run->x[A7])
			return extensions[i].serve(v, ret);
	return serve_unknown(v);
}

/* A server that yields has decided about the registers itself: no result is written. */
enum next exit_sbi(struct vcpu *v)
{
	struct sbiret ret = result(SBI_ERR_NOT_SUPPORTED, 0);

	if (serve_call(v, &ret) == YIELD)
		return YIELD;
	write_result(v->run, ret);
	return RESUME;
}
