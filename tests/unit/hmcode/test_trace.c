// SPDX-License-Identifier: BSD-2-Clause
/* test_trace.c - the rings of events, in the build that has them: what is in them is what took place. */
#include "test.h"

#include "guest.h"

#define VA       0x40000000ull
#define CODE     (GUEST_BASE + 0x300000)
#define ACCESSED (PTE_V | PTE_R | PTE_W | PTE_A | PTE_D)
#define A0       10
#define SFENCE   (0x12000073u | A0 << 15) /* sfence.vma a0 */
#define TIME     0x54494d45

static struct line {
	unsigned int hart;
	unsigned long time, value;
	char what[40];
} lines[4096];
static unsigned int count;

static void take(const char *text)
{
	struct line *line = &lines[count++];

	assert_true(count < COUNT(lines));
	expect(sscanf(text, "hmcode: trace: hart %u, %lu: %39[^,], %lx\r\n", &line->hart,
		      &line->time, line->what, &line->value),
	       4, "fields of a line");
}

static void show(void)
{
	count = 0;
	hm_trace_show(take);
}

extern u8 hm_trace_memory[];
#define MEMORY (10ul << HM_TRACE_RING_SHIFT)

static union hm_trace *trace;

static int trace_begin(void **state)
{
	memset(hm_trace_memory, 0, MEMORY);
	guest_begin(state);
	trace = &machine.hart->trace;
	hm_trace_begin(trace, 0);
	return 0;
}

/* ---- the ring ---- */

static void a_ring_goes_around(void **state)
{
	u64 first = trace->next;

	(void)state;
	for (u64 n = 0; n < HM_TRACE_SLOTS; n++) {
		expect(trace->next, first + 256 * n, "the address of event %lu", n);
		hm_trace(trace, HM_TRAP_FILL, n);
	}
	expect(trace->next, first, "the address of the event behind the last slot");
}

static void each_ring_lies_in_its_memory_and_no_two_overlap(void **state)
{
	u64 begin = (u64)hm_trace_memory, before = begin;
	union hm_trace other;

	(void)state;
	for (u32 hart = 0; hart < 8; hart++, before = other.next + 0x10000) {
		hm_trace_begin(&other, hart);
		expect(other.next & 0xffff, 0, "alignment of ring %u", hart);
		assert_true(other.next >= before && other.next + 0x10000 <= begin + MEMORY);
	}
	hm_trace_begin(&other, 1000);
	assert_true(other.next >= before && other.next + 0x10000 <= begin + MEMORY);
}

/* 300 events, of kinds that change: the last 256, in their order, each of its own kind although its slot had another. */
static void the_last_256_are_shown_the_oldest_first(void **state)
{
	(void)state;
	for (u64 n = 0; n < 300; n++)
		hm_trace(trace, n % 3 ? HM_TRAP_FILL : HM_TRAP_TRUE_FAULT, n);
	show();
	expect(count, 256, "lines");
	for (unsigned int i = 0; i < count; i++) {
		expect(lines[i].value, 300 - 256 + i, "value of line %u", i);
		assert_string_equal(lines[i].what,
				    lines[i].value % 3 ? "trap fill" : "trap true_fault");
		assert_true(!i || lines[i].time > lines[i - 1].time);
	}
}

static void nothing_is_shown_of_what_was_not(void **state)
{
	(void)state;
	show();
	expect(count, 0, "lines without an event");
	hm_trace_detailed(trace, HM_TRACE_EXIT, VA, HM_EXIT_MMIO);
	hm_trace_detailed(trace, HM_TRACE_EXIT, VA, 5); /* no exit has this number */
	hm_trace_detailed(trace, HM_TRACE_EXIT, VA, ~0ull);
	show();
	expect(count, 3, "lines");
	assert_string_equal(lines[0].what, "exit mmio");
	assert_string_equal(lines[1].what, "exit ?");
	assert_string_equal(lines[2].what, "exit ?");
}

static void harts_are_apart(void **state)
{
	union hm_trace other;

	(void)state;
	hm_trace_begin(&other, 7);
	hm_trace(&other, HM_TRACE_TRAP, 1);
	hm_trace(trace, HM_TRACE_TRAP, 2);
	show();
	expect(count, 2, "lines");
	expect(lines[0].hart, 0, "the first hart");
	expect(lines[1].hart, 7, "the other");
	assert_string_equal(lines[1].what, "host_trap");
}

/* ---- what takes place ---- */

static u64 shown(const char *what)
{
	u64 n = 0;

	for (unsigned int i = 0; i < count; i++)
		n += !strcmp(lines[i].what, what);
	return n;
}

static void some_events(void)
{
	guest_map(VA, GUEST_BASE, ACCESSED);
	guest_write_satp(guest_satp(1));
	model.csr[CSR_MEPC] = CODE;
	guest_trap(CAUSE_LOAD_PAGE_FAULT, VA);
	guest_trap(CAUSE_LOAD_PAGE_FAULT, VA + PAGE_SIZE);
	machine.frame->x[A0] = VA;
	guest_trap(CAUSE_ILLEGAL_INSTRUCTION, SFENCE);
	ECALL(TIME, 0, ~0ull);
	ECALL(0x10, 0, 0);
	guest_trap(CAUSE_STORE_ACCESS, VA);
	guest_trap(CAUSE_ILLEGAL_INSTRUCTION, 0xffffffff);
}

static void each_trap_that_is_counted_is_in_the_ring(void **state)
{
	static const char *const names[] = {
#define NAME(NAME, name, memory) "trap " #name,
		HM_TRAPS(NAME)
#undef NAME
	};
	u64 traps = 0;

	(void)state;
	assert_int_equal(guest_run(some_events), 0);
	show();
	for (unsigned int kind = 0; kind < HM_TRAP_KINDS; kind++) {
		expect(shown(names[kind]), guest.vcpu->stats.traps[kind], "%s", names[kind]);
		traps += guest.vcpu->stats.traps[kind];
	}
	assert_true(traps >= 8);
	expect(lines[0].value, guest.vm << 8 | guest.number, "who enters");
	assert_string_equal(lines[0].what, "enter");
	expect(count, traps + 1, "lines");
}

static void leave_by_a_cause_without_a_route(void)
{
	guest_trap(63, VA);
}

static void an_exit_is_between_the_worlds(void **state)
{
	struct sbi_trap_context context = { .trap.cause = CAUSE_SUPERVISOR_ECALL,
					    .regs = { .a7 = TIME, .a6 = 3 } };
	struct sbi_trap_context *__wrap_sbi_trap_handler(struct sbi_trap_context * context);

	(void)state;
	assert_int_equal(guest_run(leave_by_a_cause_without_a_route), 0);
	__wrap_sbi_trap_handler(&context);
	context.trap.cause = CAUSE_MISALIGNED_LOAD;
	__wrap_sbi_trap_handler(&context);
	show();
	expect(count, 4, "lines");
	assert_string_equal(lines[0].what, "enter");
	assert_string_equal(lines[1].what, "exit broken");
	expect(lines[1].value, VA, "exit_value");
	assert_string_equal(lines[2].what, "host_call 3");
	expect(lines[2].value, TIME, "a7");
	assert_string_equal(lines[3].what, "host_trap");
	expect(lines[3].value, CAUSE_MISALIGNED_LOAD, "mcause");
}

int main(void)
{
#define FACT(name) cmocka_unit_test_setup_teardown(name, trace_begin, machine_end)
	static const struct CMUnitTest tests[] = {
		FACT(a_ring_goes_around),
		FACT(each_ring_lies_in_its_memory_and_no_two_overlap),
		FACT(the_last_256_are_shown_the_oldest_first),
		FACT(nothing_is_shown_of_what_was_not),
		FACT(harts_are_apart),
		FACT(each_trap_that_is_counted_is_in_the_ring),
		FACT(an_exit_is_between_the_worlds),
	};

	return cmocka_run_group_tests_name("the trace", tests, NULL, NULL);
}
