// SPDX-License-Identifier: BSD-2-Clause
/*
 * model.c - what exists by the calls that succeeded, and the answers that docs/abi.md
 * then names for the next one.  It holds where no other hart makes calls meanwhile.
 */
#include "host-random.h"

#define GPA_END    (1ul << 56)
#define TABLES_MIN 32
#define INVALID    ANSWER(SBI_INVALID_PARAM)

struct vm vms[VMS];
struct vcpu vcpus[VCPUS];

static unsigned int vm_count(void)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < VMS; i++)
		count += vms[i].used;
	return count;
}

static unsigned int vcpu_count(void)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < VCPUS; i++)
		count += vcpus[i].used;
	return count;
}

static struct vm *vm_of(uint64_t number)
{
	return number < VMS && vms[number].used ? &vms[number] : NULL;
}

static struct vcpu *vcpu_of(uint64_t number)
{
	return number < VCPUS && vcpus[number].used ? &vcpus[number] : NULL;
}

/* Any one that there is; ~0: none. */
uint64_t model_live_vm(struct hart *me)
{
	uint64_t first = below(me, VMS);

	for (unsigned int i = 0; i < VMS; i++)
		if (vms[(first + i) % VMS].used)
			return (first + i) % VMS;
	return ~0ul;
}

uint64_t model_live_vcpu(struct hart *me)
{
	uint64_t first = below(me, VCPUS);

	for (unsigned int i = 0; i < VCPUS; i++)
		if (vcpus[(first + i) % VCPUS].used)
			return (first + i) % VCPUS;
	return ~0ul;
}

bool model_live(uint64_t vcpu)
{
	return vcpu_of(vcpu);
}

static unsigned int answer_if(enum truth truth, unsigned int otherwise)
{
	switch (truth) {
	case YES: return ANSWER_OK;
	case NO: return otherwise;
	default: return ANSWER_OK | otherwise;
	}
}

/* --- by function --- */

/* INFO and STATS: a structure of that size at hpa. */
static unsigned int structure(uint64_t hpa, uint64_t size, uint64_t right)
{
	if (size != right)
		return INVALID;
	if (hpa & 7)
		return ANSWER(SBI_INVALID_ADDRESS);
	return answer_if(is_host_ram(hpa, size), ANSWER(SBI_INVALID_ADDRESS));
}

static bool overlaps_slot(const struct vm *vm, uint64_t except, uint64_t gpa, uint64_t size)
{
	for (unsigned int i = 0; i < HM_MAX_SLOTS; i++) {
		const struct slot *slot = &vm->slot[i];

		if (i != except && slot->size && gpa < slot->gpa + slot->size &&
		    slot->gpa < gpa + size)
			return true;
	}
	return false;
}

static unsigned int slot_set(const uint64_t *a)
{
	const struct vm *vm = vm_of(a[0]);
	uint64_t gpa = a[2], hpa = a[3], size = a[4], rights = a[5];

	if (!vm || a[1] >= HM_MAX_SLOTS)
		return INVALID;
	if (!size)
		return ANSWER_OK;
	if ((gpa | hpa | size) % PAGE || gpa + size < gpa || gpa + size > GPA_END ||
	    !(rights & HM_SLOT_R) || rights > (HM_SLOT_R | HM_SLOT_W | HM_SLOT_X) ||
	    overlaps_slot(vm, a[1], gpa, size))
		return INVALID;
	return answer_if(is_host_ram(hpa, size), INVALID);
}

static unsigned int vcpu_create(const uint64_t *a)
{
	enum truth ram = is_host_ram(a[1], PAGE);
	unsigned int answers;

	if (!vm_of(a[0]) || a[1] % PAGE || a[2] < TABLES_MIN || a[2] > pool_size() / PAGE)
		return INVALID;
	answers = answer_if(ram, ANSWER(SBI_INVALID_ADDRESS));
	if (ram == NO)
		return answers;
	if (vcpu_count() == VCPUS)
		return ANSWER(SBI_FAILED) | ANSWER(SBI_NO_SHMEM);
	/* With others, it depends on where in the pool they are. */
	return vcpu_count() || a[2] > pool_size() / PAGE / 2 ? answers | ANSWER(SBI_NO_SHMEM) :
							       answers;
}

/* docs/abi.md, "Policy" */
static bool is_policy(uint64_t policy)
{
	bool host = policy & HM_POLICY_HOST_TABLES;

	if (policy & HM_POLICY_LOG_FENCES && (!host || policy & HM_POLICY_FLUSH))
		return false;
	return policy < 2 * HM_POLICY_SET_AD && !(host && policy & HM_POLICY_FILL);
}

static uint64_t roots_new; /* of the page, before the call */

static bool root_in_use(const struct vcpu *vcpu)
{
	const struct hm_run *run = vcpu->run;
	uint64_t number = run->root;

	if (number >= HM_ROOTS)
		return false;
	if (!(run->roots_new >> number & 1))
		return vcpu->roots >> number & 1;
	return page_root_is_one(run->roots[number].gsatp, run->roots[number].root);
}

/*
 * What is to be done beforehand may end a run as an interrupt does, before the page is looked at.
 */
static unsigned int vcpu_run(const struct vcpu *vcpu)
{
	if (!vcpu)
		return INVALID;
	roots_new = vcpu->run->roots_new;
	if (host_is_interrupted())
		return ANSWER_OK;
	/* A guest that writes its own run page hides which roots were taken over. */
	if (vcpu->run->policy & HM_POLICY_HOST_TABLES &&
	    within((uint64_t)vcpu->run, PAGE, frames, sizeof(frames)))
		return ANSWER_OK | INVALID;
	if (!page_is_sound(vcpu->run) || !is_policy(vcpu->run->policy) ||
	    (vcpu->run->policy & HM_POLICY_HOST_TABLES && !root_in_use(vcpu)))
		return INVALID;
	return ANSWER_OK;
}

unsigned int model_answers(struct hart *me)
{
	const uint64_t *a = me->argument;
	const struct vm *vm = vm_of(a[0]);
	const struct vcpu *vcpu = vcpu_of(a[0]);

	switch (me->fid) {
	case HM_FID_VERSION:
	case HM_FID_EXT_IRQ_DONE:
	case HM_FID_FEATURES: return ANSWER_OK;
	case HM_FID_INFO: return structure(a[0], a[1], sizeof(struct hm_info));
	case HM_FID_VM_CREATE:
		return a[0] > HM_ROOTS   ? INVALID :
		       vm_count() == VMS ? ANSWER(SBI_FAILED) :
					   ANSWER_OK;
	case HM_FID_VM_DESTROY: return !vm ? INVALID : vm->vcpus ? ANSWER(SBI_DENIED) : ANSWER_OK;
	case HM_FID_SLOT_SET: return slot_set(a);
	case HM_FID_VCPU_CREATE: return vcpu_create(a);
	case HM_FID_VCPU_DESTROY: return vcpu ? ANSWER_OK : INVALID;
	case HM_FID_VCPU_RUN: return vcpu_run(vcpu);
	case HM_FID_VCPU_STATS:
		if (!vcpu)
			return INVALID;
		return structure(a[1], a[2],
				 a[2] == HM_STATS_SIZE_4_2 ? HM_STATS_SIZE_4_2 :
							     sizeof(struct hm_stats));
	case HM_FID_VM_INVALIDATE: return vm && a[1] + a[2] >= a[1] ? ANSWER_OK : INVALID;
	default: return ANSWER(SBI_NOT_SUPPORTED);
	}
}

/* --- what a call that succeeded did --- */

static void created_vm(struct hart *me)
{
	uint64_t number = me->answer.value;

	if (number >= VMS || vms[number].used) {
		violation(me, "a VM got a number that it must not have");
		return;
	}
	vms[number] = (struct vm){ .used = true };
}

static void created_vcpu(struct hart *me)
{
	uint64_t number = me->answer.value;

	if (number >= VCPUS || vcpus[number].used) {
		violation(me, "a vCPU got a number that it must not have");
		return;
	}
	vcpus[number] = (struct vcpu){ .used = true,
				       .vm = me->argument[0],
				       .run = (struct hm_run *)me->argument[1] };
	vms[me->argument[0]].vcpus++;
}

static void destroyed_vcpu(uint64_t number)
{
	vcpus[number].used = false;
	vms[vcpus[number].vm].vcpus--;
}

/* The entries that were new are taken over, whether or not the vCPU ran then. */
static void follow_roots(struct vcpu *vcpu)
{
	const struct hm_run *run = vcpu ? vcpu->run : NULL;

	if (!run || run->roots_new)
		return;
	for (unsigned int n = 0; n < HM_ROOTS; n++) {
		if (!(roots_new >> n & 1))
			continue;
		vcpu->roots &= ~(1u << n);
		vcpu->roots |= page_root_is_one(run->roots[n].gsatp, run->roots[n].root) << n;
	}
}

void model_follow(struct hart *me)
{
	const uint64_t *a = me->argument;

	if (me->fid == HM_FID_VCPU_RUN)
		follow_roots(vcpu_of(a[0]));
	if (me->answer.error)
		return;
	switch (me->fid) {
	case HM_FID_VM_CREATE: created_vm(me); break;
	case HM_FID_VM_DESTROY: vms[a[0]].used = false; break;
	case HM_FID_SLOT_SET:
		vms[a[0]].slot[a[1]] = (struct slot){ a[2], a[3], a[4], a[4] ? a[5] : 0 };
		break;
	case HM_FID_VCPU_CREATE: created_vcpu(me); break;
	case HM_FID_VCPU_DESTROY: destroyed_vcpu(a[0]); break;
	}
}
