/* SPDX-License-Identifier: BSD-2-Clause */
#include "run/release.h"

#include "core/vcpu.h"
#include "device/devices.h"
#include "hap/hap.h"

/*
 * The last to go ends the firmware's VM; or, if the guest restarts, stays as the one that sees to
 * it.
 */
static void release(struct vcpu *v, bool restarts)
{
	struct vm *vm = v->vm;

	if (v->hap)
		hap_release(v);
	else
		sbi_call(HM_EXT_ID, HM_FID_VCPU_DESTROY, v->hm);
	vcpu_set_state(v, VCPU_STOPPED);
	if (__atomic_sub_fetch(&vm->vcpus_left, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	if (!vm->hap)
		sbi_call(HM_EXT_ID, HM_FID_VM_DESTROY, vm->hm);
	devices_stop(vm); /* nobody of the guest runs that could set another alarm */
	if (!restarts)
		return;
	__atomic_store_n(&vm->restarter, v, __ATOMIC_RELAXED);
	vcpu_set_state(v, VCPU_RUNNABLE);
}

/*
 * The VM may begin to run again on another hart at any time, so that it has ended is no reason to
 * release a vCPU: an end that it has not seen is.  vm_end() tells its hart of each.
 */
bool vm_release_vcpu(struct vcpu *v)
{
	unsigned ends = __atomic_load_n(&v->vm->ends, __ATOMIC_ACQUIRE);
	bool restarts = !vm_is_over(v->vm);

	if (v->ends == ends)
		return false;
	v->ends = ends;
	release(v, restarts);
	return !restarts;
}
