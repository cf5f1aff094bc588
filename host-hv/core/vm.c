/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/vm.h"

#include "core/console.h"
#include "core/hart.h"
#include "core/hm.h"

static struct vm vms[MAX_GUESTS];
static unsigned vm_count;
static unsigned vms_left; /* atomic */
static unsigned failures; /* atomic */

struct vm *vm_add(void)
{
	struct vm *vm = &vms[vm_count];

	vm->id = vm_count++;
	vms_left++;
	if (vm_count == 2)
		console_name_speakers();
	return vm;
}

struct vm *vm_find(unsigned id)
{
	return id < vm_count ? &vms[id] : NULL;
}

void *vm_memory(const struct vm *vm, uint64_t gpa, uint64_t size)
{
	if (!range_holds(vm->ram, (struct range){ gpa, size }))
		return NULL;
	return (void *)(vm->hpa + (gpa - vm->ram.base));
}

/* -- the end -- */

static void report_end(const struct vm *vm, enum vm_end how)
{
	static const char *const words[] = {
		[VM_SHUTDOWN] = "shutdown",
		[VM_REBOOT] = "reboot",
		[VM_FAILURE] = "failure",
		[VM_RESTARTS] = "reboot",
	};

	print("%c{\"end\":\"%s\",\"vm\":%d}\n", HM_RECORD_RS, words[how], vm->id);
}

static void shut_down(void)
{
	unsigned long reason = failures ? SBI_SRST_SYSTEM_FAILURE : SBI_SRST_NO_REASON;

	console_end_lines(); /* a guest's other vCPUs may have written since it ended */
	sbi_call(SBI_EXT_SRST, 0, SBI_SRST_SHUTDOWN, reason);
	fail("the firmware cannot shut the machine down");
}

void vm_end(struct vm *vm, enum vm_end how)
{
	int runs = VM_RUNS;

	if (how == VM_REBOOT && vm->restarts)
		how = VM_RESTARTS;
	if (!__atomic_compare_exchange_n(&vm->end, &runs, how, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_RELAXED))
		return;
	__atomic_add_fetch(&vm->ends, 1, __ATOMIC_RELEASE);
	console_end_line(vm->id);
	report_end(vm, how);
	if (how == VM_FAILURE)
		__atomic_add_fetch(&failures, 1, __ATOMIC_ACQ_REL);
	if (how != VM_RESTARTS && __atomic_sub_fetch(&vms_left, 1, __ATOMIC_ACQ_REL) == 0)
		shut_down();
	for (unsigned i = 0; i < vm->vcpu_count; i++)
		sched_kick(vm->vcpu[i].hart);
}
