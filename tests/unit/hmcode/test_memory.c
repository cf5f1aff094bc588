// SPDX-License-Identifier: BSD-2-Clause
/* test_memory.c - the guest's memory as hmcode reads and writes it: misaligned, and the ring. */
#include "test.h"

#include "core/insn.h"

#include <sbi/sbi_ecall_interface.h>

#include "guest.h"

#define CODE          (GUEST_BASE + 0x300000)
#define CODE_VA       0x30000000ull
#define DATA          (GUEST_BASE + 0x400000) /* two pages that do not lie side by side */
#define DATA_2        (GUEST_BASE + 0x480000)
#define DATA_VA       0x40000000ull
#define RING          (GUEST_BASE + 0x500000)
#define RING_VA       0x50000000ull
#define ACCESSED      (PTE_V | PTE_R | PTE_W | PTE_A | PTE_D)
#define SFENCE_VMA_A0 0x12050073u
#define A0            10
#define A1            11

/* ---- misaligned accesses ---- */

/* Of a1, at offset 0, with a0; FP with fa0 (f10). */
static const struct access_form {
	const char *name;
	u32 insn;
	unsigned int size;
	bool store, sign, fp;
} forms[] = {
	{ "lh", 0x00059503, 2, false, true, false },  { "lhu", 0x0005d503, 2, false, false, false },
	{ "lw", 0x0005a503, 4, false, true, false },  { "lwu", 0x0005e503, 4, false, false, false },
	{ "ld", 0x0005b503, 8, false, false, false }, { "sh", 0x00a59023, 2, true, false, false },
	{ "sw", 0x00a5a023, 4, true, false, false },  { "sd", 0x00a5b023, 8, true, false, false },
	{ "c.lw", 0x4188, 4, false, true, false },    { "c.ld", 0x6188, 8, false, false, false },
	{ "c.sw", 0xc188, 4, true, false, false },    { "c.sd", 0xe188, 8, true, false, false },
	{ "flw", 0x0005a507, 4, false, false, true }, { "fld", 0x0005b507, 8, false, false, true },
	{ "fsw", 0x00a5a027, 4, true, false, true },  { "fsd", 0x00a5b027, 8, true, false, true },
};

static u8 *byte_at(u64 va)
{
	u64 offset = va - DATA_VA;

	return guest_memory(offset < PAGE_SIZE ? DATA + offset : DATA_2 + offset - PAGE_SIZE);
}

static u8 pattern(u64 va)
{
	return 0x81 + va * 29;
}

static void write_pattern(void)
{
	for (u64 va = DATA_VA; va < DATA_VA + 2 * PAGE_SIZE; va++)
		*byte_at(va) = pattern(va);
}

/* Code and, for the hart as for the shadow, both pages of data. */
static void map_all(void)
{
	guest_write_satp(guest_satp(1));
	guest_map(CODE_VA, CODE, PTE_V | PTE_R | PTE_X | PTE_A);
	guest_map(DATA_VA, DATA, ACCESSED);
	guest_map(DATA_VA + PAGE_SIZE, DATA_2, ACCESSED);
	guest_trap(CAUSE_FETCH_PAGE_FAULT, CODE_VA);
	guest_trap(CAUSE_STORE_PAGE_FAULT, DATA_VA);
	guest_trap(CAUSE_STORE_PAGE_FAULT, DATA_VA + PAGE_SIZE);
	model_write(CSR_SSTATUS, MSTATUS_FS);
}

static enum hm_next access_at(const struct access_form *form, u64 va)
{
	*(u32 *)guest_memory(CODE) = form->insn;
	model.csr[CSR_MEPC] = CODE_VA;
	machine.frame->x[A1] = va;
	return guest_trap(form->store ? CAUSE_MISALIGNED_STORE : CAUSE_MISALIGNED_LOAD, va);
}

/* As the unprivileged specification has it: little-endian, extended to 64 bits, NaN-boxed. */
static u64 loaded(const struct access_form *form, u64 va)
{
	u64 value = 0, high = form->size == 8 ? 0 : ~0ull << 8 * form->size;

	for (unsigned int i = 0; i < form->size; i++)
		value |= (u64)pattern(va + i) << 8 * i;
	return value | (form->fp || (form->sign && value >> (8 * form->size - 1)) ? high : 0);
}

#define STORED 0x1122334455667788ull

static void check_stored(const struct access_form *form, u64 va)
{
	for (u64 at = DATA_VA; at < DATA_VA + 2 * PAGE_SIZE; at++) {
		bool touched = at - va < form->size;

		expect(*byte_at(at), touched ? (u8)(STORED >> 8 * (at - va)) : pattern(at),
		       "%s to %#lx, the byte at %#lx", form->name, va, at);
		*byte_at(at) = pattern(at);
	}
}

static void all_misaligned(void)
{
	map_all();
	for (unsigned int i = 0; i < COUNT(forms); i++)
		for (u64 va = DATA_VA + PAGE_SIZE - 8; va < DATA_VA + PAGE_SIZE + 8; va++) {
			u64 *to = forms[i].fp ? &model.f[A0] : &machine.frame->x[A0];

			if (!(va & (forms[i].size - 1)))
				continue;
			*to = forms[i].store ? STORED : 0;
			expect(access_at(&forms[i], va), HM_RESUME, "%s at %#lx", forms[i].name,
			       va);
			expect(model_read(CSR_MEPC), CODE_VA + (forms[i].insn >> 16 ? 4 : 2),
			       "pc after %s", forms[i].name);
			if (forms[i].store)
				check_stored(&forms[i], va);
			else
				expect(*to, loaded(&forms[i], va), "%s at %#lx", forms[i].name, va);
		}
}

static void misaligned_accesses_are_what_aligned_bytes_are(void **state)
{
	(void)state;
	write_pattern();
	assert_int_equal(guest_run(all_misaligned), 0);
}

/* The second page is not there, or may not be written: its fault, and nothing was moved. */
static void half_mapped(void)
{
	map_all();
	guest_map(DATA_VA + PAGE_SIZE, DATA_2, PTE_V | PTE_R | PTE_A);
	machine.frame->x[A0] = DATA_VA + PAGE_SIZE;
	guest_trap(CAUSE_ILLEGAL_INSTRUCTION, SFENCE_VMA_A0);
	for (unsigned int i = 0; i < COUNT(forms); i++) {
		u64 va = DATA_VA + PAGE_SIZE - 1;

		if (!forms[i].store)
			continue;
		machine.frame->x[A0] = model.f[A0] = STORED;
		expect(access_at(&forms[i], va), HM_RESUME, "%s at %#lx", forms[i].name, va);
		expect_injected(CAUSE_STORE_PAGE_FAULT, DATA_VA + PAGE_SIZE, CODE_VA);
		expect(*byte_at(va), pattern(va), "the byte before the page that %s may not write",
		       forms[i].name);
	}
}

static void nothing_is_stored_where_the_second_page_forbids_it(void **state)
{
	(void)state;
	write_pattern();
	assert_int_equal(guest_run(half_mapped), 0);
}

/* Another instruction stands there by now: it runs anew.  So does an FP access with FS off. */
static void not_this_one(void)
{
	static const u32 others[] = { 0x00000013 /* nop */,
				      0x00059003 /* lh zero, 0(a1): aligned */,
				      0x00a58023 /* sb */ };

	map_all();
	for (unsigned int i = 0; i < COUNT(others); i++) {
		const struct access_form form = { "another", others[i], 2, false, false, false };

		model_forget_fences();
		expect(access_at(&form, DATA_VA), HM_RESUME, "instruction %u", i);
		expect(model_read(CSR_MEPC), CODE_VA, "pc of instruction %u", i);
		expect(model.fences_of[FENCE_CODE], 1, "FENCE.I for instruction %u", i);
	}
	model_write(CSR_SSTATUS, 0);
	model.f[A0] = 5;
	expect(access_at(&forms[12], DATA_VA + 1), HM_RESUME, "flw with FS off");
	expect(model_read(CSR_MEPC), CODE_VA, "pc of flw with FS off");
	expect(model.f[A0], 5, "fa0");
}

static void an_instruction_that_changed_runs_anew(void **state)
{
	(void)state;
	assert_int_equal(guest_run(not_this_one), 0);
}

/* ---- memory that changes as soon as it was read ---- */

static void be_hostile(u64 gpa, u64 size, u64 written)
{
	machine.hostile_from = (u64)guest_memory(gpa);
	machine.hostile_to = machine.hostile_from + size;
	machine.written = written;
	machine.reads = 0;
}

static void changes_meanwhile(void)
{
	u64 va = DATA_VA + 1;

	map_all();
	be_hostile(DATA, PAGE_SIZE, 0);
	expect(access_at(&forms[4], va), HM_RESUME, "ld");
	expect(machine.frame->x[A0], loaded(&forms[4], va), "what ld finds");
	expect(machine.reads, 8, "bytes that ld reads");
	write_pattern();
	*(u64 *)guest_memory(DATA) = 1;
	be_hostile(DATA, 8, 0);
	model_write(CSR_SIP, 0);
	ECALL(SBI_EXT_0_1_SEND_IPI, 0, DATA_VA);
	expect(machine.reads, 1, "reads of a hart mask");
	expect(model_read(CSR_SIP) & MIP_SSIP, MIP_SSIP, "SSIP by the mask that was read");
	/* The instruction at a device's access: a load when it is fetched. */
	guest_map(DATA_VA, 0x10000000, ACCESSED);
	machine.frame->x[A0] = DATA_VA;
	guest_trap(CAUSE_ILLEGAL_INSTRUCTION, SFENCE_VMA_A0);
	*(u32 *)guest_memory(CODE) = 0x0005b503;
	be_hostile(CODE, 4, ~0ull);
	model.csr[CSR_MEPC] = CODE_VA;
	expect(guest_trap(CAUSE_LOAD_PAGE_FAULT, DATA_VA), HM_EXIT, "a load from a device");
	expect(guest.run->exit_insn, 0x0005b503, "exit_insn");
	expect(guest.run->exit_insn_len, 4, "exit_insn_len");
	expect(machine.reads, 2, "parcels that are read");
	machine.hostile_to = 0;
}

static void what_was_read_is_what_is_used(void **state)
{
	(void)state;
	write_pattern();
	assert_int_equal(guest_run(changes_meanwhile), 0);
}

/* ---- the ring ---- */

static struct hm_ring *ring(void)
{
	return guest_memory(RING);
}

static void set_ring(void)
{
	map_all();
	expect(ECALL(HM_GUEST_EXT_ID, HM_GUEST_FID_RING_SET, RING, RING_VA, HM_RING_VERSION), 0,
	       "the ring");
}

static void push(u64 va, u64 op, u64 asid, u64 pages)
{
	struct hm_ring_entry *entry = &ring()->entry[ring()->head % HM_RING_ENTRIES];

	entry->va_op = va | op;
	entry->asid_pages = asid << HM_RING_ASID_SHIFT | pages;
	ring()->head++;
}

static void commit(void)
{
	machine.frame->x[A0] = RING_VA;
	assert_int_equal(guest_trap(CAUSE_ILLEGAL_INSTRUCTION, SFENCE_VMA_A0), HM_RESUME);
}

/* Each kind of entry that takes a page of ASID 1 away, and one that does not. */
static const struct {
	const char *what;
	u64 va, op, asid, pages;
	bool stays;
} entries[] = {
	{ "a page", DATA_VA, HM_RING_OP_FLUSH, 1, 1, false },
	{ "a page of another ASID", DATA_VA, HM_RING_OP_FLUSH, 2, 1, true },
	{ "another page", DATA_VA + PAGE_SIZE, HM_RING_OP_FLUSH, 1, 1, true },
	{ "pages from below on", DATA_VA - 2 * PAGE_SIZE, HM_RING_OP_FLUSH, 1, 3, false },
	{ "the address space", 0, HM_RING_OP_FLUSH, 1, 0, false },
	{ "another address space", 0, HM_RING_OP_FLUSH, 2, 0, true },
	{ "a page of all", DATA_VA, HM_RING_OP_FLUSH_GLOBAL, 0, 1, false },
	{ "all", 0, HM_RING_OP_FLUSH_GLOBAL, 0, 0, false },
	{ "too many pages to go one by one", DATA_VA, HM_RING_OP_FLUSH, 1, 0xffffffff, false },
};

static void all_entries(void)
{
	set_ring();
	for (unsigned int i = 0; i < COUNT(entries); i++) {
		guest_map(DATA_VA, DATA, ACCESSED);
		guest_trap(CAUSE_STORE_PAGE_FAULT, DATA_VA);
		expect(model_maps_page(DATA_VA), true, "the page before: %s", entries[i].what);
		guest_map(DATA_VA, DATA, 0);
		push(entries[i].va, entries[i].op, entries[i].asid, entries[i].pages);
		model_forget_fences();
		commit();
		expect(ring()->tail, ring()->head, "tail after: %s", entries[i].what);
		if (!entries[i].stays)
			expect(model_maps_page(DATA_VA), false, "the page after: %s",
			       entries[i].what);
		expect(entries[i].stays || model.fences, true, "the hart's fences of: %s",
		       entries[i].what);
	}
}

static void each_entry_of_the_ring_reaches_shadow_and_hart(void **state)
{
	(void)state;
	assert_int_equal(guest_run(all_entries), 0);
}

/* Also of a page whose tables are known from before the fence. */
static void first_fills(void)
{
	set_ring();
	guest_map(DATA_VA, DATA, ACCESSED);
	for (unsigned int i = 0; i < 3; i++) {
		guest_trap(CAUSE_STORE_PAGE_FAULT, DATA_VA);
		expect(model_maps_page(DATA_VA), true, "the page, fill %u", i);
		expect(ring()->flags & HM_RING_CACHED, HM_RING_CACHED, "flags after fill %u", i);
		assert_int_equal(guest_trap(CAUSE_ILLEGAL_INSTRUCTION, INSN_SFENCE_VMA(0, 0)),
				 HM_RESUME);
		expect(ring()->flags & HM_RING_CACHED, 0, "flags after fence %u", i);
	}
}

static void the_first_fill_after_a_flush_is_told(void **state)
{
	(void)state;
	assert_int_equal(guest_run(first_fills), 0);
}

static u64 seed;

static u64 any(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

/*
 * Whatever stands in the ring: it is drained, with work that does not grow with what it says, and
 * afterwards the hart maps nothing that the guest's tables do not.
 */
static void forged(void)
{
	set_ring();
	for (unsigned int round = 0; round < 1000; round++) {
		guest_map(DATA_VA, DATA, ACCESSED);
		guest_trap(CAUSE_STORE_PAGE_FAULT, DATA_VA);
		for (unsigned int i = 0; i < HM_RING_ENTRIES; i++) {
			ring()->entry[i].va_op = any() >> (any() & 63);
			ring()->entry[i].asid_pages = any() >> (any() & 63);
		}
		guest_map(DATA_VA, DATA, 0);
		ring()->head = round & 1 ? any() : ring()->tail + any() % HM_RING_ENTRIES;
		ring()->tail = round & 2 ? any() : ring()->tail;
		ring()->flags = any();
		push(0, HM_RING_OP_FLUSH_GLOBAL, 0, 0);
		model_forget_fences();
		commit();
		expect(ring()->tail, ring()->head, "tail of round %u", round);
		expect(model_maps_page(DATA_VA), false, "the page after round %u", round);
		if (model.fences > 2 * 64 * HM_RING_ENTRIES)
			fail_msg("%u fences in round %u", model.fences, round);
	}
}

static void a_forged_ring_costs_a_bounded_time_and_shows_nothing(void **state)
{
	(void)state;
	seed = 99;
	assert_int_equal(guest_run(forged), 0);
}

/* What was pushed while the vCPU did not run is drained before it does. */
static void map_and_stop(void)
{
	set_ring();
	guest_trap(CAUSE_STORE_PAGE_FAULT, DATA_VA);
	guest_map(DATA_VA, DATA, 0);
	expect(ring()->flags & HM_RING_RUNNING, HM_RING_RUNNING, "flags while it runs");
}

static void find_it_gone(void)
{
	expect(ring()->tail, ring()->head, "tail at the entry");
	expect(model_maps_page(DATA_VA), false, "the page at the entry");
}

static void a_ring_is_drained_before_its_vcpu_runs(void **state)
{
	(void)state;
	assert_int_equal(guest_run(map_and_stop), 0);
	expect(ring()->flags & HM_RING_RUNNING, 0, "flags while it does not run");
	push(DATA_VA, HM_RING_OP_FLUSH, 1, 1);
	assert_int_equal(guest_run(find_it_gone), 0);
}

/* The same where the policy is another one: the tables stay the firmware's, and what they hold. */
static void a_ring_is_drained_though_the_policy_changes(void **state)
{
	(void)state;
	for (u64 policy = 0; policy < HM_POLICY_ALL; policy++) {
		guest.run->policy = HM_POLICY_ALL;
		guest.run->satp = 0;
		assert_int_equal(guest_run(map_and_stop), 0);
		push(DATA_VA, HM_RING_OP_FLUSH, 1, 1);
		guest.run->policy = policy;
		assert_int_equal(guest_run(find_it_gone), 0);
	}
}

/* The tables are the host's, and so is what they hold: the firmware cannot say that it is gone. */
static const u64 of_host[] = {
	HM_POLICY_HOST_TABLES,
	HM_POLICY_HOST_TABLES | HM_POLICY_INJECT,
	HM_POLICY_HOST_TABLES | HM_POLICY_FLUSH,
	HM_POLICY_HOST_TABLES | HM_POLICY_FLUSH | HM_POLICY_SATP,
};

static unsigned int pushed;

static void find_it_pushed(void)
{
	expect(ring()->head - ring()->tail, pushed, "entries to be drained with policy %#lx",
	       guest.run->policy);
	expect(ring()->flags, HM_RING_CACHED | HM_RING_RUNNING, "flags with policy %#lx",
	       guest.run->policy);
}

static void a_ring_keeps_what_was_pushed_where_the_host_has_the_tables(void **state)
{
	(void)state;
	guest.run->roots[0].gsatp = guest_satp(1);
	guest.run->roots[0].root = (u64)SATP_SV39 << SATP_MODE_SHIFT | 0x1234;
	for (unsigned int i = 0; i < COUNT(of_host) * COUNT(of_host); i++) {
		guest.run->policy = HM_POLICY_ALL;
		guest.run->satp = 0;
		assert_int_equal(guest_run(map_and_stop), 0);
		guest.run->roots_new = 1;
		for (pushed = 1; pushed <= 2; pushed++) {
			guest.run->policy =
				of_host[pushed > 1 ? i / COUNT(of_host) : i % COUNT(of_host)];
			push(DATA_VA, HM_RING_OP_FLUSH, 1, 1);
			assert_int_equal(guest_run(find_it_pushed), 0);
		}
	}
}

/*
 * The firmware drops what it has when memory changes, and that is not all: a guest that was told so
 * would commit no more, and the hart would keep what it walks in the host's tables from then on.
 */
static void find_it_cached(void)
{
	expect(ring()->flags, HM_RING_CACHED | HM_RING_RUNNING, "flags after memory has changed");
}

static void a_ring_of_the_hosts_tables_is_committed_after_memory_changed(void **state)
{
	(void)state;
	guest.run->roots[0].gsatp = guest_satp(1);
	guest.run->roots[0].root = (u64)SATP_SV39 << SATP_MODE_SHIFT | 0x1234;
	guest.run->roots_new = 1;
	assert_int_equal(guest_run(set_ring), 0);
	for (unsigned int i = 0; i < COUNT(of_host); i++) {
		guest.run->policy = of_host[i];
		assert_int_equal(guest_run(find_it_cached), 0);
		assert_int_equal(CALL(HM_FID_VM_INVALIDATE, guest.vm, DATA, PAGE_SIZE), 0);
		assert_int_equal(guest_run(find_it_cached), 0);
	}
}

/* Its memory was taken away: nothing is read from it or written to it any more. */
static void commit_what_is_lost(void)
{
	commit();
	expect(ring()->tail, 0x55555555, "the tail of a ring whose memory was taken away");
}

static void a_ring_is_lost_with_its_memory(void **state)
{
	(void)state;
	assert_int_equal(guest_run(set_ring), 0);
	expect(guest.run->ring_gpa, RING, "ring_gpa");
	assert_int_equal(CALL(HM_FID_VM_INVALIDATE, guest.vm, RING, PAGE_SIZE), 0);
	memset(ring(), 0x55, sizeof(struct hm_ring));
	assert_int_equal(guest_run(commit_what_is_lost), 0);
	expect(guest.run->ring_gpa, HM_RING_NONE, "ring_gpa of a ring that was lost");
	expect(ring()->flags, 0x55555555, "flags of a ring that was lost");
}

int main(void)
{
#define FACT(name) cmocka_unit_test_setup_teardown(name, guest_begin, machine_end)
	static const struct CMUnitTest tests[] = {
		FACT(misaligned_accesses_are_what_aligned_bytes_are),
		FACT(nothing_is_stored_where_the_second_page_forbids_it),
		FACT(an_instruction_that_changed_runs_anew),
		FACT(what_was_read_is_what_is_used),
		FACT(each_entry_of_the_ring_reaches_shadow_and_hart),
		FACT(the_first_fill_after_a_flush_is_told),
		FACT(a_forged_ring_costs_a_bounded_time_and_shows_nothing),
		FACT(a_ring_is_drained_before_its_vcpu_runs),
		FACT(a_ring_is_drained_though_the_policy_changes),
		FACT(a_ring_keeps_what_was_pushed_where_the_host_has_the_tables),
		FACT(a_ring_of_the_hosts_tables_is_committed_after_memory_changed),
		FACT(a_ring_is_lost_with_its_memory),
	};

	return cmocka_run_group_tests_name("the guest's memory", tests, NULL, NULL);
}
