/* SPDX-License-Identifier: BSD-2-Clause */
/* hap: what host-hv makes of the traps of a guest on a hart with H, which is played. */
#include "vcpus.h"

#include "arch/cause.h"
#include "hap/hap.h"
#include "hypervisor.h"
#include "ssp/pte.h"

#define PRIV_S  1
#define PC      0x1000UL
#define STVEC   0x2000UL
#define MARK_A0 0x8e051073UL
#define MARK_X0 0x8e001073UL

static char pages[64 * PAGE] __attribute__((aligned(4 * PAGE)));
static struct vcpu *const v = &vm.vcpu[0];
static struct hm_run *const run = &runs[0];
static uint64_t trap_cause, trap_value, trap_gpa, trap_instruction;

uint64_t memory_alloc(uint64_t size, uint64_t align)
{
	assert_true(size <= sizeof(pages) && align == 4 * PAGE);
	memset(pages, 0xff, sizeof(pages));
	return (uint64_t)pages;
}

/* The hart at a trap into HS-mode. */
static void trap(uint64_t *x)
{
	(void)x;
	mock_scause = trap_cause;
	mock_stval = trap_value;
	mock_htval = trap_gpa >> 2;
	mock_htinst = trap_instruction;
}

static void vm_of(uint64_t size, uint64_t hpa, bool small)
{
	vm.ram = (struct range){ RAM, size };
	vm.hpa = hpa;
	hap_create(&vm, small);
	for (unsigned i = 0; i < 2; i++)
		hap_start(&vm.vcpu[i]);
}

static int begin(void **state)
{
	setup(state);
	vm_of(4 * MIB, 0x40000000, false);
	hap_init(true, true);
	*run = (struct hm_run){ .pc = PC, .priv = PRIV_S, .stvec = STVEC, .stimecmp = FOREVER };
	on_guest = trap;
	trap_cause = trap_value = trap_gpa = trap_instruction = 0;
	code[0] = code[1] = -1;
	hap_begin_turn(v);
	fenced[0] = 0;
	return 0;
}

static long enter(uint64_t cause, uint64_t value)
{
	trap_cause = cause;
	trap_value = value;
	hap_enter(v);
	return hap_exit(v);
}

static long access_at(uint64_t cause, uint64_t gpa, uint64_t instruction)
{
	trap_gpa = gpa;
	trap_instruction = instruction;
	return enter(cause, 0x500000UL | (gpa & (PAGE - 1)));
}

static void injected(uint64_t cause, uint64_t value)
{
	assert_int_equal(run->scause, cause);
	assert_int_equal(run->stval, value);
	assert_int_equal(run->pc, STVEC);
}

/* -- memory -- */

/* The leaf for a GPA, and how many bytes it covers. */
static uint64_t leaf_of(uint64_t gpa, uint64_t *size)
{
	uint64_t *table = (uint64_t *)vm.hap->root, pte;

	for (int level = 2; level >= 0; level--) {
		pte = table[gpa >> (12 + 9 * level) & (level == 2 ? 2047 : 511)];
		*size = level_size(level);
		if (!(pte & PTE_V) || pte & PTE_RWX)
			return pte;
		table = (uint64_t *)(pte >> 10 << 12);
	}
	return 0;
}

static void is_mapped(uint64_t gpa, uint64_t size, uint64_t hpa)
{
	uint64_t has, pte = leaf_of(gpa, &has);

	assert_int_equal(has, size);
	assert_int_equal(pte, hpa >> 12 << 10 | PTE_V | PTE_RWX | PTE_U | PTE_A | PTE_D);
}

static void a_first_touch_maps_the_largest_page(void **state)
{
	(void)state;
	assert_int_equal(access_at(CAUSE_LOAD_GUEST_FAULT, RAM + 0x201234, 0), HAP_RESUME);
	is_mapped(RAM + 0x201234, 2 * MIB, 0x40200000);
	assert_int_equal(v->hap->g_stage_faults, 1);
	assert_string_equal(fenced, "gpa 80201234 of 1;");
	assert_int_equal(run->pc, mock_sepc);
}

static void a_large_guest_has_pages_of_a_gigabyte(void **state)
{
	(void)state;
	vm_of(GIB + 2 * MIB, 0x140000000, false);
	access_at(CAUSE_STORE_GUEST_FAULT, RAM + 5, 0);
	is_mapped(RAM, GIB, 0x140000000);
	access_at(CAUSE_FETCH_GUEST_FAULT, RAM + GIB, 0);
	is_mapped(RAM + GIB, 2 * MIB, 0x180000000);
}

static void no_page_is_larger_than_gpa_and_hpa_agree(void **state)
{
	(void)state;
	vm_of(GIB, 0x140200000, false);
	access_at(CAUSE_LOAD_GUEST_FAULT, RAM, 0);
	is_mapped(RAM, 2 * MIB, 0x140200000);
}

static void small_pages_are_mapped_one_by_one(void **state)
{
	uint64_t size;

	(void)state;
	vm_of(4 * MIB, 0x40000000, true);
	access_at(CAUSE_LOAD_GUEST_FAULT, RAM + 0x3ff000, 0);
	is_mapped(RAM + 0x3ff000, PAGE, 0x403ff000);
	assert_int_equal(leaf_of(RAM + 0x3fe000, &size), 0);
}

static void what_another_vcpu_has_mapped_stays(void **state)
{
	(void)state;
	access_at(CAUSE_LOAD_GUEST_FAULT, RAM, 0);
	access_at(CAUSE_LOAD_GUEST_FAULT, RAM + PAGE, 0);
	is_mapped(RAM, 2 * MIB, 0x40000000);
}

static void behind_the_ram_nothing_is_mapped(void **state)
{
	uint64_t size;

	(void)state;
	/* lw a0, by a transformed instruction */
	assert_int_equal(access_at(CAUSE_LOAD_GUEST_FAULT, RAM + 4 * MIB, 0x2503), HAP_RESUME);
	injected(CAUSE_LOAD_ACCESS, 0x500000);
	assert_int_equal(leaf_of(RAM + 4 * MIB, &size), 0);
}

/* -- devices -- */

#define UART_LSR       (UART + 5)
#define TRANSFORMED_LB 0x00000503UL /* lb a0; bit 1 is whether it was of 32 bits */
#define LSR_EMPTY      0x60

static void a_load_is_decoded_by_htinst(void **state)
{
	(void)state;
	assert_int_equal(access_at(CAUSE_LOAD_GUEST_FAULT, UART_LSR, TRANSFORMED_LB), HAP_RESUME);
	assert_int_equal(run->x[A0], LSR_EMPTY);
	hap_enter(v);
	assert_int_equal(mock_sepc, PC + 4);
	assert_int_equal(v->hap->stats.exits[HM_EXIT_MMIO], 1);
}

static void a_compressed_one_is_shorter(void **state)
{
	(void)state;
	access_at(CAUSE_LOAD_GUEST_FAULT, UART_LSR, TRANSFORMED_LB & ~2UL);
	hap_enter(v);
	assert_int_equal(mock_sepc, PC + 2);
}

static void without_htinst_it_is_fetched(void **state)
{
	(void)state;
	code_at = PC;
	code[0] = 0x8503, code[1] = 0x0005; /* lb a0, 0(a1) */
	run->x[A1] = 0x500005;
	assert_int_equal(access_at(CAUSE_LOAD_GUEST_FAULT, UART_LSR, 0), HM_EXIT_MMIO);
	assert_int_equal(exit_route(v, HM_EXIT_MMIO), RESUME);
	assert_int_equal(run->x[A0], LSR_EMPTY);
}

/* By the causes of a fetch, as QEMU has it, and of a load, as the specification has it. */
static void code_that_is_gone_is_the_guests_fault(void **state)
{
	static const struct {
		long raised, given;
	} causes[] = {
		{ CAUSE_FETCH_PAGE_FAULT, CAUSE_FETCH_PAGE_FAULT },
		{ CAUSE_LOAD_PAGE_FAULT, CAUSE_FETCH_PAGE_FAULT },
		{ CAUSE_FETCH_ACCESS, CAUSE_FETCH_ACCESS },
		{ CAUSE_LOAD_ACCESS, CAUSE_FETCH_ACCESS },
	};

	for (unsigned n = 0; n < sizeof(causes) / sizeof(causes[0]); n++) {
		begin(state);
		code_at = PC;
		code[0] = -causes[n].raised;
		assert_int_equal(access_at(CAUSE_LOAD_GUEST_FAULT, UART, 0), HAP_RESUME);
		injected(causes[n].given, PC);
	}
}

/* Another vCPU has moved it to where the G-stage maps nothing: the guest fetches it, and faults. */
static void code_that_has_moved_is_fetched_again(void **state)
{
	static const long causes[] = { CAUSE_FETCH_GUEST_FAULT, CAUSE_LOAD_GUEST_FAULT };

	for (unsigned n = 0; n < sizeof(causes) / sizeof(causes[0]); n++) {
		begin(state);
		code_at = PC;
		code[0] = -causes[n];
		assert_int_equal(access_at(CAUSE_LOAD_GUEST_FAULT, UART, 0), HAP_RESUME);
		assert_int_equal(mock_sepc, PC);
	}
}

static void the_other_half_may_be_gone_as_well(void **state)
{
	(void)state;
	code_at = PC;
	code[0] = 0x8503, code[1] = -CAUSE_FETCH_PAGE_FAULT;
	access_at(CAUSE_LOAD_GUEST_FAULT, UART, 0);
	injected(CAUSE_FETCH_PAGE_FAULT, PC + 2);
}

static void a_page_table_in_a_device_is_an_access_fault(void **state)
{
	(void)state;
	assert_int_equal(access_at(CAUSE_STORE_GUEST_FAULT, UART, 0x3000), HAP_RESUME);
	injected(CAUSE_STORE_ACCESS, 0x500000);
	assert_int_equal(v->hap->stats.exits[HM_EXIT_MMIO], 0);
}

static void code_in_a_device_is_an_access_fault(void **state)
{
	(void)state;
	access_at(CAUSE_FETCH_GUEST_FAULT, UART, 0);
	injected(CAUSE_FETCH_ACCESS, 0x500000);
}

/* -- instructions -- */

#define WFI 0x10500073UL

static void wfi_gives_the_hart_up_until_the_guests_timer(void **state)
{
	(void)state;
	run->sie = IRQ_TIMER;
	run->stimecmp = 77;
	assert_int_equal(enter(CAUSE_VIRTUAL_INSTRUCTION, WFI), HM_EXIT_WFI);
	assert_int_equal(run->exit_value, 77);
	assert_int_equal(run->pc, PC + 4);
}

static void wfi_of_a_program_is_illegal(void **state)
{
	(void)state;
	run->priv = 0;
	assert_int_equal(enter(CAUSE_VIRTUAL_INSTRUCTION, WFI), HAP_RESUME);
	injected(CAUSE_ILLEGAL_INSTRUCTION, WFI);
	assert_int_equal(v->hap->instructions, 1);
}

static void what_has_h_is_illegal_in_a_guest(void **state)
{
	(void)state;
	enter(CAUSE_VIRTUAL_INSTRUCTION, 0x60002573); /* csrr a0, hstatus */
	injected(CAUSE_ILLEGAL_INSTRUCTION, 0x60002573);
}

static void a_marker_is_an_exit(void **state)
{
	(void)state;
	run->x[A0] = HM_MARK_END | 3 << 8;
	assert_int_equal(enter(CAUSE_ILLEGAL_INSTRUCTION, MARK_A0), HM_EXIT_MARK);
	assert_int_equal(run->exit_value, HM_MARK_END | 3 << 8);
	assert_int_equal(enter(CAUSE_ILLEGAL_INSTRUCTION, MARK_X0), HM_EXIT_MARK);
	assert_int_equal(run->exit_value, 0);
}

static void illegal_instructions_are_the_guests_own_without_marks(void **state)
{
	(void)state;
	assert_false(mock_hedeleg & 1UL << CAUSE_ILLEGAL_INSTRUCTION);
	hap_init(true, false);
	hap_begin_turn(v);
	assert_true(mock_hedeleg & 1UL << CAUSE_ILLEGAL_INSTRUCTION);
}

static void a_cause_that_there_is_not_ends_the_guest(void **state)
{
	(void)state;
	assert_int_equal(enter(19, 0x1234), HM_EXIT_BROKEN);
	assert_int_equal(run->exit_value, 0x1234);
}

/* -- calls -- */

static struct sbiret ask(uint64_t eid, uint64_t fid, uint64_t a0)
{
	run->x[A7] = eid;
	run->x[A6] = fid;
	run->x[A0] = a0;
	assert_int_equal(enter(CAUSE_VS_ECALL, 0), HAP_RESUME);
	return (struct sbiret){ run->x[A0], run->x[A1] };
}

static void calls_of_the_vcpu_alone_are_served(void **state)
{
	(void)state;
	assert_int_equal(ask(SBI_EXT_BASE, 3, SBI_EXT_TIME).value, 1);
	assert_int_equal(ask(SBI_EXT_BASE, 3, SBI_EXT_FWFT).value, 0);
	assert_int_equal(ask(SBI_EXT_BASE, 9, 0).error, SBI_ERR_NOT_SUPPORTED);
	assert_int_equal(ask(SBI_EXT_TIME, 0, 5000).error, SBI_SUCCESS);
	assert_int_equal(mock_vstimecmp, 5000);
	assert_int_equal(ask(SBI_EXT_LEGACY_IPI, 0, 0).error, SBI_ERR_NOT_SUPPORTED);
	assert_int_equal(run->pc, PC + 5 * 4);
	assert_int_equal(v->hap->stats.exits[HM_EXIT_SBI], 5);
}

static void others_are_exits(void **state)
{
	(void)state;
	run->x[A7] = SBI_EXT_RFENCE;
	run->x[A6] = 1;
	assert_int_equal(enter(CAUSE_VS_ECALL, 0), HM_EXIT_SBI);
	assert_int_equal(v->hap->stats.exits[HM_EXIT_REMOTE_FENCE], 1);
	assert_int_equal(run->exit_insn_len, 4);
}

static void an_unknown_extension_is_told_once(void **state)
{
	(void)state;
	run->x[A7] = 0x12345678;
	assert_int_equal(enter(CAUSE_VS_ECALL, 0), HM_EXIT_SBI);
	assert_int_equal(ask(0x12345678, 0, 0).error, SBI_ERR_NOT_SUPPORTED);
}

/* -- the switch -- */

static void interrupts(uint64_t *x)
{
	trap(x);
	assert_int_equal(mock_hvip, HVIP_OF(IRQ_SOFT | IRQ_EXTERNAL));
	mock_hvip = 0; /* the guest has taken the IPI */
}

static void interrupts_are_injected_and_read_back(void **state)
{
	(void)state;
	run->sip = IRQ_SOFT;
	run->flags = HM_RUN_SEIP;
	on_guest = interrupts;
	assert_int_equal(enter(CAUSE_INTERRUPT | 5, 0), HM_EXIT_INTERRUPT);
	assert_int_equal(run->sip, 0);
}

static void a_turn_ends_with_nothing_that_wakes_the_hart(void **state)
{
	(void)state;
	run->sie = IRQ_TIMER;
	run->satp = 8UL << 60 | 0x80001;
	enter(CAUSE_INTERRUPT | 5, 0);
	assert_int_equal(mock_vsatp, run->satp);
	mock_vsscratch = 4711;
	hap_end_turn(v);
	assert_int_equal(run->sscratch, 4711);
	assert_int_equal(run->sie, IRQ_TIMER);
	assert_int_equal(mock_vsie, 0);
	assert_true(mock_vstimecmp == FOREVER);
}

static void each_vcpu_has_a_vmid_of_its_own(void **state)
{
	(void)state;
	assert_int_equal(vmid_of(mock_hgatp), 1);
	hap_begin_turn(&vm.vcpu[1]);
	assert_int_equal(vmid_of(mock_hgatp), 2);
	assert_int_equal(mock_hgatp << 20 >> 20, vm.hap->root >> 12);
}

static void vcpus_of_a_hart_keep_their_floating_point_registers(void **state)
{
	struct vcpu *other = &vm.vcpu[2]; /* on the same hart */

	(void)state;
	hap_start(other);
	other->hap->fp.f[0] = 2;
	hap_begin_turn(other);
	assert_ptr_equal(harts[0].fp_of, other);
	v->hap->fp.f[0] = 99;
	hap_begin_turn(v);
	other->hap->fp.f[0] = 0;
	hap_begin_turn(other);
	assert_int_equal(v->hap->fp.f[0], 99);
	hap_release(other);
	assert_null(harts[0].fp_of);
}

static void fences_are_of_the_range_that_was_asked_for(void **state)
{
	(void)state;
	run->flags = HM_RUN_FENCE_VMA;
	run->fence_start = 0x5800;
	run->fence_size = 0x1000;
	run->fence_asid = 7;
	hap_enter(v);
	assert_string_equal(fenced, "page 5000 of 7;page 6000 of 7;");
	assert_false(run->flags & HM_RUN_FENCE_VMA);
}

static void a_large_range_is_everything(void **state)
{
	(void)state;
	run->flags = HM_RUN_FENCE_VMA;
	run->fence_start = 0x5000;
	run->fence_size = FENCE_ALL;
	run->fence_asid = FENCE_ALL;
	hap_enter(v);
	run->flags = HM_RUN_FENCE_VMA | HM_RUN_FENCE_I;
	run->fence_size = 65 * PAGE;
	run->fence_asid = 3;
	hap_enter(v);
	assert_string_equal(fenced, "all;code;all of 3;");
}

static void a_hart_that_starts_has_nothing_cached(void **state)
{
	(void)state;
	run->flags = HM_RUN_RESET;
	hap_enter(v);
	assert_string_equal(fenced, "gpas of 1;all;code;");
}

/* -- counting -- */

static void wait_a_second(uint64_t *x)
{
	(void)x;
	mock_hpmcounter18 += 5000;
	mock_cycle += 5000 + 1000000000;
}

static uint64_t total_of_an_exit(uint64_t features)
{
	hart_features = features;
	run->flags = HM_RUN_RESET_STATS;
	on_guest = wait_a_second;
	hap_enter(v);
	return v->hap->stats.insn_total;
}

static void a_guest_that_waits_executes_nothing(void **state)
{
	(void)state;
	assert_int_equal(total_of_an_exit(HM_INFO_RETIRED), 5000);
	assert_int_equal(total_of_an_exit(0), 1000005000);
}

static const struct CMUnitTest tests[] = {
#define TEST_IN_HAP(name) cmocka_unit_test_setup(name, begin)
	TEST_IN_HAP(a_first_touch_maps_the_largest_page),
	TEST_IN_HAP(a_large_guest_has_pages_of_a_gigabyte),
	TEST_IN_HAP(no_page_is_larger_than_gpa_and_hpa_agree),
	TEST_IN_HAP(small_pages_are_mapped_one_by_one),
	TEST_IN_HAP(what_another_vcpu_has_mapped_stays),
	TEST_IN_HAP(behind_the_ram_nothing_is_mapped),
	TEST_IN_HAP(a_load_is_decoded_by_htinst),
	TEST_IN_HAP(a_compressed_one_is_shorter),
	TEST_IN_HAP(without_htinst_it_is_fetched),
	TEST_IN_HAP(code_that_is_gone_is_the_guests_fault),
	TEST_IN_HAP(code_that_has_moved_is_fetched_again),
	TEST_IN_HAP(the_other_half_may_be_gone_as_well),
	TEST_IN_HAP(a_page_table_in_a_device_is_an_access_fault),
	TEST_IN_HAP(code_in_a_device_is_an_access_fault),
	TEST_IN_HAP(wfi_gives_the_hart_up_until_the_guests_timer),
	TEST_IN_HAP(wfi_of_a_program_is_illegal),
	TEST_IN_HAP(what_has_h_is_illegal_in_a_guest),
	TEST_IN_HAP(a_marker_is_an_exit),
	TEST_IN_HAP(illegal_instructions_are_the_guests_own_without_marks),
	TEST_IN_HAP(a_cause_that_there_is_not_ends_the_guest),
	TEST_IN_HAP(calls_of_the_vcpu_alone_are_served),
	TEST_IN_HAP(others_are_exits),
	TEST_IN_HAP(an_unknown_extension_is_told_once),
	TEST_IN_HAP(interrupts_are_injected_and_read_back),
	TEST_IN_HAP(a_turn_ends_with_nothing_that_wakes_the_hart),
	TEST_IN_HAP(each_vcpu_has_a_vmid_of_its_own),
	TEST_IN_HAP(vcpus_of_a_hart_keep_their_floating_point_registers),
	TEST_IN_HAP(fences_are_of_the_range_that_was_asked_for),
	TEST_IN_HAP(a_large_range_is_everything),
	TEST_IN_HAP(a_hart_that_starts_has_nothing_cached),
	TEST_IN_HAP(a_guest_that_waits_executes_nothing),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
