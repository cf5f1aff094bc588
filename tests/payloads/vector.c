// SPDX-License-Identifier: BSD-2-Clause
/*
 * Vector registers: every hart keeps its own, whatever the others do meanwhile, over naps,
 * suspension and a stop. Vector stores that fault halfway go on where they were, and those to page
 * tables count as any store. A hart without vectors refuses their instructions.
 */
#include "vector.h"

#define ROUNDS      8
#define MAX_HARTS   8
#define NAP         2000ul  /* ticks of time */
#define LONG        20000ul /* longer than a slice */
#define PATIENCE    20000000ul
#define HSM_START   0
#define HSM_STOP    1
#define HSM_STATUS  2
#define HSM_SUSPEND 3
#define RETENTIVE   0
#define STOPPED     1
#define COUNT       40u /* bytes of a store */
#define IN_FIRST    5u  /* of them before the page's end */
#define TIMES       20u

static struct worker {
	uint64_t hart;
	volatile uint64_t good, passes;
	struct v_state mine, found;
	uint8_t stack[4096];
	/* at the stack's end: where its hart begins */
	struct worker *self __attribute__((aligned(16)));
} workers[MAX_HARTS];
static uint64_t vlenb;

/* -- many harts -- */

static void nap(uint64_t ticks)
{
	sbi_call(SBI_TIME, 0, csr_read(time) + ticks, 0, 0, 0, 0);
	csr_set(sie, 1ul << IRQ_TIMER);
	while (!(csr_read(sip) & 1ul << IRQ_TIMER))
		__asm__ volatile("wfi");
	csr_clear(sie, 1ul << IRQ_TIMER);
}

static void suspend(uint64_t ticks)
{
	sbi_call(SBI_TIME, 0, csr_read(time) + ticks, 0, 0, 0, 0);
	csr_set(sie, 1ul << IRQ_TIMER);
	sbi_call(SBI_HSM, HSM_SUSPEND, RETENTIVE, 0, 0, 0, 0);
	csr_clear(sie, 1ul << IRQ_TIMER);
}

static void spin(uint64_t ticks)
{
	uint64_t end = csr_read(time) + ticks;

	while (csr_read(time) < end)
		;
}

/* VS stays Dirty, or becomes Clean or Off, while others have their turns. */
static void let_others(uint64_t round)
{
	static const uint64_t cleared[] = { 0, 1ul << 9, SSTATUS_VS };

	csr_clear(sstatus, cleared[round % 3]);
	switch (round % 4) {
	case 0: suspend(NAP); break;
	case 1: spin(LONG); break;
	default: nap(NAP);
	}
	csr_set(sstatus, SSTATUS_VS);
}

static void work(struct worker *w)
{
	csr_set(sstatus, SSTATUS_VS);
	for (uint64_t n = 0; n < ROUNDS; n++) {
		v_make(&w->mine, vlenb, (w->hart + 1) * 1000 + w->passes * ROUNDS + n);
		v_write(&w->mine);
		let_others(n);
		v_read(&w->found);
		w->good += v_equal(&w->mine, &w->found, vlenb);
	}
	__asm__ volatile("fence rw, rw" ::: "memory");
	w->passes++;
}

void other_main(struct worker *w);
extern const char other_entry[];
__asm__(".pushsection .text\n.balign 4\nother_entry:\n mv sp, a1\n ld a0, 0(a1)\n call other_main\n1: j 1b\n.popsection\n");
void other_main(struct worker *w)
{
	work(w);
	sbi_call(SBI_HSM, HSM_STOP, 0, 0, 0, 0, 0);
}

static bool is_stopped(uint64_t hart)
{
	return sbi_call(SBI_HSM, HSM_STATUS, hart, 0, 0, 0, 0).value == STOPPED;
}

/* All of them start, work, and stop; the first works beside them. */
static void pass(uint64_t own, uint64_t harts, const char *what)
{
	uint64_t good = 0, spins = 0, done = 0;

	for (uint64_t n = 0; n < harts; n++)
		if (n != own)
			sbi_call(SBI_HSM, HSM_START, n, (uint64_t)other_entry,
				 (uint64_t)&workers[n].self, 0, 0);
	work(&workers[own]);
	while (done < harts && ++spins < PATIENCE) {
		done = 1;
		for (uint64_t n = 0; n < harts; n++)
			done += n != own && is_stopped(n);
	}
	for (uint64_t n = 0; n < harts; n++) {
		good += workers[n].good;
		workers[n].good = 0;
	}
	fact_equal(good, harts * ROUNDS, what);
}

static void many_harts(uint64_t own)
{
	uint64_t harts = 0;

	while (harts < MAX_HARTS && !sbi_call(SBI_HSM, HSM_STATUS, harts, 0, 0, 0, 0).error) {
		workers[harts].hart = harts;
		workers[harts].self = &workers[harts];
		harts++;
	}
	note_count("harts", harts);
	pass(own, harts, "each hart keeps its registers");
	pass(own, harts, "and so it does after a stop");
}

/* -- over two pages -- */

static const struct mode *mode;
static uint64_t root;

#define VECTOR(text, ...) __asm__ volatile(V_ON text V_END __VA_ARGS__)

static void set_sevens(void)
{
	VECTOR("vsetvli t0, %0, e8, m8, ta, ma\n vmv.v.i v8, 7\n", ::"r"((uint64_t)COUNT) : "t0");
}

static uint64_t store(uint64_t va, uint64_t unused)
{
	(void)unused;
	VECTOR("vse8.v v8, (%0)\n", ::"r"(va) : "memory");
	return 0;
}

static uint64_t load_first(uint64_t va, uint64_t unused)
{
	(void)unused;
	VECTOR("vle8ff.v v8, (%0)\n", ::"r"(va) : "memory");
	return csr_read(0xc20); /* vl */
}

static uint64_t count_sevens(uint64_t at, uint64_t bytes)
{
	uint64_t sevens = 0;

	for (uint64_t i = 0; i < bytes; i++)
		sevens += ((volatile uint8_t *)at)[i] == 7;
	return sevens;
}

static void two_pages(void)
{
	uint64_t first = page_alloc(), second = page_alloc(), third = page_alloc(),
		 at = TEST_VA + PAGE - IN_FIRST;
	struct outcome o;

	map_page(mode, root, TEST_VA, first, PTE_RW);
	map_page(mode, root, TEST_VA + PAGE, second, PTE_RW);
	fence_all();
	set_sevens();
	fact_equal(attempt(store, at, 0).cause, CAUSE_NONE, "a store over two pages");
	fact(count_sevens(first, PAGE) == IN_FIRST &&
		     count_sevens(second, PAGE) == COUNT - IN_FIRST,
	     "stores all of it");
	*pte_of(mode, root, TEST_VA + PAGE, 0) = 0;
	fence_page(TEST_VA + PAGE);
	write64(first + PAGE - 8, 0);
	o = attempt(store, at, 0);
	fact(o.cause == CAUSE_STORE_PAGE && o.tval == TEST_VA + PAGE, "the second page is absent");
	fact_equal(csr_read(0x008), IN_FIRST, "vstart says how far it came");
	fact_equal(count_sevens(first, PAGE), IN_FIRST, "as memory does");
	write64(first + PAGE - 8, 0);
	map_page(mode, root, TEST_VA + PAGE, third, PTE_RW);
	fact_equal(attempt(store, at, 0).cause, CAUSE_NONE, "once more, when it is there");
	fact(!count_sevens(first, PAGE) && count_sevens(third, PAGE) == COUNT - IN_FIRST,
	     "it goes on where it was");
	*pte_of(mode, root, TEST_VA + PAGE, 0) = 0;
	fence_page(TEST_VA + PAGE);
	o = attempt(load_first, at, 0);
	fact(o.cause == CAUSE_NONE && o.value == IN_FIRST, "a load of what is there is shorter");
}

/* -- to page tables -- */

/* Two elements of 32 bits, since no more is sure to be there. */
static void store_entry(uint64_t at, uint64_t value)
{
	VECTOR("vsetivli zero, 2, e32, m2, ta, ma\n vle32.v v8, (%0)\n vse32.v v8, (%1)\n",
	       ::"r"(&value), "r"(at)
	       : "memory");
}

static uint64_t numbered_page(uint64_t number)
{
	uint64_t page = page_alloc();

	write64(page, number);
	return page;
}

/*
 * An entry at `entry`, as the guest addresses it, takes turns between two values, and va shows
 * which.
 */
static void takes_turns(uint64_t entry, const uint64_t *values, uint64_t va, const char *what)
{
	uint64_t good = 0;

	for (unsigned int n = 0; n < TIMES; n++) {
		store_entry(entry, values[n % 2]);
		fence_all();
		good += read64(va) == n % 2;
	}
	fact_equal(good, TIMES, what);
}

static void page_tables(void)
{
	uint64_t leaves[2], links[2], leaf = (uint64_t)pte_of(mode, root, TEST_VA, 0) & ~(PAGE - 1);
	unsigned int top = mode->levels - 1;
	uint64_t far = TEST_VA + 64 * PAGE, other = root_new(mode);

	for (unsigned int n = 0; n < 2; n++)
		leaves[n] = PTE(numbered_page(n), PTE_RW);
	takes_turns(leaf + 64 * 8, leaves, far, "stores to a leaf table");
	map_page(mode, root, TEST_VA + 65 * PAGE, leaf, PTE_RW);
	fence_all();
	takes_turns(TEST_VA + 65 * PAGE + 64 * 8, leaves, far, "through that table itself");

	/* Two trees that differ in the page at `far`; the root links to the one or the other. */
	links[0] = *pte_of(mode, root, TEST_VA, top);
	*pte_of(mode, root, far, 0) = leaves[0];
	map_page(mode, other, far, leaves[1] >> 10 << 12, PTE_RW);
	links[1] = *pte_of(mode, other, TEST_VA, top);
	takes_turns((uint64_t)pte_of(mode, root, TEST_VA, top), links, far, "to the root");
}

void payload(uint64_t hart)
{
	if (!v_exists()) {
		csr_set(sstatus, SSTATUS_VS);
		fact_equal(attempt(load_first, TEST_VA, 0).cause, CAUSE_ILLEGAL, "no vectors");
		return;
	}
	csr_set(sstatus, SSTATUS_VS);
	vlenb = v_length();
	note_count("bytes of a register", vlenb);
	many_harts(hart);
	root = root_in_first_mode(&mode);
	satp_load(mode, root, 0);
	fence_all();
	two_pages();
	page_tables();
	csr_write(satp, 0);
	fence_all();
}
