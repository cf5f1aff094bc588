// SPDX-License-Identifier: BSD-2-Clause
/* test_host.c - the host's calls with whatever arguments: what is refused leaves nothing. */
#include "test.h"

#include <sbi/sbi_error.h>

#include "core/pool.h"
#include "guest.h"
#include "host/objects.h"
#include "world/vcpus.h"

#define RWX      (HM_SLOT_R | HM_SLOT_W | HM_SLOT_X)
#define MIB      0x100000ull
#define HOST_RAM (RAM_BASE + 4 * MIB)

/* Numbers that hosts get wrong, of things and of addresses. */
static const u64 numbers[] = {
	0, 1, HM_MAX_SLOTS - 1, HM_MAX_SLOTS, HM_MAX_VMS, HM_MAX_VCPUS, 1ull << 32, ~0ull
};
static const u64 gpas[] = { 0,
			    1,
			    GUEST_BASE - PAGE_SIZE,
			    GUEST_BASE,
			    GUEST_BASE + GUEST_SIZE - PAGE_SIZE,
			    GUEST_BASE + GUEST_SIZE,
			    1ull << 55,
			    1ull << 56,
			    -PAGE_SIZE,
			    ~0ull };
static const u64 hpas[] = { 0,
			    RAM_BASE,
			    FIRMWARE_END - PAGE_SIZE,
			    FIRMWARE_END,
			    HOST_RAM,
			    HOST_RAM + 8,
			    POOL_BASE - PAGE_SIZE,
			    POOL_BASE,
			    POOL_END - PAGE_SIZE,
			    POOL_END,
			    RAM_END - PAGE_SIZE,
			    RAM_END,
			    -PAGE_SIZE,
			    ~0ull };
static const u64 sizes[] = { 1,        PAGE_SIZE,  PAGE_SIZE + 1, MIB,
			     32 * MIB, 1ull << 55, -PAGE_SIZE,    ~0ull };
static const u64 rights[] = { 0,   HM_SLOT_W, HM_SLOT_X,        HM_SLOT_R,
			      RWX, RWX + 1,   1ull << 63 | RWX, ~0ull };

static bool is_host_ram(u64 hpa, u64 size)
{
	return (hpa >= FIRMWARE_END && hpa < POOL_BASE && size <= POOL_BASE - hpa) ||
	       (hpa >= POOL_END && hpa < RAM_END && size <= RAM_END - hpa);
}

static bool is_page(u64 value)
{
	return !(value & (PAGE_SIZE - 1));
}

/* docs/abi.md, SLOT_SET; gpa and size of slots that are there are the second VM's of make_vm(). */
static bool may_set(u64 vm, u64 n, u64 gpa, u64 hpa, u64 size, u64 right)
{
	bool fits = is_page(gpa) && is_page(hpa) && is_page(size) && gpa <= (1ull << 56) - size &&
		    size <= 1ull << 56 && is_host_ram(hpa, size);
	bool overlaps = n != 0 && gpa < GUEST_BASE + GUEST_SIZE && GUEST_BASE < gpa + size;

	return vm == 0 && n < HM_MAX_SLOTS && fits && !overlaps && right & HM_SLOT_R &&
	       !(right & ~(u64)RWX);
}

static void set_slot(u64 vm, u64 n, u64 gpa, u64 hpa, u64 size, u64 right)
{
	long want = may_set(vm, n, gpa, hpa, size, right) ? 0 : SBI_ERR_INVALID_PARAM;

	expect(CALL(HM_FID_SLOT_SET, vm, n, gpa, hpa, size, right), want,
	       "slot %#lx of VM %#lx: gpa %#lx, hpa %#lx, size %#lx, rights %#lx", n, vm, gpa, hpa,
	       size, right);
	if (want)
		return;
	/* Back to what make_vm() made. */
	CALL(HM_FID_SLOT_SET, vm, n, 0, 0, 0, 0);
	if (!n)
		assert_int_equal(
			CALL(HM_FID_SLOT_SET, vm, 0, GUEST_BASE, GUEST_HPA, GUEST_SIZE, RWX), 0);
}

static void a_slot_is_host_ram_and_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(make_vm(), 0);
	for (unsigned int g = 0; g < COUNT(gpas); g++)
		for (unsigned int h = 0; h < COUNT(hpas); h++)
			for (unsigned int s = 0; s < COUNT(sizes); s++)
				for (unsigned int r = 0; r < COUNT(rights); r++)
					for (unsigned int n = 0; n < 3; n++)
						set_slot(0, numbers[n], gpas[g], hpas[h], sizes[s],
							 rights[r]);
	for (unsigned int v = 0; v < COUNT(numbers); v++)
		for (unsigned int n = 0; n < COUNT(numbers); n++)
			set_slot(numbers[v], numbers[n], 0, HOST_RAM, MIB, RWX);
}

/* docs/abi.md, VCPU_CREATE */
static void vcpus_of_any_argument(void **state)
{
	static const u64 tables[] = { 0,
				      1,
				      SSP_MIN_TABLES - 1,
				      SSP_MIN_TABLES,
				      64,
				      (POOL_END - POOL_BASE) / PAGE_SIZE,
				      (POOL_END - POOL_BASE) / PAGE_SIZE + 1,
				      1ull << 32,
				      1ull << 52,
				      ~0ull };
	u64 vm = make_vm();
	u32 free_pages = hm_pool_free_pages();

	(void)state;
	for (unsigned int v = 0; v < COUNT(numbers); v++)
		for (unsigned int h = 0; h < COUNT(hpas); h++)
			for (unsigned int t = 0; t < COUNT(tables); t++) {
				unsigned long number = ~0ul;
				bool sound = is_page(hpas[h]) && tables[t] >= SSP_MIN_TABLES &&
					     tables[t] <= (POOL_END - POOL_BASE) / PAGE_SIZE &&
					     numbers[v] == vm;
				long want = !sound ? SBI_ERR_INVALID_PARAM :
					    !is_host_ram(hpas[h], PAGE_SIZE) ?
						     SBI_ERR_INVALID_ADDRESS :
					    tables[t] > 64 ? SBI_ERR_NO_SHMEM :
							     0;

				expect(host_call(HM_FID_VCPU_CREATE,
						 (const u64[6]){ numbers[v], hpas[h], tables[t] },
						 &number),
				       want, "VM %#lx, run page %#lx, %#lx tables", numbers[v],
				       hpas[h], tables[t]);
				if (want) {
					expect(hm_pool_free_pages(), free_pages,
					       "free pages after a refusal");
					continue;
				}
				expect(number, 0, "the vCPU's number");
				assert_int_equal(CALL(HM_FID_VCPU_DESTROY, number), 0);
			}
	expect(hm_pool_free_pages(), free_pages, "free pages at the end");
}

static void objects_end_once_and_in_order(void **state)
{
	u64 vm = make_vm(), vcpu = make_vcpu(vm);

	(void)state;
	for (unsigned int n = 1; n < COUNT(numbers); n++) {
		expect(CALL(HM_FID_VM_DESTROY, numbers[n]), SBI_ERR_INVALID_PARAM, "VM %#lx",
		       numbers[n]);
		expect(CALL(HM_FID_VCPU_DESTROY, numbers[n]), SBI_ERR_INVALID_PARAM, "vCPU %#lx",
		       numbers[n]);
		expect(host_run(numbers[n]), SBI_ERR_INVALID_PARAM, "running vCPU %#lx",
		       numbers[n]);
	}
	expect(CALL(HM_FID_VM_DESTROY, vm), SBI_ERR_DENIED, "a VM with a vCPU");
	expect(CALL(HM_FID_VCPU_DESTROY, vcpu), 0, "the vCPU");
	expect(CALL(HM_FID_VCPU_DESTROY, vcpu), SBI_ERR_INVALID_PARAM, "the vCPU again");
	expect(CALL(HM_FID_VM_DESTROY, vm), 0, "the VM");
	expect(CALL(HM_FID_VM_DESTROY, vm), SBI_ERR_INVALID_PARAM, "the VM again");
}

/* It says so as it is made, and each of its vCPUs has them; 0: all that there are. */
static void a_vm_chooses_how_many_roots_it_has(void **state)
{
	static const u64 wrong[] = { HM_ROOTS + 1, HM_VM_ROOTS,    HM_VM_ROOTS + 1,
				     1ull << 32,   1ull << 32 | 1, 1ull << 63,
				     ~0ull };
	unsigned long vm;

	(void)state;
	for (unsigned int n = 0; n < COUNT(wrong); n++)
		expect(CALL(HM_FID_VM_CREATE, wrong[n]), SBI_ERR_INVALID_PARAM, "flags %#lx",
		       wrong[n]);
	for (u64 roots = 0; roots <= HM_ROOTS; roots += 4) {
		u64 vcpu;

		assert_int_equal(host_call(HM_FID_VM_CREATE, (const u64[6]){ roots }, &vm), 0);
		vcpu = make_vcpu(vm);
		expect(vcpu_of(vcpu)->space.roots_end - 1, roots ? roots : HM_ROOTS,
		       "the roots of a vCPU");
		assert_int_equal(CALL(HM_FID_VCPU_DESTROY, vcpu), 0);
		assert_int_equal(CALL(HM_FID_VM_DESTROY, vm), 0);
	}
}

static void numbers_run_out_and_come_back(void **state)
{
	unsigned long number;

	(void)state;
	for (u64 n = 0; n < HM_MAX_VMS; n++) {
		assert_int_equal(host_call(HM_FID_VM_CREATE, (const u64[6]){ 0 }, &number), 0);
		expect(number, n, "the number of a VM");
	}
	expect(CALL(HM_FID_VM_CREATE, 0), SBI_ERR_FAILED, "one VM more");
	assert_int_equal(CALL(HM_FID_VM_DESTROY, 3), 0);
	assert_int_equal(host_call(HM_FID_VM_CREATE, (const u64[6]){ 0 }, &number), 0);
	expect(number, 3, "the number that came back");
}

/* INFO and VCPU_STATS write to the host's memory. */
static void answers_go_to_host_ram_alone(void **state)
{
	static const struct {
		u64 function, size;
	} answers[] = { { HM_FID_INFO, sizeof(struct hm_info) },
			{ HM_FID_VCPU_STATS, sizeof(struct hm_stats) } };

	(void)state;
	make_vcpu(make_vm());
	for (unsigned int a = 0; a < COUNT(answers); a++)
		for (unsigned int h = 0; h < COUNT(hpas); h++)
			for (int more = -8; more <= 8; more += 8) {
				u64 size = answers[a].size + more;
				bool info = answers[a].function == HM_FID_INFO;
				long want = more ? SBI_ERR_INVALID_PARAM :
					    hpas[h] & 7 || !is_host_ram(hpas[h], size) ?
						   SBI_ERR_INVALID_ADDRESS :
						   0;

				expect(info ? CALL(HM_FID_INFO, hpas[h], size) :
					      CALL(HM_FID_VCPU_STATS, 0, hpas[h], size),
				       want, "function %lu to %#lx, %lu bytes", answers[a].function,
				       hpas[h], size);
			}
}

/* Version 4.2 knew all fields but the last ones, behind which its memory ends. */
static void an_older_host_gets_the_statistics_that_it_knows(void **state)
{
	u64 page[PAGE_SIZE / 8], *answer = (u64 *)RUN_PAGES + 8 * PAGE_SIZE / 8;
	u64 last = HM_STATS_SIZE_4_2 / 8;

	(void)state;
	make_vcpu(make_vm());
	memset(answer, 0xa5, PAGE_SIZE);
	memcpy(page, answer, PAGE_SIZE);
	assert_int_equal(CALL(HM_FID_VCPU_STATS, 0, (u64)answer, HM_STATS_SIZE_4_2), 0);
	assert_int_equal(answer[last - 1], 0);
	assert_memory_equal(answer + last, page + last, PAGE_SIZE - 8 * last);
	assert_int_equal(CALL(HM_FID_VCPU_STATS, 0, (u64)answer, sizeof(struct hm_stats)), 0);
	expect(answer[last], 2, "tables at the peak: a root's top, and the global tree's");
	expect(answer[last + 1], 64, "tables of the pool");
}

static void change_memory(void)
{
	expect(CALL(HM_FID_SLOT_SET, guest.vm, 2, 0, HOST_RAM, MIB, RWX), SBI_ERR_DENIED,
	       "a slot while it runs");
	expect(CALL(HM_FID_VM_INVALIDATE, guest.vm, GUEST_BASE, MIB), SBI_ERR_DENIED,
	       "memory that goes while it runs");
	expect(CALL(HM_FID_VCPU_DESTROY, guest.number), SBI_ERR_DENIED, "the vCPU that runs");
	expect(host_run(guest.number), SBI_ERR_DENIED, "the vCPU that runs, again");
}

static void memory_changes_while_no_vcpu_runs(void **state)
{
	(void)state;
	guest_begin(state);
	assert_int_equal(guest_run(change_memory), 0);
	expect(CALL(HM_FID_VM_INVALIDATE, guest.vm, ~0ull, 2), SBI_ERR_INVALID_PARAM,
	       "a range that wraps");
	expect(CALL(HM_FID_VM_INVALIDATE, guest.vm, GUEST_BASE, MIB), 0, "memory that goes");
}

/* Rule 6: what was taken away is not mapped when the vCPU runs again. */
#define VA 0x40000000ull

static void touch(void)
{
	guest_map(VA, GUEST_BASE + 0x200000, PTE_V | PTE_R | PTE_W | PTE_A | PTE_D);
	assert_int_equal(guest_trap(CAUSE_LOAD_PAGE_FAULT, VA), HM_RESUME);
	expect(model_maps_page(VA), true, "the page after a fill");
}

static void look(void)
{
	expect(model_maps_page(VA), false, "the page whose memory was taken away");
}

static void memory_that_was_taken_away_is_not_mapped(void **state)
{
	u64 satp = (u64)SATP_SV39 << SATP_MODE_SHIFT;

	(void)state;
	guest_begin(state);
	guest.run->satp = satp | guest.root >> PAGE_SHIFT;
	assert_int_equal(guest_run(touch), 0);
	model_forget_fences();
	assert_int_equal(CALL(HM_FID_VM_INVALIDATE, guest.vm, GUEST_BASE + 0x200000, PAGE_SIZE), 0);
	assert_int_equal(guest_run(look), 0);
	expect(model.fences_of[FENCE_ALL] > 0, true, "fences of everything");
}

static void functions_that_are_not_there(void **state)
{
	(void)state;
	for (u64 function = HM_FID_COUNT; function;
	     function = function < 99 ? function + 1 : function << 1)
		expect(CALL(function, 0), SBI_ERR_NOT_SUPPORTED, "function %#lx", function);
	machine.hart->supported = false;
	for (u64 function = 0; function < 16; function++)
		expect(CALL(function, 0), function == HM_FID_FEATURES ? 0 : SBI_ERR_NOT_SUPPORTED,
		       "function %lu of a hart without guests", function);
	machine.hart->supported = true;
}

/* A host that runs guests by H counts as the firmware does. */
static void a_hart_without_guests_tells_how_it_counts(void **state)
{
	unsigned long value = 0;

	(void)state;
	machine.hart->supported = false;
	assert_int_equal(host_call(HM_FID_FEATURES, (const u64[6]){ 0 }, &value), 0);
	expect(value & HM_INFO_RETIRED, HM_INFO_RETIRED, "instructions");
	machine.hart->retired = false;
	assert_int_equal(host_call(HM_FID_FEATURES, (const u64[6]){ 0 }, &value), 0);
	expect(value & HM_INFO_RETIRED, 0, "cycles");
	machine.hart->supported = machine.hart->retired = true;
}

int main(void)
{
#define FACT(name) cmocka_unit_test_setup_teardown(name, machine_begin, machine_end)
	static const struct CMUnitTest tests[] = {
		FACT(a_slot_is_host_ram_and_nothing_else),
		FACT(vcpus_of_any_argument),
		FACT(objects_end_once_and_in_order),
		FACT(a_vm_chooses_how_many_roots_it_has),
		FACT(numbers_run_out_and_come_back),
		FACT(answers_go_to_host_ram_alone),
		FACT(an_older_host_gets_the_statistics_that_it_knows),
		FACT(memory_changes_while_no_vcpu_runs),
		FACT(memory_that_was_taken_away_is_not_mapped),
		FACT(functions_that_are_not_there),
		FACT(a_hart_without_guests_tells_how_it_counts),
	};

	return cmocka_run_group_tests_name("calls of the host", tests, NULL, NULL);
}
