// SPDX-License-Identifier: BSD-2-Clause
/* machine.c - what boot/ does for a machine, and the host's side of the calls. */
#include "test.h"

#include <sys/mman.h>
#include <sbi/sbi_ecall.h>
#include <sbi/sbi_scratch.h>

#include "core/machine.h"
#include "core/pool.h"
#include "core/ram.h"
#include "host/extension.h"
#include "machine.h"
#include "ssp_port.h"
#include "mmu/asid.h"
#include "trap/trap.h"
#include "world/lending.h"
#include "world/switch.h"
#include "world/vcpus.h"

/* objects.c has them for itself; as many numbers as there are say which are in use. */
struct machine machine;

#define OFFSET_OF_HART 512
static u64 scratch[(OFFSET_OF_HART + 64) / 8];

static void *map_ram(void)
{
	void *ram = mmap((void *)RAM_BASE, RAM_END - RAM_BASE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);

	assert_ptr_equal(ram, (void *)RAM_BASE);
	return ram;
}

static void begin_hart(void)
{
	static struct hm_hart *hart;

	model_reset();
	free(hart);
	hart = aligned_alloc(16, sizeof(*hart));
	memset(hart, 0, sizeof(*hart));
	*(struct hm_hart **)((char *)scratch + OFFSET_OF_HART) = hart;
	hm_hart_offset = OFFSET_OF_HART;
	model_write(CSR_MSCRATCH, (u64)scratch);
	hart->frame.hart = hart;
	hm_learn_first(&hart->frame);
	hart->frame.scratch = (u64)scratch;
	hart->known = hart->supported = hart->sstc = hart->svvptc = hart->envcfg = hart->inhibit =
		hart->split_counters = hart->retired = true;
	hm_asid_init(hart);
	machine.hart = hart;
	model_write(CSR_MENVCFG, ENVCFG_STCE);
	model_write(CSR_MIDELEG, MIP_SSIP | MIP_STIP | MIP_SEIP);
	model_write(CSR_MIE, MIP_MSIP | MIP_MEIP);
	model_forget_fences();
}

int machine_begin(void **state)
{
	(void)state;
	map_ram();
	machine = (struct machine){ 0 };
	hm_banks[0] = (struct range){ RAM_BASE, RAM_END - RAM_BASE };
	hm_bank_count = 1;
	hm_pool_init(POOL_BASE, POOL_END - POOL_BASE);
	begin_hart();
	assert_int_equal(hm_register_host_extension(), 0);
	return 0;
}

int machine_end(void **state)
{
	(void)state;
	machine.guest = NULL;
	for (u64 i = 0; i < HM_MAX_VCPUS; i++)
		CALL(HM_FID_VCPU_DESTROY, i);
	for (u64 i = 0; i < HM_MAX_VMS; i++)
		CALL(HM_FID_VM_DESTROY, i);
	return hm_pool_free_pages() != (POOL_END - POOL_BASE) >> PAGE_SHIFT;
}

/* Whatever is read was found to be RAM before, and none of the firmware's. */
static void check_place(u64 hpa, u64 size)
{
	if (hpa < FIRMWARE_END || hpa + size > RAM_END)
		fail_msg("%lu bytes at %#lx are the host's or the guest's", size, hpa);
}

void model_was_read(u64 hpa, u64 size)
{
	check_place(hpa, size);
	if (hpa < machine.hostile_from || hpa >= machine.hostile_to)
		return;
	machine.reads++;
	memcpy((void *)hpa, &machine.written, size < 8 ? size : 8);
}

/* Of the pool nothing is the host's to write. */
void model_will_write(u64 hpa, u64 size)
{
	check_place(hpa, size);
	if (hpa < POOL_END && hpa + size > POOL_BASE)
		fail_msg("%lu bytes at %#lx are the pool's", size, hpa);
}

void model_copy(u64 hpa, const void *from, u64 size)
{
	memcpy((void *)hpa, from, size);
}

long host_call(u64 function, const u64 argument[6], unsigned long *value)
{
	struct sbi_trap_regs regs = { .a0 = argument[0],
				      .a1 = argument[1],
				      .a2 = argument[2],
				      .a3 = argument[3],
				      .a4 = argument[4],
				      .a5 = argument[5],
				      .a6 = function,
				      .a7 = HM_EXT_ID };
	struct sbi_ecall_return out = { 0 };
	long error;

	hm_lending_end(machine.hart); /* as in the trap that brings it here (host/hooks.c) */
	error = machine.extension->handle(HM_EXT_ID, function, &regs, &out);
	if (value)
		*value = out.value;
	return error;
}

/* As host_vector.S calls it; mepc is the call's. */
long host_run(u64 vcpu)
{
	struct hm_answer answer = hm_vcpu_run(vcpu);

	if (!answer.error)
		assert_int_equal(answer.value, run_page(vcpu)->exit_reason);
	return answer.error;
}

struct hm_run *run_page(u64 vcpu)
{
	return (struct hm_run *)(RUN_PAGES + vcpu * PAGE_SIZE);
}

struct hm_vcpu *vcpu_of(u64 vcpu)
{
	return hm_entries[vcpu].vcpu;
}

u64 make_vm(void)
{
	unsigned long vm = ~0ul;

	assert_int_equal(host_call(HM_FID_VM_CREATE, (const u64[6]){ 0 }, &vm), 0);
	assert_int_equal(CALL(HM_FID_SLOT_SET, vm, 0, GUEST_BASE, GUEST_HPA, GUEST_SIZE,
			      HM_SLOT_R | HM_SLOT_W | HM_SLOT_X),
			 0);
	return vm;
}

/* vCPUs are numbered from 0 on: the page is the one that run_page() says. */
u64 make_vcpu(u64 vm)
{
	unsigned long vcpu = 0;
	struct hm_run *run;

	while (hm_entries[vcpu].state != HM_VCPU_FREE)
		vcpu++;
	run = run_page(vcpu);
	assert_int_equal(host_call(HM_FID_VCPU_CREATE, (const u64[6]){ vm, (u64)run, 64 }, &vcpu),
			 0);
	assert_ptr_equal(run, run_page(vcpu));
	run->policy = HM_POLICY_ALL;
	run->pc = GUEST_BASE;
	run->priv = PRV_S;
	run->slice_end = run->stimecmp = ~0ull;
	return vcpu;
}

bool ssp_port_swap(u64 hpa, u64 old, u64 new)
{
	if (machine.faster) {
		machine.faster = false;
		*(u64 *)hpa ^= PTE_RSW;
	}
	return __atomic_compare_exchange_n((u64 *)hpa, &old, new, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}
