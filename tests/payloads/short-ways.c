// SPDX-License-Identifier: BSD-2-Clause
/*
 * What firmware that knows the last tables may answer by a short way: the second page of a
 * leaf table, one entry of the ring, a switch back and forth.  The answers are those of the long
 * way.
 */
#include "ring.h"

#define FAR       32ul        /* pages: no group of neighbours reaches so far */
#define SAME_SLOT (16 * MEGA) /* tables so far apart share a place in small caches */
#define MANY      4096u

static const struct mode *mode;
static uint64_t root, own_asid, old_frame, new_frame, ring_page;
static volatile struct hm_ring *ring; /* NULL: the machine offers none */

/* A page of the table that nobody has used since the last fence of everything. */
static uint64_t fresh_page(void)
{
	static uint64_t next;

	next = next % 15 + 1;
	return TEST_VA + next * FAR * PAGE;
}

static void map(uint64_t va, uint64_t frame, uint64_t flags)
{
	map_page(mode, root, va, frame, flags);
}

/* Whoever walks tables knows the one of TEST_VA, and of `flags` at va nothing yet. */
static uint64_t begin(uint64_t flags)
{
	uint64_t va = fresh_page();

	map(TEST_VA, new_frame, PTE_RW);
	map(va, old_frame, flags);
	fence_all();
	(void)read64(TEST_VA);
	return va;
}

/* --- rights ------------------------------------------------------------------- */

static void dirty(void)
{
	uint64_t va = begin(PTE_RW & ~PTE_D);

	fact_equal(read64(va), old_frame, "a page that is not dirty is read");
	fact_equal(store_cause(va), CAUSE_STORE_PAGE, "and not written");
}

static void user_pages(void)
{
	uint64_t va = begin(PTE_RWX | PTE_U);

	fact_equal(fetch_cause(va), CAUSE_FETCH_PAGE, "a user's page is not executed by S-mode");
	fact_equal(load_cause(va), CAUSE_LOAD_PAGE, "nor read without SUM");
	va = begin(PTE_RW | PTE_U);
	fact_equal(store_cause(va), CAUSE_STORE_PAGE, "nor written");
	csr_set(sstatus, SSTATUS_SUM);
	fact_equal(try_store(va, old_frame).cause, CAUSE_NONE, "with SUM it is written at once");
	csr_clear(sstatus, SSTATUS_SUM);
	va = begin(PTE_V | PTE_X | PTE_AD);
	fact_equal(load_cause(va), CAUSE_LOAD_PAGE, "what can only be executed is not read");
	csr_set(sstatus, SSTATUS_MXR);
	fact_equal(load_cause(va), CAUSE_NONE, "but with MXR");
	csr_clear(sstatus, SSTATUS_MXR);
	va = begin(PTE_V | PTE_W | PTE_X | PTE_AD);
	fact_equal(fetch_cause(va), CAUSE_FETCH_PAGE, "W without R is reserved for a fetch");
	va = begin(PTE_V | PTE_W | PTE_X | PTE_A);
	fact_equal(fetch_cause(va), CAUSE_FETCH_PAGE, "and so it is without D");
}

/* "Supervisor Trap Vector Base Address Register": exceptions go to BASE in both modes. */
static void vectored(void)
{
	uint64_t va = begin(0), cause;

	csr_set(stvec, 1);
	cause = load_cause(va);
	csr_clear(stvec, 1);
	fact_equal(cause, CAUSE_LOAD_PAGE, "a fault goes to the base of vectored traps");
}

/*
 * The last one is no RAM with the 128 MB that payloads are given; behind a guest's the machine has
 * more.
 */
static void outside_ram(void)
{
	static const uint64_t holes[] = { 0x14000000, 0x1000000000, 0x90000000 };
	uint64_t good = 0;

	for (unsigned int i = 0; i < 3; i++) {
		uint64_t va = begin(PTE_RW);

		map(va, holes[i], PTE_RW);
		fence_all();
		(void)read64(TEST_VA);
		good += load_cause(va) == CAUSE_LOAD_ACCESS;
		good += store_cause(va) == CAUSE_STORE_ACCESS;
	}
	fact_equal(good, 6, "what is no RAM is not taken for it");
}

static uint64_t cause_of_user(uint64_t va, uint32_t insn, uint64_t a0, uint64_t a1)
{
	((volatile uint32_t *)old_frame)[2] = insn;
	((volatile uint32_t *)old_frame)[3] = 0x00000073; /* ecall */
	__asm__ volatile("fence.i");
	return attempt_user(va + 8, a0, a1).cause;
}

/* "SFENCE.VMA", "satp": from U-mode they are illegal, whatever they name. */
static void fences_of_users(void)
{
	uint64_t va = begin(PTE_RWX | PTE_U), good = 0;

	good += cause_of_user(va, 0x12000073, 0, 0) == CAUSE_ILLEGAL;
	good += cause_of_user(va, 0x12050073, TEST_VA, 0) == CAUSE_ILLEGAL;        /* of a0 */
	good += cause_of_user(va, 0x12b50073, TEST_VA, own_asid) == CAUSE_ILLEGAL; /* a0, a1 */
	good += cause_of_user(va, 0x12b00073, 0, own_asid) == CAUSE_ILLEGAL;       /* a1 */
	fact_equal(good, 4, "no fence is a user's");
	/* csrw satp, a0 */
	fact_equal(cause_of_user(va, 0x18051073, csr_read(satp), 0), CAUSE_ILLEGAL, "nor satp");
}

/* --- what was used is known to a fence --------------------------------------------- */

static void fenced_after_use(void (*fence)(uint64_t), const char *what)
{
	uint64_t va = begin(PTE_RW);

	fact_equal(read64(va), old_frame, "a page that is used");
	map(va, new_frame, PTE_RW);
	fence(own_asid);
	(void)read64(TEST_VA);
	fact_equal(read64(va), new_frame, what);
}

static void everything(uint64_t unused)
{
	(void)unused;
	fence_all();
}

/* --- the ring: one entry -------------------------------------------------------------- */

static void commit_page(uint64_t va)
{
	if (!ring) {
		fence_page(va);
		return;
	}
	ring_push(ring, HM_RING_OP_FLUSH, va, 1, own_asid);
	fence_page(ring_page);
}

static void commits(void)
{
	uint64_t va = begin(PTE_RW);
	bool drained;

	(void)read64(va);
	map(va, new_frame, PTE_RW);
	commit_page(va);
	drained = !ring || ring->tail == ring->head;
	fact_equal(read64(va), new_frame, "a page that has moved");
	fact(drained, "its entry is drained");
	map(va, old_frame, PTE_RW & ~PTE_A);
	commit_page(va);
	fact_equal(load_cause(va), CAUSE_LOAD_PAGE, "a page that is not accessed");
	map(va, old_frame, PTE_RW);
	commit_page(va);
	fact_equal(read64(va), old_frame, "and is again");
	*pte_of(mode, root, va, 0) = 0;
	commit_page(va);
	fact_equal(load_cause(va), CAUSE_LOAD_PAGE, "a page that is gone");
}

/* Read by the commit and by nobody else: a fence must know of it nevertheless. */
static void committed_and_fenced(void)
{
	uint64_t va = begin(PTE_RW);

	commit_page(va);
	map(va, new_frame, PTE_RW);
	fence_asid(own_asid);
	(void)read64(TEST_VA);
	fact_equal(read64(va), new_frame, "a page that only its commit has read");
}

/* A page of two address spaces, of which the other one's is flushed. */
static void commit_for_another(void)
{
	uint64_t va = begin(PTE_RW), other = root_new(mode);

	map_page(mode, other, va, old_frame, PTE_RW);
	satp_load(mode, other, own_asid + 1);
	fence_asid(own_asid + 1);
	fact_equal(read64(va), old_frame, "a page of another address space");
	satp_load(mode, root, own_asid);
	(void)read64(va);
	map_page(mode, other, va, new_frame, PTE_RW);
	if (ring) {
		ring_push(ring, HM_RING_OP_FLUSH, va, 1, own_asid + 1);
		fence_page(ring_page);
	} else {
		fence_page_asid(va, own_asid + 1);
	}
	satp_load(mode, other, own_asid + 1);
	fact_equal(read64(va), new_frame, "that has moved while this one ran");
	satp_load(mode, root, own_asid);
}

static void commit_elsewhere(void)
{
	uint64_t va = begin(PTE_RW), other = va + SAME_SLOT * 2;

	map(other, old_frame, PTE_RW);
	fact_equal(read64(other), old_frame, "a page of another table");
	(void)read64(va);
	map(other, new_frame, PTE_RW);
	commit_page(other);
	fact_equal(read64(other), new_frame, "that has moved while this one is known");
	fact_equal(read64(va), old_frame, "which has not");
}

/* What one address space does with a page that is not global, among pages that are. */
typedef void (*use_fn)(uint64_t page);

static void use_by_reading(uint64_t page)
{
	(void)read64(page);
}

static void use_by_flush(uint64_t page)
{
	commit_page(page);
}

static void use_by_range(uint64_t page)
{
	if (!ring) {
		commit_page(page);
		return;
	}
	ring_push(ring, HM_RING_OP_FLUSH, page, 2, own_asid);
	fence_page(ring_page);
}

/*
 * What one address space has cached there is not another's.  In a part of its own, where all was
 * global.
 */
static void among_global_pages(use_fn use, uint64_t part)
{
	unsigned int top = mode->levels - 1;
	uint64_t other = root_new(mode), va = part << (12 + 9 * top), page = va + FAR * PAGE,
		 good = 0;

	map(va, new_frame, PTE_RW | PTE_G);
	*pte_of(mode, other, va, top) = *pte_of(mode, root, va, top);
	fence_all();
	good += read64(va) == new_frame;
	satp_load(mode, other, own_asid + 1);
	good += read64(va) == new_frame;
	satp_load(mode, root, own_asid);
	good += read64(va) == new_frame;
	map(page, old_frame, PTE_RW);
	use(page);
	satp_load(mode, other, own_asid + 1);
	good += read64(va) == new_frame;
	map(page, new_frame, PTE_RW);
	fence_asid(own_asid + 1); /* a hart may have read it ahead of us */
	good += read64(page) == new_frame;
	fact_equal(good, 5, "what another address space read is not among global pages");
	satp_load(mode, root, own_asid);
	*pte_of(mode, root, va, top) = 0;
	fence_all();
}

/* --- the ring: several ------------------------------------------------------------------ */

/* Over the end of one leaf table into the next. */
static void range_over_two_tables(void)
{
	uint64_t first = TEST_VA + MEGA - 2 * PAGE, good = 0;

	begin(PTE_RW);
	for (uint64_t va = first; va < first + 4 * PAGE; va += PAGE) {
		map(va, old_frame, PTE_RW);
		good += read64(va) == old_frame;
	}
	for (uint64_t va = first; va < first + 4 * PAGE; va += PAGE)
		map(va, new_frame, PTE_RW);
	(void)read64(TEST_VA);
	if (ring) {
		ring_push(ring, HM_RING_OP_FLUSH, first, 4, own_asid);
		fence_page(ring_page);
	} else {
		fence_all();
	}
	for (uint64_t va = first; va < first + 4 * PAGE; va += PAGE)
		good += read64(va) == new_frame;
	fact_equal(good, 8, "a range over the end of a table");
	map(first + 2 * PAGE, 0, 0);
	fence_all();
}

static void two_pages_and_a_fence(void)
{
	uint64_t va = begin(PTE_RW);
	bool drained = true;

	map(va + PAGE, old_frame, PTE_RW);
	if (ring) {
		ring_push(ring, HM_RING_OP_FLUSH, va, 2, own_asid);
		fence_page(ring_page);
		drained = ring->tail == ring->head;
	}
	fact(drained, "a range is drained by its commit");
	map(va, new_frame, PTE_RW);
	map(va + PAGE, new_frame, PTE_RW);
	fence_asid(own_asid);
	(void)read64(TEST_VA);
	fact_equal(read64(va) + read64(va + PAGE), 2 * new_frame,
		   "pages that only a range has read");
}

/* More than may be done in one go: the stay in M-mode is what matters. */
static void many_ranges(void)
{
	uint64_t va = begin(PTE_RW);

	if (!ring)
		return;
	(void)read64(va);
	map(va, new_frame, PTE_RW);
	for (unsigned int i = 0; i < HM_RING_ENTRIES; i++)
		ring_push(ring, HM_RING_OP_FLUSH, va - FAR * PAGE, 100, own_asid);
	fence_page(ring_page);
	fact_equal(read64(va), new_frame, "a ring full of long ranges");
}

static void wild_head(void)
{
	uint64_t va = begin(PTE_RW);

	if (!ring)
		return;
	for (unsigned int i = 0; i < HM_RING_ENTRIES; i++)
		ring_push(ring, HM_RING_OP_MAP, TEST_VA, 1, own_asid);
	fence_page(ring_page);
	(void)read64(va);
	map(va, new_frame, PTE_RW);
	ring->head += 1u << 16; /* over and over again the same hints */
	fence_page(ring_page);
	fact_equal(read64(va), new_frame, "a wild head is a flush of everything");
	fact_equal(ring->tail, ring->head, "after which the ring is empty");
}

/* What is no operation stands for a fence of everything, whatever page it names. */
static void wild_entry(void)
{
	uint64_t va = begin(PTE_RW);

	if (!ring)
		return;
	(void)read64(va);
	map(va, new_frame, PTE_RW);
	ring_push(ring, HM_RING_OP_MASK, TEST_VA, 1, own_asid);
	fence_page(ring_page);
	fact_equal(read64(va), new_frame, "a wild entry is a flush of everything");
}

/* Only with x0 does a fence of the ring's address commit; with an ASID it is what it always was. */
static void no_commit(void)
{
	uint64_t va = begin(PTE_RW);

	if (!ring)
		return;
	map(va, ring_page, PTE_RW);
	fence_page(va);
	fact_equal(ring_set(ring_page, va), SBI_OK, "a ring at another address");
	(void)read64(va);
	map(va, new_frame, PTE_RW);
	fence_page_asid(va, own_asid);
	fact_equal(read64(va), new_frame, "whose page is fenced for one ASID");
	fact_equal(ring_set(ring_page, ring_page), SBI_OK, "the ring at its first address");
}

/* --- remote fences ------------------------------------------------------------------------ */

/* A few bytes, and a few over the end of a page, stand for the pages that they are in. */
static void remote_fences(void)
{
	static const struct {
		uint64_t offset, size;
	} ranges[] = { { 0, 8 }, { 8, PAGE }, { PAGE - 8, 16 } };
	/*
	 * OpenSBI 1.6 goes by pages from the first byte on, and leaves out the last: a TLB may keep
	 * it.
	 */
	unsigned int count = ring_offered() ? 3 : 1;
	uint64_t va = begin(PTE_RW), good = 0;

	for (unsigned int i = 0; i < count; i++) {
		uint64_t pages = i ? 2 : 1;

		for (uint64_t n = 0; n < pages; n++) {
			map(va + n * PAGE, old_frame, PTE_RW);
			fence_page(va + n * PAGE);
			good += read64(va + n * PAGE) == old_frame;
			map(va + n * PAGE, new_frame, PTE_RW);
		}
		sbi_call(SBI_RFENCE, 1, 0, ~0ul, va + ranges[i].offset, ranges[i].size, 0);
		for (uint64_t n = 0; n < pages; n++)
			good += read64(va + n * PAGE) == new_frame;
	}
	fact_equal(good, count == 3 ? 10 : 2, "a remote fence of bytes is one of their pages");
}

/* --- satp --------------------------------------------------------------------------------- */

static void parts_of_satp(void)
{
	uint64_t value = satp_value(mode, root, own_asid), asid = 1ul << 44;

	if (!own_asid)
		return;
	csr_clear(satp, asid);
	fact_equal(csr_read(satp), value & ~asid, "csrc takes the ASID away");
	csr_set(satp, asid);
	fact_equal(csr_read(satp), value, "csrs brings it back");
}

/* Nothing is fenced on the way. */
static void bare_and_back(void)
{
	uint64_t value = satp_value(mode, root, own_asid);

	if (!ring)
		return;
	for (unsigned int i = 0; i < 2; i++) {
		csr_write(satp, 0);
		csr_write(satp, value);
	}
	fact_equal(ring_set(ring_page, ring_page), SBI_OK, "a ring");
	csr_write(satp, 0);
	ring->tail = MANY;
	ring_push(ring, HM_RING_OP_FLUSH, TEST_VA, 1, own_asid);
	fence_page(ring_page);
	fact_equal(ring->tail, MANY, "ends in bare mode");
	csr_write(satp, value);
	fact_equal(ring_set(ring_page, ring_page), SBI_OK, "and may be had again");
}

static void one_mode(void)
{
	root = root_new(mode);
	satp_load(mode, root, own_asid);
	fence_all();
	if (ring_offered()) {
		ring = (volatile struct hm_ring *)ring_page;
		fact_equal(ring_set(ring_page, ring_page), SBI_OK, "a ring is registered");
	}
	dirty();
	user_pages();
	vectored();
	outside_ram();
	write64(old_frame, old_frame);
	fenced_after_use(fence_asid, "a fence of its ASID reaches it");
	fenced_after_use(everything, "a fence of everything reaches it");
	commits();
	committed_and_fenced();
	commit_elsewhere();
	if (own_asid) {
		commit_for_another();
		among_global_pages(use_by_reading, 3);
		among_global_pages(use_by_flush, 6);
		among_global_pages(use_by_range, 7);
	}
	range_over_two_tables();
	two_pages_and_a_fence();
	many_ranges();
	wild_head();
	wild_entry();
	no_commit();
	remote_fences();
	parts_of_satp();
	bare_and_back();
	map_user_code(mode, root);
	fences_of_users();
	csr_write(satp, 0);
	fence_all();
}

void payload(uint64_t hart)
{
	(void)hart;
	own_asid = asid_bits() > 1;
	ring_page = page_alloc();
	old_frame = page_alloc();
	new_frame = page_alloc();
	write64(old_frame, old_frame);
	write64(new_frame, new_frame);
	for_each_mode(mode)
	{
		one_mode();
	}
}
