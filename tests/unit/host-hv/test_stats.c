/* SPDX-License-Identifier: BSD-2-Clause */
/* What host-hv counts between marks, and its record of it; the firmware is played. */
#include "vcpus.h"

static void mark(uint64_t value)
{
	runs[0].exit_value = value;
	assert_int_equal(exit_route(&vm.vcpu[0], HM_EXIT_MARK), RESUME);
}

static void counting_begins_at_the_next_entry(void **state)
{
	(void)state;
	shadows[0].count[SHADOW_TRUE_FAULT] = 7;
	mark(HM_MARK_BEGIN | 3 << 8);
	guest = stop;
	vcpu_run(&vm.vcpu[0]);
	assert_true(runs[0].flags & HM_RUN_RESET_STATS);
	assert_false(vm.vcpu[0].reset_stats);
	assert_int_equal(shadows[0].count[SHADOW_TRUE_FAULT], 0);
	assert_string_equal(printed, "");
}

static void the_record_holds_all_keys(void **state)
{
	(void)state;
	for (unsigned i = 0; i < HM_TRAP_KINDS; i++)
		stats.traps[i] = 100 + i;
	for (unsigned i = 0; i < HM_EXIT_COUNT; i++)
		stats.exits[i] = i == HM_EXIT_MARK || i == HM_EXIT_BROKEN ? 0 : 10 + i;
	for (unsigned i = 0; i < SHADOW_CLASSES; i++)
		shadows[i].count[i] = 1000 << i;
	vm.vcpu[0].fence_kicks = 4;
	vm.split_counters = true;
	stats.insn_total = 1000;
	stats.insn_guest = 900;
	stats.insn_host = 40;
	stats.insn_hm = 60;
	stats.longest_m_stay = 55;
	stats.tables_peak = 81;
	stats.tables_allocated = 82;
	stats.tables_recycled = 83;
	stats.tables_pool = 84;
	stats.ring_entries = 70;
	stats.ring_flushes = 60;
	stats.ring_hints_used = 50;
	shadows[0].space.ring = (struct ssp_ring){ .tail = 3, .others = 1, .hints_lost = 4 };
	mark(HM_MARK_END | 7 << 8 | HM_MARK_OK);
	assert_string_equal(
		printed,
		"\x1e{\"mark\":7,\"vm\":0,\"ok\":true,\"begun\":true,"
		"\"vm_exits\":{\"total\":15188,\"memory\":7146,\"by_reason\":{\"pt_write\":4000,"
		"\"satp\":19,\"flush\":21,\"true_fault\":1017,\"hidden_fault\":2018,"
		"\"g_stage_fault\":0,\"root_miss\":20,\"ring\":23,\"pool\":0,"
		"\"remote_fence\":28,\"mmio\":8011,\"sbi\":12,\"wfi\":13,\"interrupt\":6,"
		"\"instruction\":0}},"
		"\"hm_traps\":{\"total\":1491,\"memory\":936,\"by_kind\":{\"true_fault\":100,"
		"\"fill\":101,\"satp_hit\":102,\"satp_miss\":103,\"sfence_va\":104,"
		"\"sfence_asid\":105,\"sfence_all\":106,\"ring\":107,"
		"\"remote_fence\":108,\"sbi_time\":109,\"sbi_other\":110,\"interrupt\":111,"
		"\"illegal\":112,\"other\":113}},"
		"\"instructions\":{\"total\":1000,\"guest\":900,\"host\":40,\"hm\":60},"
		"\"ring\":{\"entries\":73,\"flushes\":62,\"hints_used\":50,\"hints_lost\":4},"
		"\"shadow\":{\"tables_peak\":81,\"tables_allocated\":82,\"tables_recycled\":83,"
		"\"pool\":84},"
		"\"longest_m_stay\":55,\"walk_refs\":null}\n");
}

static void a_firmware_before_4_3_tells_nothing_of_tables(void **state)
{
	(void)state;
	stats_size = HM_STATS_SIZE_4_2;
	stats.traps[0] = 5;
	stats.tables_peak = 81;
	mark(HM_MARK_END | 7 << 8 | HM_MARK_OK);
	assert_non_null(strstr(printed, "\"by_kind\":{\"true_fault\":5,"));
	assert_non_null(strstr(printed, "\"shadow\":null,"));
}

static void instructions_that_are_not_split_are_null(void **state)
{
	(void)state;
	vm.split_counters = false;
	stats.insn_total = 1000;
	stats.insn_hm = (uint64_t)-65;
	mark(HM_MARK_END | 7 << 8 | HM_MARK_OK);
	assert_non_null(strstr(
		printed,
		"\"instructions\":{\"total\":1000,\"guest\":null,\"host\":null,\"hm\":null},"));
}

static void without_marks_the_marker_is_an_illegal_instruction(void **state)
{
	(void)state;
	vm.marks = false;
	runs[0].pc = 0x1004;
	runs[0].stvec = 0x2000;
	runs[0].exit_insn = 0x8e051073;
	runs[0].exit_insn_len = 4;
	mark(HM_MARK_END | 7 << 8 | HM_MARK_OK);
	assert_string_equal(printed, "");
	assert_int_equal(runs[0].scause, 2);
	assert_int_equal(runs[0].stval, 0x8e051073);
	assert_int_equal(runs[0].sepc, 0x1000);
	assert_int_equal(runs[0].pc, 0x2000);
	mark(HM_MARK_BEGIN | 7 << 8);
	assert_false(vm.vcpu[0].reset_stats);
}

static void a_failed_workload_is_not_ok(void **state)
{
	(void)state;
	mark(HM_MARK_END);
	assert_non_null(strstr(printed, "{\"mark\":0,\"vm\":0,\"ok\":false,"));
}

/* Two programs that mark at the same moment: b begins, e ends well, x ends what was not begun just once. */
static void markers_that_do_not_alternate_are_told(void **state)
{
	(void)state;
	for (const char *each = "exbebexbbxbebbbxxbe"; *each; each++) {
		printed[0] = 0;
		mark(*each == 'b' ? HM_MARK_BEGIN : HM_MARK_END);
		if (*each != 'b')
			assert_non_null(strstr(printed, *each == 'e' ? "\"begun\":true," :
								       "\"begun\":false,"));
	}
}

/* Its first record is of all that it counted since it began. */
static void a_guest_that_begins_anew_has_marked_nothing(void **state)
{
	(void)state;
	mark(HM_MARK_END);
	mark(HM_MARK_END);
	assert_non_null(strstr(printed, "\"begun\":false,"));
	stats_start(&vm);
	printed[0] = 0;
	mark(HM_MARK_END);
	assert_non_null(strstr(printed, "\"begun\":true,"));
}

static const struct CMUnitTest tests[] = {
	TEST(counting_begins_at_the_next_entry),
	TEST(the_record_holds_all_keys),
	TEST(a_firmware_before_4_3_tells_nothing_of_tables),
	TEST(instructions_that_are_not_split_are_null),
	TEST(without_marks_the_marker_is_an_illegal_instruction),
	TEST(a_failed_workload_is_not_ok),
	TEST(markers_that_do_not_alternate_are_told),
	TEST(a_guest_that_begins_anew_has_marked_nothing),
};

int main(void)
{
	return RUN(tests);
}
