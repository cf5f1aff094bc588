/* SPDX-License-Identifier: BSD-2-Clause */
/* Shadow tables that are host-hv's: a guest's tables in memory of the test, the firmware played. */
#include "test.h"

#include "core/fence.h"
#include "core/hart.h"
#include "core/policy.h"
#include "core/vcpu.h"
#include "device/mmio.h"
#include "run/exits.h"
#include "run/sched.h"
#include "shadow/handler.h"
#include "shadow/tsp_handler.h"

#define RAM       0x80000000UL
#define RAM_PAGES 64
#define UART      0x10000000UL
#define VA        0x40200000UL
#define FETCH     12
#define LOAD      13
#define STORE     15
#define ALLOWED   (PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D)

unsigned long mock_time, mock_sip, mock_sie;
struct hart *mock_hart;

static struct vm vm;
static struct vcpu *v = &vm.vcpu[0];
static struct hm_run *run;
static uint8_t *ram;
static uint64_t used_pages; /* of guest RAM, for its tables */
static unsigned accesses;   /* to devices */

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

enum next exit_route(struct vcpu *vcpu, long reason)
{
	(void)vcpu, (void)reason;
	return YIELD;
}

/* -- the guest's tables, and ours -- */

static uint64_t page_alloc(void)
{
	return RAM + PAGE * used_pages++;
}

static uint64_t *at(uint64_t gpa)
{
	return (uint64_t *)(ram + (gpa - RAM));
}

/* A guest address space of Sv39; the GPA of its top table is in it. */
static uint64_t new_space(uint64_t asid)
{
	return 8UL << 60 | asid << 44 | page_alloc() >> 12;
}

static void map(uint64_t gsatp, uint64_t va, uint64_t pte)
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
static uint64_t shadow_leaf(unsigned n, uint64_t va)
{
	uint64_t pte = pte_make((run->roots[n].root & SATP_PPN_MASK) << 12, PTE_V);

	for (int level = 2; level >= 0 && (pte & PTE_V) && !(pte & PTE_RWX); level--)
		pte = ((uint64_t *)pte_address(pte))[pte_index(va, level)];
	return pte & PTE_V ? pte : 0;
}

/* -- what guest and firmware do -- */

static void begin(struct vcpu *vcpu)
{
	shadow_prepare(vcpu);
	fence_enter(vcpu);
	assert_true(shadow_ready(vcpu));
	shadow_enter(vcpu);
}

static void enter(void)
{
	begin(v);
	run->hw_fence = HM_FENCE_NONE;
	run->roots_new = 0;
	fence_leave(v);
	shadow_leave(v);
}

static void fault(uint64_t cause, uint64_t va)
{
	run->exit_cause = cause;
	run->exit_value = va;
	assert_int_equal(exit_page_fault(v), RESUME);
}

static void fence(uint64_t start, uint64_t size, uint64_t asid)
{
	run->flags |= HM_RUN_FENCE_VMA;
	run->fence_start = start;
	run->fence_size = size;
	run->fence_asid = asid;
	shadow_enter(v);
}

static uint64_t space[2]; /* two address spaces; the guest runs on the first */

static int setup_with(uint64_t policy, unsigned vcpus)
{
	static const struct hm_info hm = { .satp_modes = 7 << 8, .features = HM_INFO_SVVPTC };

	ram = aligned_alloc(PAGE, RAM_PAGES * PAGE);
	memset(ram, 0, RAM_PAGES * PAGE);
	run = calloc(1, PAGE);
	used_pages = accesses = 0;
	vm = (struct vm){ .ram = { RAM, RAM_PAGES * PAGE },
			  .hpa = (uint64_t)ram,
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

static int setup(void **state)
{
	(void)state;
	return setup_with(policy_of(HM_POLICY_SATP), 1);
}

static int setup_in_step(void **state)
{
	(void)state;
	return setup_with(POLICY_TSP_IN_STEP, 2);
}

static int setup_tsp(void **state)
{
	(void)state;
	return setup_with(POLICY_TSP, 2);
}

static int teardown(void **state)
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

/* -- who owns the tables -- */

static void whoever_fills_or_flushes_has_the_tables(void **state)
{
	(void)state;
	assert_int_equal(policy_of(0), POLICY_SSP_TABLES);
	assert_int_equal(policy_of(HM_POLICY_SATP), HM_POLICY_SATP | POLICY_SSP_TABLES);
	assert_int_equal(policy_of(HM_POLICY_FILL), HM_POLICY_FILL);
	assert_int_equal(policy_of(HM_POLICY_FLUSH), HM_POLICY_FLUSH);
	assert_int_equal(policy_of(HM_POLICY_ALL), HM_POLICY_ALL);
}

static void parses(const char *text, uint64_t expected)
{
	char copy[64];
	uint64_t policy;

	assert_true(policy_parse(strcpy(copy, text), &policy));
	assert_int_equal(policy, expected);
}

static void policies_have_names(void **state)
{
	uint64_t policy;

	(void)state;
	parses("ssp-hm", HM_POLICY_ALL);
	parses("ssp", HM_POLICY_SATP | POLICY_SSP_TABLES);
	parses("tsp", POLICY_TSP);
	parses("tsp-in-step", POLICY_TSP_IN_STEP);
	parses("none", POLICY_SSP_TABLES);
	parses("inject,fill", HM_POLICY_INJECT | HM_POLICY_FILL);
	assert_false(policy_parse((char[]){ "native" }, &policy));
	assert_false(policy_parse((char[]){ "satp,native" }, &policy));
	assert_false(policy_parse((char[]){ "" }, &policy));
}

static void the_first_entry_has_a_root_and_a_fence(void **state)
{
	(void)state;
	vcpu_reset(v, RAM, 0);
	begin(v);
	assert_int_equal(run->policy, vm.policy & ~POLICY_IN_STEP);
	assert_int_equal(run->hw_fence, HM_FENCE_ALL);
	assert_int_equal(run->roots[run->root].gsatp, 0);
	assert_int_equal(run->roots[run->root].root >> 60, 8);
	assert_int_equal(run->roots_new, 0xffff);
}

static void a_change_of_owner_drops_everything(void **state)
{
	(void)state;
	fault(LOAD, VA);
	assert_int_not_equal(shadow_leaf(run->root, VA), 0);
	vm.policy = HM_POLICY_ALL;
	enter();
	assert_int_equal(run->policy, HM_POLICY_ALL);
	map(space[0], VA, 0);
	vm.policy = policy_of(0);
	begin(v);
	assert_int_equal(run->roots[run->root].gsatp, space[0]);
	assert_int_equal(shadow_leaf(run->root, VA), 0);
	assert_int_equal(run->hw_fence, HM_FENCE_ALL);
}

static void the_firmware_gets_the_fences_of_its_own_tables(void **state)
{
	(void)state;
	vm.policy = HM_POLICY_ALL;
	enter();
	fence(VA, PAGE, 1);
	assert_true(run->flags & HM_RUN_FENCE_VMA);
	shadow_satp(v, space[1]);
	assert_int_equal(run->satp, space[1]);
}

/* -- page faults -- */

static void what_the_guest_allows_is_filled(void **state)
{
	uint64_t leaf;

	(void)state;
	fault(STORE, VA);
	leaf = shadow_leaf(run->root, VA);
	assert_int_equal(pte_address(leaf), (uint64_t)ram + 40 * PAGE);
	assert_int_equal(leaf & PTE_RWX, PTE_RWX);
	assert_int_equal(v->shadow->count[SHADOW_HIDDEN_FAULT], 1);
	assert_int_equal(run->pc, 0);
}

static void what_it_forbids_is_its_own_fault(void **state)
{
	(void)state;
	run->pc = 0x1234;
	fault(STORE, VA + PAGE);
	assert_int_equal(run->scause, STORE);
	assert_int_equal(run->stval, VA + PAGE);
	assert_int_equal(run->sepc, 0x1234);
	assert_int_equal(run->pc, 0x7000);
	assert_int_equal(v->shadow->count[SHADOW_TRUE_FAULT], 1);
}

static void a_table_outside_ram_is_an_access_fault(void **state)
{
	(void)state;
	shadow_satp(v, 8UL << 60 | 0x10000);
	fault(STORE, VA);
	assert_int_equal(run->scause, 7);
	fault(LOAD, VA);
	assert_int_equal(run->scause, 5);
	fault(FETCH, VA);
	assert_int_equal(run->scause, 1);
}

static void the_state_of_the_access_counts(void **state)
{
	(void)state;
	map(space[0], VA, pte_make(RAM, ALLOWED | PTE_U));
	fault(LOAD, VA);
	assert_int_equal(v->shadow->count[SHADOW_TRUE_FAULT], 1);
	run->priv = 1;
	run->sstatus |= 1UL << 18; /* SUM */
	fault(LOAD, VA);
	assert_int_equal(v->shadow->count[SHADOW_HIDDEN_FAULT], 1);
	run->priv = 0;
	run->sstatus = 0;
	fault(LOAD, VA);
	assert_int_equal(v->shadow->count[SHADOW_HIDDEN_FAULT], 2);
}

static void outside_is_a_device_and_its_instruction_is_fetched(void **state)
{
	(void)state;
	map(space[0], VA, pte_make(UART, ALLOWED));
	map(space[0], VA + PAGE, pte_make(RAM + 50 * PAGE, ALLOWED));
	map(space[0], VA + 2 * PAGE, pte_make(RAM + 60 * PAGE, ALLOWED));
	run->pc = VA + 2 * PAGE - 2; /* across two pages that are not neighbours */
	*(uint16_t *)(ram + 51 * PAGE - 2) = 0x8023;
	*(uint16_t *)(ram + 60 * PAGE) = 0x00a5;
	fault(STORE, VA + 5);
	assert_int_equal(accesses, 1);
	assert_int_equal(run->exit_insn, 0x00a58023);
	assert_int_equal(run->exit_insn_len, 4);
	assert_int_equal(run->exit_gpa, UART + 5);
	assert_int_equal(v->shadow->count[SHADOW_MMIO], 1);
}

/* The guest has the fault of a fetch at va. */
static void assert_fetch_fault(uint64_t va)
{
	assert_int_equal(run->scause, 12);
	assert_int_equal(run->stval, va);
	assert_int_equal(run->sepc, va);
	assert_int_equal(run->pc, run->stvec);
}

static void code_that_is_gone_faults_by_itself(void **state)
{
	(void)state;
	map(space[0], VA, pte_make(UART, ALLOWED));
	run->pc = VA + PAGE;
	fault(STORE, VA);
	assert_int_equal(accesses, 0);
	assert_fetch_fault(VA + PAGE);
}

static void nothing_is_fetched_from_a_device(void **state)
{
	(void)state;
	map(space[0], VA, pte_make(UART, ALLOWED));
	fault(FETCH, VA);
	assert_int_equal(run->scause, 1);
	assert_int_equal(accesses, 0);
}

/* -- roots -- */

static void each_address_space_has_its_root(void **state)
{
	uint64_t first = run->root;

	(void)state;
	fault(LOAD, VA);
	shadow_satp(v, space[1]);
	assert_int_not_equal(run->root, first);
	assert_int_equal(run->roots[run->root].gsatp, space[1]);
	assert_true(run->roots_new >> run->root & 1);
	assert_int_equal(shadow_leaf(run->root, VA), 0);
	fault(LOAD, VA);
	assert_int_equal(pte_address(shadow_leaf(run->root, VA)), (uint64_t)ram + 41 * PAGE);
	assert_int_equal(pte_address(shadow_leaf(first, VA)), (uint64_t)ram + 40 * PAGE);
	enter();
	shadow_satp(v, space[0]);
	assert_int_equal(run->root, first);
	assert_int_equal(run->roots_new, 0);
}

/*
 * One shadow table more, or two: another 2 MiB of VA's gigabyte, or another gigabyte; the guest's
 * tables are the same.
 */
static void use_tables(unsigned count, unsigned number)
{
	uint64_t *top = at((space[0] & SATP_PPN_MASK) << 12),
		 *middle = at(pte_address(top[pte_index(VA, 2)]));

	middle[200] = middle[pte_index(VA, 1)];
	top[number] = top[pte_index(VA, 2)];
	fault(LOAD,
	      count == 1 ? 200UL << 21 | (VA & -GIB) : (uint64_t)number << 30 | (VA & (GIB - 1)));
}

/* The hart may hold pointers to the tables that it gets. */
static void a_first_root_fences_for_the_tables_of_others(void **state)
{
	struct ssp_space *engine = &v->shadow->space;
	unsigned number = 10;

	(void)state;
	fault(LOAD, VA);
	if (engine->free_count % 2)
		use_tables(1, number++);
	while (engine->free_count)
		use_tables(2, number++);
	assert_int_equal(engine->tables_recycled, 0);
	enter();
	shadow_satp(v, space[1]);
	assert_true(engine->tables_recycled);
	assert_int_equal(run->hw_fence, HM_FENCE_ALL);
}

static void the_firmware_switches_alone(void **state)
{
	uint64_t first = run->root, second;

	(void)state;
	shadow_satp(v, space[1]);
	enter();
	second = run->root;
	run->root = first;
	run->satp = space[0];
	shadow_leave(v);
	fault(LOAD, VA);
	assert_int_not_equal(shadow_leaf(first, VA), 0);
	assert_int_equal(shadow_leaf(second, VA), 0);
}

static void the_least_recently_used_root_goes(void **state)
{
	uint64_t clock = 0;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		shadow_satp(v, 8UL << 60 | (100UL + i) << 44 | 0x80000);
		run->roots[run->root].used = ++clock;
		enter();
	}
	for (unsigned n = 0; n < HM_ROOTS; n++)
		assert_true(run->roots[n].root);
	assert_int_equal(run->root, 5);
	run->roots[6].used = ++clock; /* the oldest but for this */
	shadow_satp(v, space[0]);
	assert_int_equal(run->root, 7);
	assert_int_equal(run->roots[7].gsatp, space[0]);
}

/* -- fences -- */

static void fill_both(uint64_t *first, uint64_t *second)
{
	*first = run->root;
	fault(LOAD, VA);
	shadow_satp(v, space[1]);
	*second = run->root;
	fault(LOAD, VA);
	enter();
}

static void a_fence_of_a_page_reaches_roots_that_do_not_run(void **state)
{
	uint64_t first, second;

	(void)state;
	fill_both(&first, &second);
	map(space[0], VA, 0);
	map(space[1], VA, 0);
	fence(VA, PAGE, ~0UL);
	assert_int_equal(shadow_leaf(second, VA), 0);
	assert_int_equal(shadow_leaf(first, VA), 0);
	assert_int_equal(run->roots[first].root >> 60, 8);
	assert_int_equal(run->hw_fence, HM_FENCE_PAGE);
	assert_int_equal(run->hw_fence_va, VA);
	assert_false(run->flags & HM_RUN_FENCE_VMA);
}

/* Its root is flushed when it is entered, and until then the firmware has none. */
static void a_fence_of_another_asid_takes_its_root_from_the_buffer(void **state)
{
	uint64_t first, second, generation;

	(void)state;
	fill_both(&first, &second);
	fence(0, 0, 1);
	assert_int_equal(run->roots[first].root, 0);
	assert_int_not_equal(shadow_leaf(second, VA), 0);
	assert_true(run->roots_new >> first & 1);
	assert_int_equal(run->hw_fence, HM_FENCE_NONE);
	generation = run->roots[second].generation;
	fence(0, 0, 2);
	assert_int_equal(run->roots[second].generation, generation);
	assert_int_equal(run->hw_fence, HM_FENCE_ASID);
	shadow_satp(v, space[0]);
	assert_int_equal(run->root, first);
	assert_int_equal(shadow_leaf(first, VA), 0);
}

static void a_fence_of_everything_takes_other_roots_from_the_buffer(void **state)
{
	uint64_t first, second;

	(void)state;
	fill_both(&first, &second);
	fence(0, 0, ~0UL);
	assert_int_equal(run->roots[first].root, 0);
	assert_int_equal(shadow_leaf(second, VA), 0);
	assert_int_equal(run->hw_fence, HM_FENCE_ALL);
	shadow_satp(v, space[0]);
	assert_int_equal(run->root, first);
	assert_int_equal(run->roots[first].root >> 60, 8);
	assert_int_equal(shadow_leaf(first, VA), 0);
}

static void a_range_is_fenced_whole(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		map(space[0], VA + i * PAGE, pte_make(RAM + PAGE * (40 + i), ALLOWED));
		fault(STORE, VA + i * PAGE);
	}
	map(space[0], VA + PAGE, 0);
	map(space[0], VA + 2 * PAGE, 0);
	fence(VA + PAGE + 8, PAGE, 1);
	assert_int_not_equal(shadow_leaf(run->root, VA), 0);
	assert_int_equal(shadow_leaf(run->root, VA + PAGE), 0);
	assert_int_equal(shadow_leaf(run->root, VA + 2 * PAGE), 0);
	assert_int_not_equal(shadow_leaf(run->root, VA + 3 * PAGE), 0);
	fence(VA, 1UL << 40, 1);
	assert_int_equal(shadow_leaf(run->root, VA + 3 * PAGE), 0);
}

/* HM_POLICY_LOG_FENCES: the firmware found it absent, and has fenced the hart. */
static void logged(uint64_t va, uint64_t asid)
{
	run->fences[run->fence_count].va = va;
	run->fences[run->fence_count++].asid = asid;
}

static void logged_fences_reach_roots_that_do_not_run(void **state)
{
	uint64_t first, second;

	(void)state;
	fill_both(&first, &second);
	map(space[0], VA, 0);
	logged(VA + 8 * PAGE, 2);
	logged(VA, ~0UL);
	run->exit_reason = HM_EXIT_INTERRUPT;
	shadow_leave(v);
	assert_int_equal(run->fence_count, 0);
	assert_int_equal(shadow_leaf(first, VA), 0);
	assert_int_not_equal(shadow_leaf(second, VA), 0);
	assert_int_equal(run->hw_fence, HM_FENCE_NONE);
}

static void what_the_guest_mapped_behind_a_logged_fence_is_read(void **state)
{
	(void)state;
	fault(STORE, VA);
	enter();
	map(space[0], VA + PAGE, pte_make(RAM + 50 * PAGE, ALLOWED));
	map(space[0], VA + 2 * PAGE, pte_make(RAM + 60 * PAGE, ALLOWED));
	logged(VA + PAGE, 1);
	logged(VA + 2 * PAGE, ~0UL);
	run->exit_reason = HM_EXIT_PAGE_FAULT;
	run->exit_value = VA + 2 * PAGE;
	shadow_leave(v);
	assert_int_equal(pte_address(shadow_leaf(run->root, VA + PAGE)), (uint64_t)ram + 50 * PAGE);
	assert_int_equal(shadow_leaf(run->root, VA + 2 * PAGE), 0);
	fault(STORE, VA + 2 * PAGE);
	assert_int_equal(pte_address(shadow_leaf(run->root, VA + 2 * PAGE)),
			 (uint64_t)ram + 60 * PAGE);
	assert_int_equal(run->hw_fence, HM_FENCE_NONE);
}

static void a_page_with_a_true_fault_is_dropped(void **state)
{
	(void)state;
	map(space[0], VA, pte_make(RAM + 40 * PAGE, ALLOWED & ~PTE_W));
	fault(LOAD, VA);
	assert_int_not_equal(shadow_leaf(run->root, VA), 0);
	enter();
	fault(STORE, VA);
	assert_int_equal(run->scause, STORE);
	assert_int_equal(shadow_leaf(run->root, VA), 0);
	assert_int_equal(run->hw_fence, HM_FENCE_PAGE);
	assert_int_equal(run->hw_fence_va, VA);
}

static void a_fence_drops_the_pages_behind_that_changed_too(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		map(space[0], VA + i * PAGE, pte_make(RAM + PAGE * (40 + i), ALLOWED));
		fault(STORE, VA + i * PAGE);
	}
	enter();
	for (unsigned i = 0; i < 3; i++)
		map(space[0], VA + i * PAGE, 0);
	fence(VA, PAGE, 1);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(shadow_leaf(run->root, VA + i * PAGE), 0);
	assert_int_not_equal(shadow_leaf(run->root, VA + 3 * PAGE), 0);
	assert_int_equal(run->hw_fence, HM_FENCE_PAGE);
}

/* Its pages are fenced by any address in it: the firmware could not tell. */
static void regions_with_split_superpages_exit_for_fences(void **state)
{
	uint64_t table = (space[0] & SATP_PPN_MASK) << 12, va = 5UL << 30;

	(void)state;
	fault(LOAD, VA);
	enter();
	assert_int_equal(run->fence_exits, 0);
	at(table)[pte_index(va, 2)] = pte_make(0x80000000, ALLOWED); /* its RAM is less than 1 GB */
	fault(LOAD, va);
	enter();
	assert_int_equal(run->fence_exits, 1 << 5);
}

static void two_fences_owed_become_one_of_everything(void **state)
{
	(void)state;
	shadow_owe(v, SSP_FENCE_PAGE, VA);
	shadow_owe(v, SSP_FENCE_NONE, 0);
	shadow_owe(v, SSP_FENCE_PAGE, VA);
	assert_int_equal(run->hw_fence, HM_FENCE_PAGE);
	shadow_owe(v, SSP_FENCE_PAGE, VA + PAGE);
	assert_int_equal(run->hw_fence, HM_FENCE_ALL);
	run->hw_fence = HM_FENCE_NONE;
	shadow_owe(v, SSP_FENCE_ASID, 0);
	shadow_satp(v, space[1]); /* it named the root before */
	assert_int_equal(run->hw_fence, HM_FENCE_ALL);
}

static void remote_fences_are_paid_before_the_guest_runs(void **state)
{
	struct fence f = { HM_RUN_FENCE_VMA, VA, PAGE, FENCE_ALL };

	(void)state;
	fault(LOAD, VA);
	enter();
	map(space[0], VA, 0);
	fence_vcpus(&vm, 1, &f);
	begin(v);
	assert_int_equal(shadow_leaf(run->root, VA), 0);
	assert_int_equal(run->hw_fence, HM_FENCE_PAGE);
	assert_false(run->flags & HM_RUN_FENCE_VMA);
}

/* -- traditional shadow paging -- */

/* The guest's leaf table for VA is mapped at VA + PAGE, and the code sd a0, 0(a1) runs at VA. */
static uint64_t map_leaf_table(void)
{
	uint64_t table = pte_address(at((space[0] & SATP_PPN_MASK) << 12)[pte_index(VA, 2)]);

	table = pte_address(at(table)[pte_index(VA, 1)]);
	map(space[0], VA + PAGE, pte_make(table, ALLOWED));
	*(uint32_t *)(ram + 40 * PAGE) = 0x00a5b023;
	run->pc = VA;
	return VA + PAGE;
}

static void a_store_to_a_table_is_emulated_and_followed(void **state)
{
	uint64_t table = map_leaf_table();

	(void)state;
	fault(LOAD, VA);
	run->x[10] = pte_make(RAM + 50 * PAGE, ALLOWED);
	run->x[11] = table + 8 * pte_index(VA + 4 * PAGE, 0);
	fault(STORE, run->x[11]);
	assert_int_equal(v->shadow->count[SHADOW_PT_WRITE], 1);
	assert_true(run->flags & HM_RUN_ADVANCE);
	assert_int_equal(run->exit_insn_len, 4);
	assert_int_equal(pte_address(shadow_leaf(run->root, VA + 4 * PAGE)),
			 (uint64_t)ram + 50 * PAGE);
}

static void a_store_whose_code_is_gone_is_no_store(void **state)
{
	uint64_t table = map_leaf_table();

	(void)state;
	fault(LOAD, VA);
	run->pc = VA + 7 * PAGE;
	run->x[11] = table + 8 * 300;
	fault(STORE, run->x[11]);
	assert_false(run->flags & HM_RUN_ADVANCE);
	assert_fetch_fault(VA + 7 * PAGE);
}

static void a_misaligned_amo_is_the_guests(void **state)
{
	uint64_t table = map_leaf_table();

	(void)state;
	fault(LOAD, VA);
	*(uint32_t *)(ram + 40 * PAGE) = 0x00a5b02f; /* amoadd.d x0, a0, (a1) */
	run->x[11] = table + 4;
	fault(STORE, run->x[11]);
	assert_int_equal(run->scause, 6);
	assert_int_equal(run->stval, table + 4);
}

/* The second page of a store: that is where the fault is. */
static void the_second_page_of_a_store_is_named(void **state)
{
	uint64_t table = map_leaf_table();

	(void)state;
	fault(LOAD, VA);
	run->x[11] = table + PAGE - 4;
	fault(STORE, run->x[11]);
	assert_int_equal(run->scause, STORE);
	assert_int_equal(run->stval, table + PAGE);
	assert_int_equal(v->shadow->count[SHADOW_TRUE_FAULT], 1);
}

static void protecting_a_table_fences_other_vcpus(void **state)
{
	(void)state;
	fault(LOAD, VA);
	assert_true(vm.vcpu[1].fence.flags & HM_RUN_FENCE_VMA);
	assert_int_equal(vm.vcpu[1].fence.asid, FENCE_ALL);
	assert_int_equal(run->hw_fence, HM_FENCE_ALL);
	assert_int_not_equal(shadow_leaf(run->root, VA), 0);
}

static void the_firmware_serves_the_guests_fences(void **state)
{
	(void)state;
	fault(LOAD, VA);
	enter();
	fence(VA, PAGE, 1);
	assert_true(run->flags & HM_RUN_FENCE_VMA);
	assert_int_not_equal(shadow_leaf(run->root, VA), 0);
}

/* Meanwhile its stores were not seen. */
static void what_was_shadowed_before_another_policy_is_forgotten(void **state)
{
	struct vcpu *other = &vm.vcpu[1];

	(void)state;
	begin(other);
	fence_leave(other);
	fault(LOAD, VA);
	vm.policy = HM_POLICY_ALL;
	enter();
	map(space[0], VA, 0);
	vm.policy = POLICY_TSP_IN_STEP;
	enter();
	assert_int_equal(shadow_leaf(run->root, VA), 0);
	/* The other vCPU has not even seen that there was another policy. */
	assert_false(shadow_ready(other));
	other->run->exit_cause = LOAD;
	other->run->exit_value = VA;
	assert_int_equal(exit_page_fault(other), RESUME);
	begin(other);
	assert_int_not_equal(other->run->roots[other->run->root].root, 0);
}

static void no_vcpu_goes_on_while_another_runs_elsewhere(void **state)
{
	struct vcpu *other = &vm.vcpu[1];

	(void)state;
	begin(other);
	fence_leave(other);
	vm.policy = HM_POLICY_ALL;
	enter();
	vm.policy = POLICY_TSP_IN_STEP;
	assert_false(shadow_ready(other));
	begin(other);
	assert_true(shadow_ready(other));
	assert_true(v->fence.flags & HM_RUN_FENCE_VMA); /* and is not where it was */
}

/*
 * vse64.v v8, (a1) to the table that maps it runs where nothing is protected, and the guest comes
 * back behind it.
 */
static void a_store_that_is_not_decoded_is_executed_aside(void **state)
{
	uint64_t table = map_leaf_table(), entry = table + 8 * 300;

	(void)state;
	*(uint32_t *)(ram + 40 * PAGE) = 0x0205f427;
	fault(LOAD, VA);
	fault(STORE, entry);
	assert_int_equal(v->shadow->count[SHADOW_PT_WRITE], 1);
	assert_int_equal(vm.policy, POLICY_ASIDE | POLICY_IN_STEP);
	enter();
	assert_int_equal(run->policy, POLICY_ASIDE);
	fault(STORE, entry);
	assert_true(shadow_leaf(run->root, table) & PTE_W);
	enter();
	assert_int_equal(vm.policy, POLICY_ASIDE | POLICY_IN_STEP);
	run->pc += PAGE;
	vm.vcpu[1].run->pc = run->pc;
	begin(&vm.vcpu[1]);
	shadow_leave(&vm.vcpu[1]);
	fence_leave(&vm.vcpu[1]);
	assert_int_equal(vm.policy, POLICY_ASIDE | POLICY_IN_STEP); /* it was not that one's */
	enter();
	assert_int_equal(vm.policy, POLICY_TSP_IN_STEP);
	enter();
	assert_int_equal(run->policy, POLICY_TSP);
	fault(LOAD, table);
	assert_false(shadow_leaf(run->root, table) & PTE_W);
}

/* As a CPU that stops behind such a store: no exit far from it would come. */
static void a_call_ends_what_was_executed_aside(void **state)
{
	uint64_t table = map_leaf_table(), entry = table + 8 * 300;

	(void)state;
	*(uint32_t *)(ram + 40 * PAGE) = 0x0205f427;
	fault(LOAD, VA);
	fault(STORE, entry);
	enter();
	assert_int_equal(vm.policy, POLICY_ASIDE | POLICY_IN_STEP);
	run->pc += 8;
	run->exit_reason = HM_EXIT_SBI;
	enter();
	assert_int_equal(vm.policy, POLICY_TSP_IN_STEP);
}

/* An SC: its own code might be behind the table. */
static void so_is_one_that_is_repeated_in_vain(void **state)
{
	uint64_t table = map_leaf_table(), other;

	(void)state;
	map(space[0], VA + GIB, pte_make(RAM + 41 * PAGE, ALLOWED));
	other = pte_address(at((space[0] & SATP_PPN_MASK) << 12)[pte_index(VA + GIB, 2)]);
	map(space[0], table, pte_make(other, ALLOWED));
	*(uint32_t *)(ram + 40 * PAGE) = 0x18a5b52f; /* sc.d a0, a0, (a1) */
	fault(LOAD, VA + GIB);
	run->x[11] = table;
	fault(STORE, table);
	assert_int_equal(vm.policy, POLICY_TSP_IN_STEP);
	fault(LOAD, VA + GIB);
	fault(STORE, table);
	assert_int_equal(vm.policy, POLICY_ASIDE | POLICY_IN_STEP);
	vm.policy = HM_POLICY_ALL; /* the operator's */
	run->pc += PAGE;
	enter();
	assert_int_equal(vm.policy, HM_POLICY_ALL);
}

/* -- leaf tables out of step -- */

#define FENCES_END HM_POLICY_FLUSH /* in the firmware */

/* The guest has made its leaf table writable, and what it maps at VA another page. */
static uint64_t change_leaf(void)
{
	uint64_t table = map_leaf_table();

	fault(LOAD, VA);
	fault(STORE, table + 8 * pte_index(VA, 0));
	assert_false(run->flags & HM_RUN_ADVANCE);
	assert_true(shadow_leaf(run->root, table) & PTE_W);
	map(space[0], VA, pte_make(RAM + 50 * PAGE, ALLOWED));
	return table;
}

static uint64_t mapped(uint64_t va)
{
	return pte_address(shadow_leaf(run->root, va)) - (uint64_t)ram;
}

/* SFENCE.VMA that the firmware does not end (exits.c). */
static void fence_exit(struct vcpu *vcpu, uint64_t start, uint64_t size, uint64_t asid)
{
	const struct fence f = { HM_RUN_FENCE_VMA, start, size, asid };

	shadow_sync(vcpu, &f);
}

static void a_store_to_a_leaf_table_counts_once(void **state)
{
	(void)state;
	change_leaf();
	assert_int_equal(v->shadow->count[SHADOW_PT_WRITE], 1);
	assert_int_equal(mapped(VA), 40 * PAGE);
}

static void fences_exit_while_a_table_is_out_of_step(void **state)
{
	(void)state;
	assert_int_equal(run->policy, POLICY_TSP);
	change_leaf();
	enter();
	assert_int_equal(run->policy, POLICY_TSP & ~FENCES_END);
	fence_exit(v, VA, PAGE, 1);
	assert_int_equal(mapped(VA), 50 * PAGE);
	run->flags |= HM_RUN_FENCE_VMA;
	enter();
	assert_true(run->flags & HM_RUN_FENCE_VMA); /* the hart's part is the firmware's */
	assert_int_equal(run->policy, POLICY_TSP & ~FENCES_END);
	fence_exit(v, 0, 0, FENCE_ALL);
	enter();
	assert_int_equal(run->policy, POLICY_TSP);
}

/* Where none goes out of step, no entry looks whether one has: nothing may be left of before. */
static void nothing_stays_out_of_step_where_none_goes(void **state)
{
	struct vcpu *other = &vm.vcpu[1];

	(void)state;
	begin(other);
	fence_leave(other);
	change_leaf();
	vm.policy = POLICY_TSP_IN_STEP;
	assert_false(shadow_ready(other));
	enter();
	assert_false(shadow_syncs(v));
	assert_int_equal(run->policy, POLICY_TSP);
	assert_int_equal(shadow_leaf(run->root, VA), 0);
	begin(other);
	assert_int_equal(other->run->policy, POLICY_TSP);
}

static void others_fences_exit_from_then_on(void **state)
{
	struct vcpu *other = &vm.vcpu[1];

	(void)state;
	begin(other);
	fence_leave(other);
	assert_int_equal(other->run->policy, POLICY_TSP);
	change_leaf();
	assert_true(other->fence.flags & HM_RUN_FENCE_VMA); /* it is made to leave */
	begin(other);
	assert_int_equal(other->run->policy, POLICY_TSP & ~FENCES_END);
	fence_leave(other);
	fence_exit(other, 0, 0, FENCE_ALL);
	assert_int_equal(mapped(VA), 50 * PAGE);
}

static void a_long_range_is_everything(void **state)
{
	const struct fence pages = { HM_RUN_FENCE_VMA, VA, 64 * PAGE, FENCE_ALL };
	const struct fence more = { HM_RUN_FENCE_VMA, VA + 3, 64 * PAGE, FENCE_ALL };

	(void)state;
	change_leaf();
	shadow_sync(v, &pages);
	enter();
	assert_int_equal(run->policy, POLICY_TSP & ~FENCES_END);
	shadow_sync(v, &more);
	enter();
	assert_int_equal(run->policy, POLICY_TSP);
}

static void a_commit_of_the_ring_is_a_fence_of_everything(void **state)
{
	struct hm_ring *ring = (struct hm_ring *)(ram + 60 * PAGE);

	(void)state;
	change_leaf();
	run->ring_gpa = RAM + 60 * PAGE;
	ring->head = 3;
	enter();
	shadow_commit(v);
	assert_int_equal(mapped(VA), 50 * PAGE);
	assert_int_equal(run->hw_fence, HM_FENCE_ALL);
	assert_int_equal(ring->tail, 3);
	assert_true(ring->flags & HM_RING_CACHED);
}

static void code_that_may_not_be_fetched_is_old_no_more(void **state)
{
	uint64_t table = change_leaf();

	(void)state;
	map(space[0], VA, 0);
	run->x[11] = 8 * 300;
	fault(STORE, table + PAGE); /* nothing there: the guest's own fault */
	run->pc = VA;
	map(space[0], VA + 2 * PAGE, pte_make((space[0] & SATP_PPN_MASK) << 12, ALLOWED));
	fault(STORE, VA + 2 * PAGE); /* to the root, by code that is no more */
	assert_int_equal(shadow_leaf(run->root, VA), 0);
}

#define TEST(name)         cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_TSP(name)     cmocka_unit_test_setup_teardown(name, setup_tsp, teardown)
#define TEST_IN_STEP(name) cmocka_unit_test_setup_teardown(name, setup_in_step, teardown)
/* Faults are classified in one place. */
#define TEST_ALL(name)     TEST(name), TEST_TSP(name), TEST_IN_STEP(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whoever_fills_or_flushes_has_the_tables),
		TEST(policies_have_names),
		TEST_ALL(the_first_entry_has_a_root_and_a_fence),
		TEST_ALL(a_change_of_owner_drops_everything),
		TEST(the_firmware_gets_the_fences_of_its_own_tables),
		TEST_ALL(what_the_guest_allows_is_filled),
		TEST_ALL(what_it_forbids_is_its_own_fault),
		TEST_ALL(a_table_outside_ram_is_an_access_fault),
		TEST_ALL(the_state_of_the_access_counts),
		TEST_ALL(outside_is_a_device_and_its_instruction_is_fetched),
		TEST_ALL(code_that_is_gone_faults_by_itself),
		TEST_ALL(nothing_is_fetched_from_a_device),
		TEST_ALL(each_address_space_has_its_root),
		TEST(a_first_root_fences_for_the_tables_of_others),
		TEST(the_firmware_switches_alone),
		TEST(the_least_recently_used_root_goes),
		TEST(a_fence_of_a_page_reaches_roots_that_do_not_run),
		TEST(a_fence_of_another_asid_takes_its_root_from_the_buffer),
		TEST(a_fence_of_everything_takes_other_roots_from_the_buffer),
		TEST(a_range_is_fenced_whole),
		TEST(logged_fences_reach_roots_that_do_not_run),
		TEST(what_the_guest_mapped_behind_a_logged_fence_is_read),
		TEST(a_page_with_a_true_fault_is_dropped),
		TEST(a_fence_drops_the_pages_behind_that_changed_too),
		TEST(regions_with_split_superpages_exit_for_fences),
		TEST(two_fences_owed_become_one_of_everything),
		TEST(remote_fences_are_paid_before_the_guest_runs),
		TEST_IN_STEP(a_store_to_a_table_is_emulated_and_followed),
		TEST_IN_STEP(a_store_whose_code_is_gone_is_no_store),
		TEST_IN_STEP(a_misaligned_amo_is_the_guests),
		TEST_IN_STEP(the_second_page_of_a_store_is_named),
		TEST_IN_STEP(protecting_a_table_fences_other_vcpus),
		TEST_IN_STEP(the_firmware_serves_the_guests_fences),
		TEST_IN_STEP(what_was_shadowed_before_another_policy_is_forgotten),
		TEST_IN_STEP(no_vcpu_goes_on_while_another_runs_elsewhere),
		TEST_IN_STEP(a_store_that_is_not_decoded_is_executed_aside),
		TEST_IN_STEP(a_call_ends_what_was_executed_aside),
		TEST_IN_STEP(so_is_one_that_is_repeated_in_vain),
		TEST_TSP(a_store_to_a_leaf_table_counts_once),
		TEST_TSP(fences_exit_while_a_table_is_out_of_step),
		TEST_TSP(nothing_stays_out_of_step_where_none_goes),
		TEST_TSP(others_fences_exit_from_then_on),
		TEST_TSP(a_long_range_is_everything),
		TEST_TSP(a_commit_of_the_ring_is_a_fence_of_everything),
		TEST_TSP(code_that_may_not_be_fetched_is_old_no_more),
	};

	return RUN(tests);
}
