/* SPDX-License-Identifier: BSD-2-Clause */
/* shadows.c - the guest whose shadow tables are host-hv's, and what is below host-hv. */
#include "shadows.h"

unsigned long mock_time, mock_sip, mock_sie;
struct hart *mock_hart;

struct vm vm;
struct vcpu *v = &vm.vcpu[0];
struct hm_run *run;
uint8_t *ram;
static uint64_t used_pages; /* of guest RAM, for its tables */
unsigned accesses;          /* to devices */

struct sbiret sbi_call6(unsigned long eid, unsigned long fid, const unsigned long arg[6])
{
	(void)eid, (void)fid, (void)arg;
	return (struct sbiret){ 0, 0 };
}

uint64_t memory_alloc(uint64_t size, uint64_t align)
{
	return (uint64_t)aligned_alloc(align, size);
}

enum next exit_mmio(struct vcpu *vcpu)
{
	(void)vcpu;
	accesses++;
	return RESUME;
}

uint64_t sched_slice_end(const struct hart *hart)
{
	(void)hart;
	return FOREVER;
}

void sched_kick(struct hart *hart)
{
	(void)hart;
}

void devices_serve(struct vm *of)
{
	(void)of;
}

enum next (*const exit_routes[HM_EXIT_COUNT])(struct vcpu *v);

enum next exit_refused(struct vcpu *vcpu, long reason)
{
	(void)vcpu, (void)reason;
	return YIELD;
}

/* -- the guest's tables, and ours -- */

static uint64_t page_alloc(void)
{
	return RAM + PAGE * used_pages++;
}

uint64_t *at(uint64_t gpa)
{
	return (uint64_t *)(ram + (gpa - RAM));
}

/* A guest address space of Sv39; the GPA of its top table is in it. */
uint64_t new_space(uint64_t asid)
{
	return 8UL << 60 | asid << 44 | page_alloc() >> 12;
}

void map(uint64_t gsatp, uint64_t va, uint64_t pte)
{
	uint64_t table = (gsatp & SATP_PPN_MASK) << 12;

	for (int level = 2; level > 0; level--) {
		uint64_t *entry = &at(table)[pte_index(va, level)];

		if (!*entry)
			*entry = pte_make(page_alloc(), PTE_V);
		table = pte_address(*entry);
	}
	at(table)[pte_index(va, 0)] = pte;
}

/* The leaf that the hart would find in entry n of the root buffer, or 0. */
uint64_t shadow_leaf(unsigned n, uint64_t va)
{
	uint64_t pte = pte_make((run->roots[n].root & SATP_PPN_MASK) << 12, PTE_V);

	for (int level = 2; level >= 0 && (pte & PTE_V) && !(pte & PTE_RWX); level--)
		pte = ((uint64_t *)pte_address(pte))[pte_index(va, level)];
	return pte & PTE_V ? pte : 0;
}

/* -- what guest and firmware do -- */

void begin(struct vcpu *vcpu)
{
	while (!shadow_ready(vcpu))
		shadow_apply_policy(vcpu);
	fence_enter(vcpu);
	assert_true(shadow_ready(vcpu));
	shadow_enter(vcpu);
}

void enter(void)
{
	begin(v);
	run->hw_fence = HM_FENCE_NONE;
	run->roots_new = 0;
	fence_leave(v);
	shadow_leave(v);
}

void fault(uint64_t cause, uint64_t va)
{
	run->exit_cause = cause;
	run->exit_value = va;
	assert_int_equal(shadow_fault(v), RESUME);
}

void fence(uint64_t start, uint64_t size, uint64_t asid)
{
	run->flags |= HM_RUN_FENCE_VMA;
	run->fence_start = start;
	run->fence_size = size;
	run->fence_asid = asid;
	shadow_enter(v);
}

uint64_t space[2]; /* two address spaces; the guest runs on the first */

static int setup_with(uint64_t policy, unsigned vcpus, unsigned roots)
{
	static const struct hm_info hm = { .satp_modes = 7 << 8, .features = HM_INFO_SVVPTC };

	ram = aligned_alloc(PAGE, RAM_PAGES * PAGE);
	memset(ram, 0, RAM_PAGES * PAGE);
	run = calloc(1, PAGE);
	used_pages = accesses = 0;
	vm = (struct vm){ .ram = { RAM, RAM_PAGES * PAGE },
			  .hpa = (uint64_t)ram,
			  .roots = roots,
			  .vcpu_count = vcpus };
	vm.policy = policy;
	for (unsigned i = 0; i < vcpus; i++)
		vm.vcpu[i] = (struct vcpu){ .vm = &vm,
					    .id = i,
					    .run = i ? calloc(1, PAGE) : run,
					    .shadow = shadow_create(&vm, 100, &hm) };
	vm.tsp = tsp_handler_create(&vm);
	tsp_handler_init(vm.tsp, &vm, &hm, 64);
	run->priv = 1;
	run->stvec = 0x7000;
	enter();
	for (unsigned i = 0; i < 2; i++) {
		space[i] = new_space(i + 1);
		map(space[i], VA, pte_make(RAM + PAGE * (40 + i), ALLOWED));
	}
	shadow_satp(v, space[0]);
	enter();
	return 0;
}

int setup(void **state)
{
	(void)state;
	return setup_with(policy_of(HM_POLICY_SATP), 1, HM_ROOTS);
}

int setup_one_root(void **state)
{
	(void)state;
	return setup_with(policy_of(HM_POLICY_SATP), 1, 1);
}

int setup_in_step(void **state)
{
	(void)state;
	return setup_with(POLICY_TSP_IN_STEP, 2, HM_ROOTS);
}

int setup_tsp(void **state)
{
	(void)state;
	return setup_with(POLICY_TSP, 2, HM_ROOTS);
}

int teardown(void **state)
{
	(void)state;
	for (unsigned i = 0; i < vm.vcpu_count; i++) {
		free(vm.vcpu[i].shadow);
		free(vm.vcpu[i].run);
	}
	free(vm.tsp);
	free(ram);
	return 0;
}

/* The guest has the fault of a fetch at va. */
void assert_fetch_fault(uint64_t va)
{
	assert_int_equal(run->scause, 12);
	assert_int_equal(run->stval, va);
	assert_int_equal(run->sepc, va);
	assert_int_equal(run->pc, run->stvec);
}
