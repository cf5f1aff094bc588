// SPDX-License-Identifier: BSD-2-Clause
/*
 * Who sets A and D, as the tree says it: the program (Svade), the hart (Svadu), or as SBI's FWFT
 * has it (both). Tables preset neither. With a second hart: that no store of its own to the same
 * entries is lost, in so many races as the word races=N says.
 */
#include "payload.h"

#define SBI_FWFT           0x46574654ul
#define PTE_AD_HW_UPDATING 4
#define SBI_DENIED         (-4)
#define SBI_DENIED_LOCKED  (-14)
#define LOCK               1
#define UART               0x10000000ul
#define BARE               (PTE_V | PTE_R | PTE_W | PTE_X)
#define MANY               300
#define RSW                (1ul << 8)

static const struct mode *mode;
static uint64_t root, page, code_page;

static bool declared(const char *name)
{
	size_t size = 0;
	const char *isa = payload_property("riscv,isa-extensions", &size);

	for (size_t at = 0; at < size;) {
		size_t n = 0;

		while (name[n] && isa[at + n] == name[n])
			n++;
		if (!name[n] && !isa[at + n])
			return true;
		while (isa[at++])
			;
	}
	return false;
}

static uint64_t page_va(unsigned int n)
{
	return TEST_VA + n * PAGE;
}

static void map(unsigned int n, uint64_t pa, uint64_t flags)
{
	*pte_of(mode, root, page_va(n), 0) = PTE(pa, flags);
	fence_page(page_va(n));
}

static uint64_t marks(unsigned int n)
{
	return *pte_of(mode, root, page_va(n), 0) & PTE_AD;
}

/* ---- Svade ---- */

static void program_sets_them(void)
{
	map(0, page, BARE);
	fact_equal(load_cause(TEST_VA), CAUSE_LOAD_PAGE, "Svade: a load without A faults");
	fact_equal(store_cause(TEST_VA), CAUSE_STORE_PAGE, "Svade: and a store");
	fact_equal(marks(0), 0, "Svade: nothing is set");
	map(0, page, BARE | PTE_A);
	fact_equal(load_cause(TEST_VA), CAUSE_NONE, "Svade: with A it can be loaded from");
	fact_equal(store_cause(TEST_VA), CAUSE_STORE_PAGE, "Svade: but not stored to without D");
	fact_equal(marks(0), PTE_A, "Svade: D is not set");
}

/* ---- Svadu ---- */

static void each_access_of_supervisor(void)
{
	map(0, page, BARE);
	fact_equal(load_cause(TEST_VA), CAUSE_NONE, "Svadu: a load without A");
	fact_equal(marks(0), PTE_A, "Svadu: sets A alone");
	fact_equal(store_cause(TEST_VA), CAUSE_NONE, "Svadu: a store behind it");
	fact_equal(marks(0), PTE_AD, "Svadu: sets D");
	map(1, page, BARE);
	fact_equal(store_cause(page_va(1)), CAUSE_NONE, "Svadu: a store without A and D");
	fact_equal(marks(1), PTE_AD, "Svadu: sets both");
	map(2, code_page, BARE);
	fact_equal(fetch_cause(page_va(2)), CAUSE_NONE, "Svadu: a fetch without A");
	fact_equal(marks(2), PTE_A, "Svadu: sets A alone, too");
	map(3, page, BARE);
	__asm__ volatile("amoadd.d zero, %1, (%0)" ::"r"(page_va(3)), "r"(1) : "memory");
	fact_equal(marks(3), PTE_AD, "Svadu: an AMO sets both");
}

static void each_access_of_user(void)
{
	map(0, page, BARE | PTE_U);
	fact_equal(attempt_user(USER(user_load), TEST_VA, 0).cause, CAUSE_USER_ECALL,
		   "Svadu: a user's load");
	fact_equal(marks(0), PTE_A, "Svadu: sets A alone");
	fact_equal(attempt_user(USER(user_store), TEST_VA, 1).cause, CAUSE_USER_ECALL,
		   "Svadu: a user's store");
	fact_equal(marks(0), PTE_AD, "Svadu: sets D");
	map(1, page, BARE | PTE_U);
	csr_set(sstatus, SSTATUS_SUM);
	fact_equal(store_cause(page_va(1)), CAUSE_NONE, "Svadu: a store by SUM");
	csr_clear(sstatus, SSTATUS_SUM);
	fact_equal(marks(1), PTE_AD, "Svadu: sets both");
}

static void what_is_forbidden(void)
{
	map(0, page, PTE_V | PTE_R);
	fact_equal(store_cause(TEST_VA), CAUSE_STORE_PAGE, "Svadu: a store without W");
	fact_equal(fetch_cause(TEST_VA), CAUSE_FETCH_PAGE, "Svadu: a fetch without X");
	fact_equal(marks(0), 0, "Svadu: set nothing");
	map(1, page, BARE | PTE_U);
	fact_equal(load_cause(page_va(1)), CAUSE_LOAD_PAGE, "Svadu: a load of the user's page");
	fact_equal(marks(1), 0, "Svadu: sets nothing");
	map(2, page, PTE_V | PTE_X);
	fact_equal(load_cause(page_va(2)), CAUSE_LOAD_PAGE, "Svadu: a load of code alone");
	fact_equal(marks(2), 0, "Svadu: sets nothing");
	csr_set(sstatus, SSTATUS_MXR);
	fact_equal(load_cause(page_va(2)), CAUSE_NONE, "Svadu: a load by MXR");
	csr_clear(sstatus, SSTATUS_MXR);
	fact_equal(marks(2), PTE_A, "Svadu: sets A");
}

/* Page after page, so that whoever fills ahead has a reason to. */
static void many_pages(void)
{
	unsigned int loaded = 0, stored = 0, ahead = 0;

	for (unsigned int n = 0; n < MANY; n++)
		map(n, page, BARE);
	for (unsigned int n = 0; n < MANY; n++) {
		(void)read64(page_va(n));
		loaded += marks(n) == PTE_A;
		ahead += marks(n + 1 < MANY ? n + 1 : 0) != (n + 1 < MANY ? 0 : PTE_A);
	}
	fact_equal(loaded, MANY, "Svadu: loads of page after page set A");
	fact_equal(ahead, 0, "Svadu: and not before the load");
	for (unsigned int n = 0; n < MANY; n += 2)
		write64(page_va(n), n);
	for (unsigned int n = 0; n < MANY; n++)
		stored += marks(n) == (n % 2 ? PTE_A : PTE_AD);
	fact_equal(stored, MANY, "Svadu: stores to every other one set D there alone");
}

static void taken_away(void)
{
	unsigned int good = 0;

	map(0, page, BARE);
	for (unsigned int n = 0; n < 100; n++) {
		write64(TEST_VA, n);
		good += marks(0) == PTE_AD;
		*pte_of(mode, root, TEST_VA, 0) &= ~PTE_D;
		fence_page(TEST_VA);
		(void)read64(TEST_VA);
		good += marks(0) == PTE_A;
	}
	fact_equal(good, 200, "Svadu: D that was taken away is set by the next store");
}

static void superpage(void)
{
	uint64_t *pte = pte_of(mode, root, TEST_VA + MEGA, 1), mega = mega_alloc();

	*pte = PTE(mega, BARE);
	fence_all();
	fact_equal(load_cause(TEST_VA + MEGA + 5 * PAGE), CAUSE_NONE, "Svadu: a superpage's load");
	fact_equal(*pte & PTE_AD, PTE_A, "Svadu: sets A");
	fact_equal(store_cause(TEST_VA + MEGA + 9 * PAGE), CAUSE_NONE, "Svadu: and its store");
	fact_equal(*pte & PTE_AD, PTE_AD, "Svadu: sets D");
	*pte = 0;
	fence_all();
}

static void device(void)
{
	map(0, UART, PTE_V | PTE_R | PTE_W);
	(void)*(volatile uint8_t *)(TEST_VA + 7);
	fact_equal(marks(0), PTE_A, "Svadu: a load from a device sets A");
	*(volatile uint8_t *)(TEST_VA + 7) = 0x5a;
	fact_equal(marks(0), PTE_AD, "Svadu: a store to it sets D");
	fact_equal(*(volatile uint8_t *)(UART + 7), 0x5a, "Svadu: and is done");
}

/* The leaf table itself is mapped, and what is stored there is an entry. */
static void table_is_written(void)
{
	uint64_t *table = pte_of(mode, root, TEST_VA, 0);

	map(1, (uint64_t)table & -PAGE, PTE_V | PTE_R | PTE_W);
	map(2, page, 0);
	fact_equal(load_cause(page_va(2)), CAUSE_LOAD_PAGE, "Svadu: a page that is not there");
	write64(page_va(1) + 8 * 2, PTE(page, BARE));
	fact_equal(marks(1), PTE_AD, "Svadu: a store to a table sets its page's D");
	fence_page(page_va(2));
	fact_equal(load_cause(page_va(2)), CAUSE_NONE, "Svadu: the entry that it made");
	fact_equal(marks(2), PTE_A, "Svadu: gets its A");
	map(1, page, 0);
}

static void misaligned(void)
{
	uint64_t second = page_alloc();

	map(0, page, BARE);
	map(1, second, BARE);
	*(volatile uint32_t *)(page_va(1) - 2) = 0x12345678;
	fact_equal(marks(0), PTE_AD, "Svadu: a store over two pages sets the first one's");
	fact_equal(marks(1), PTE_AD, "Svadu: and the second one's");
	fact_equal(*(volatile uint16_t *)second, 0x1234, "Svadu: and is done");
}

static void legacy_mask(void)
{
	map(0, page, BARE);
	write64(page, 0);
	fact_equal((uint64_t)sbi_call(4, 0, TEST_VA + 8, 0, 0, 0, 0).error, 0,
		   "Svadu: an SBI call that reads memory");
	fact_equal(marks(0), PTE_A, "Svadu: sets A");
	csr_clear(sip, 1ul << IRQ_SOFT);
}

static void hart_sets_them(void)
{
	each_access_of_supervisor();
	each_access_of_user();
	what_is_forbidden();
	many_pages();
	taken_away();
	superpage();
	device();
	table_is_written();
	misaligned();
	legacy_mask();
}

/* ---- two harts ---- */

void other_hart(void);
extern char other_hart_entry[];
static uint8_t stack[4096] __attribute__((aligned(16)));
static uint64_t *volatile contended;
static volatile uint64_t satp_of_both;
static volatile bool over, gone;
static volatile uint64_t lost, turns;

__asm__("other_hart_entry:\n"
	"	mv	sp, a1\n"
	"	call	other_hart\n");

static uint64_t flip(uint64_t *entry)
{
	uint64_t old;

	__asm__ volatile("amoxor.d %0, %1, (%2)" : "=r"(old) : "r"(RSW), "r"(entry) : "memory");
	return old;
}

/* Only this hart changes RSW, so it finds there what it left. */
void other_hart(void)
{
	bool was[8] = { false };

	csr_write(satp, satp_of_both);
	while (!over) {
		unsigned int n = turns++ % 8;

		lost += !!(flip(contended + n) & RSW) != was[n];
		was[n] = !was[n];
	}
	gone = true;
	for (;;)
		sbi_call(SBI_HSM, 1, 0, 0, 0, 0, 0);
}

static void take_marks_away(uint64_t *entry)
{
	__asm__ volatile("amoand.d zero, %0, (%1)" ::"r"(~PTE_AD), "r"(entry) : "memory");
}

static void two_harts(uint64_t hart)
{
	unsigned int good = 0, races = payload_option("races", 4000);

	for (unsigned int n = 0; n < 8; n++)
		map(n, page, BARE);
	contended = pte_of(mode, root, TEST_VA, 0);
	satp_of_both = csr_read(satp);
	if (sbi_call(SBI_HSM, 0, !hart, (uint64_t)other_hart_entry, (uint64_t)stack + sizeof(stack),
		     0, 0)
		    .error)
		return;
	while (turns < 8)
		;
	note("the harts race");
	for (unsigned int i = 0; i < races; i++) {
		take_marks_away(contended + i % 8);
		fence_page(page_va(i % 8));
		if (i & 1)
			write64(page_va(i % 8), i);
		else
			(void)read64(page_va(i % 8));
		good += marks(i % 8) == (i & 1 ? PTE_AD : PTE_A);
	}
	over = true;
	while (!gone)
		;
	fact_equal(good, races, "Svadu: each access sets its bits, whatever another hart does");
	fact_equal(lost, 0, "Svadu: no store of another hart is lost");
	note_count("turns of the other hart", turns);
}

/* ---- by FWFT ---- */

static struct sbi feature(uint64_t fid, uint64_t value, uint64_t flags)
{
	return sbi_call(SBI_FWFT, fid, PTE_AD_HW_UPDATING, value, flags, 0, 0);
}

static void choose(bool on)
{
	fact_equal((uint64_t)feature(0, on, 0).error, SBI_OK, on ? "FWFT: on" : "FWFT: off");
	fact_equal(feature(1, 0, 0).value, on, "FWFT: it says so");
	fence_all();
}

static void by_choice(void)
{
	fact_equal((uint64_t)feature(0, 2, 0).error, SBI_INVALID_PARAM, "FWFT: a third value");
	fact_equal((uint64_t)feature(0, 1, 2).error, SBI_INVALID_PARAM, "FWFT: an unknown flag");
	fact_equal(feature(1, 0, 0).value, 0, "FWFT: off until it is chosen");
	program_sets_them();
	choose(true);
	hart_sets_them();
	choose(false);
	program_sets_them();
}

static void lock(void)
{
	int64_t error;

	fact_equal((uint64_t)feature(0, 1, LOCK).error, SBI_OK, "FWFT: on, and locked");
	error = feature(0, 0, 0).error;
	fact(error == SBI_DENIED || error == SBI_DENIED_LOCKED, "FWFT: a lock holds");
	fact_equal(feature(1, 0, 0).value, 1, "FWFT: it is on");
}

static void program_alone(void)
{
	program_sets_them();
	fact_equal((uint64_t)feature(1, 0, 0).error, SBI_NOT_SUPPORTED,
		   "Svade: there is nothing to choose");
}

void payload(uint64_t hart)
{
	bool svade = declared("svade"), svadu = declared("svadu");

	fact(svade || svadu, "the tree says who sets A and D");
	page = page_alloc();
	code_page = page_alloc();
	*(volatile uint32_t *)code_page = 0x00008067; /* ret */
	__asm__ volatile("fence.i");
	for_each_mode(mode)
	{
		root = root_new(mode);
		map_user_code(mode, root);
		satp_load(mode, root, 0);
		fence_all();
		if (svade && svadu)
			by_choice();
		else if (svadu)
			hart_sets_them();
		else
			program_alone();
		csr_write(satp, 0);
		fence_all();
	}
	mode = first_mode();
	satp_load(mode, root = root_new(mode), 0);
	fence_all();
	if (svade && svadu)
		lock();
	if (svadu)
		two_harts(hart);
	csr_write(satp, 0);
}
