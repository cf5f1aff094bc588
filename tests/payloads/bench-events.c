// SPDX-License-Identifier: BSD-2-Clause
/*
 * Instructions per event: each line is "event NAME COUNT INSTRUCTIONS", where
 * cycle counts all modes alike under -icount.  The same program natively gives
 * what the guest itself spends, so the difference is the firmware's.
 */
#include "ring.h"

#define PAGES        448          /* in one leaf table, beside the warm-up's */
#define ROOTS        8            /* fewer than any root buffer */
#define MANY         40           /* more */
#define UART_SCRATCH 0x10000007ul /* a register whose reading changes nothing */
#define UART_VA      (TEST_VA + 32 * PAGE)

static const struct mode *mode;
static uint64_t root, frame, roots[MANY];

static void number(uint64_t value, char *text)
{
	char digits[20];
	int n = 0;

	do
		digits[n++] = '0' + value % 10;
	while (value /= 10);
	while (n)
		*text++ = digits[--n];
	*text = 0;
}

static void report(const char *name, uint64_t count, uint64_t instructions)
{
	char line[96] = "event ", *end = line + 6;

	while (*name)
		*end++ = *name++;
	*end++ = ' ';
	number(count, end);
	while (*end)
		end++;
	*end++ = ' ';
	number(instructions, end);
	note(line);
}

#define measure(name, count, statement)                         \
	do {                                                    \
		uint64_t before_ = csr_read(cycle);             \
                                                                \
		for (uint64_t i = 0; i < (count); i++)          \
			statement;                              \
		report(name, count, csr_read(cycle) - before_); \
	} while (0)

static uint64_t page(uint64_t i)
{
	return TEST_VA + (64 + i) * PAGE;
}

static void faults(void)
{
	for (uint64_t i = 0; i < PAGES; i++)
		map_page(mode, root, page(i), frame, PTE_RW);
	fence_all();
	write64(TEST_VA, 0); /* the leaf tables are known now */
	measure("fill", PAGES, write64(page(i), i));
	measure("no-event", PAGES, write64(page(i), i));

	for (uint64_t i = 0; i < PAGES; i++)
		map_page(mode, root, page(i), frame, 0);
	fence_all();
	write64(TEST_VA, 0);
	measure("true-fault", PAGES, store_cause(page(i)));
	for (uint64_t i = 0; i < PAGES; i++)
		map_page(mode, root, page(i), frame, PTE_V | PTE_R | PTE_AD);
	fence_all();
	(void)read64(TEST_VA);
	measure("permission-fault", PAGES, store_cause(page(i)));
	for (uint64_t i = 0; i < PAGES; i++)
		map_page(mode, root, page(i), frame, PTE_RW & ~PTE_D);
	fence_all();
	(void)read64(TEST_VA);
	measure("dirty-fault", PAGES, store_cause(page(i)));
}

static void fences(void)
{
	write64(TEST_VA, 0);
	measure("fence-page", PAGES, fence_page(page(i)));
	write64(TEST_VA, 0);
	measure("fence-page-asid", PAGES, fence_page_asid(page(i), 1));
	/* These take the loop's own code and stack away: filling them again is part of it. */
	measure("fence-asid+refill", PAGES, fence_asid(1));
	measure("fence-all+refill", PAGES, fence_all());
}

#define MEGAPAGE (2ul << 20)

/*
 * A kernel's address space: its own memory is global, in a table that all of them share, so that
 * neither a fence of an ASID nor a switch takes the code away that measures it.
 */
static uint64_t root_of_kernel(void)
{
	uint64_t table = root_new(mode), first = (uint64_t)root_new & -MEGAPAGE;

	*pte_of(mode, table, first, 2) = 0; /* the leaf of a GiB */
	for (unsigned int i = 0; i < 8; i++)
		*pte_of(mode, table, first + i * MEGAPAGE, 1) =
			PTE(first + i * MEGAPAGE, PTE_RWX | PTE_G);
	return table;
}

static uint64_t another_root(uint64_t of)
{
	uint64_t table = page_alloc();

	for (unsigned int i = 0; i < PAGE / 8; i++)
		((uint64_t *)table)[i] = ((const uint64_t *)of)[i];
	return table;
}

/* Between two readings of the counter, without a load, a store or a jump. */
#define cost_of(statement, operand)                                                  \
	({                                                                           \
		uint64_t begin_, end_;                                               \
                                                                                     \
		__asm__ volatile("csrr %0, cycle\n\t" statement "\n\tcsrr %1, cycle" \
				 : "=&r"(begin_), "=r"(end_)                         \
				 : "r"(operand)                                      \
				 : "memory");                                        \
		end_ - begin_;                                                       \
	})

#define TIMES  32
#define GROUPS 48 /* of pages whose entries lie in one line: one page of each is used */

static void fence_asid_of(const char *name, uint64_t groups)
{
	uint64_t instructions = 0;

	for (unsigned int n = 0; n < TIMES; n++) {
		for (uint64_t i = 0; i < groups; i++)
			write64(page(8 * i), i);
		instructions += cost_of("sfence.vma x0, %2", 1);
	}
	report(name, TIMES, instructions);
}

static void alone(void)
{
	uint64_t some[MANY], instructions = 0, root_of_all = root;

	root = root_of_kernel();
	for (uint64_t i = 0; i < PAGES; i++)
		map_page(mode, root, page(i), frame, PTE_RW);
	satp_load(mode, root, 1);
	fence_all();
	fence_asid_of("fence-asid", 1);
	fence_asid_of("fence-asid/48groups", GROUPS);
	for (unsigned int i = 0; i < MANY; i++)
		some[i] = another_root(root);
	for (unsigned int i = 0; i < 3 * MANY; i++) {
		uint64_t value = satp_value(mode, some[i % MANY], i % MANY + 2);
		uint64_t cost = cost_of("csrw satp, %2", value);

		if (i >= MANY) /* before, roots are given out that nobody had */
			instructions += cost;
	}
	report("satp-miss", 2 * MANY, instructions);
	root = root_of_all;
	satp_load(mode, root, 1);
	fence_all();
}

#define RANGE 16
#define BATCH 64

static volatile struct hm_ring *ring;

/* Invalid and then valid again for the tables' owner: nothing is cached, everything could be. */
static void uncache(void)
{
	for (uint64_t i = 0; i < PAGES; i++)
		map_page(mode, root, page(i), frame, PTE_RW);
	fence_all();
	write64(TEST_VA, 0);
}

static void commit(void)
{
	fence_page((uint64_t)ring);
}

static void flush_and_commit(uint64_t i, uint64_t pages)
{
	ring_push(ring, HM_RING_OP_FLUSH, page(i), pages, 1);
	commit();
}

/* Many in one drain. */
static void push_and_commit(uint64_t i, unsigned int op)
{
	ring_push(ring, op, page(i), 1, 1);
	if (i % BATCH == BATCH - 1)
		commit();
}

/* Natively there is no ring: the same stores into a page, and the fence that a commit is. */
static void notifications(void)
{
	ring = (volatile struct hm_ring *)page_alloc();
	ring_set((uint64_t)ring, (uint64_t)ring);
	uncache();
	commit();
	measure("ring-commit", PAGES, commit());
	measure("ring-flush+refill+commit", PAGES, flush_and_commit(i, 1));
	measure("ring-range16+refill+commit", PAGES / RANGE, flush_and_commit(i * RANGE, RANGE));
	uncache();
	commit();
	measure("ring-hint+commit/64", PAGES, push_and_commit(i, HM_RING_OP_MAP));
	measure("no-event-after-hint", PAGES, write64(page(i), i));
	for (uint64_t i = 0; i < PAGES; i++)
		*pte_of(mode, root, page(i), 0) = 0;
	commit();
	measure("ring-flush+commit", PAGES, flush_and_commit(i, 1));
	measure("ring-flush+commit/64", PAGES, push_and_commit(i, HM_RING_OP_FLUSH));
	ring_set(HM_RING_NONE, 0);
}

static void switches(void)
{
	for (unsigned int i = 0; i < MANY; i++)
		roots[i] = root_new(mode);
	for (unsigned int i = 0; i < ROOTS; i++)
		satp_load(mode, roots[i], i + 2);
	measure("satp-hit", PAGES,
		csr_write(satp, satp_value(mode, roots[i % ROOTS], i % ROOTS + 2)));
	measure("satp-miss+refill", PAGES,
		csr_write(satp, satp_value(mode, roots[i % MANY], i % MANY + 2)));
	satp_load(mode, root, 1);
}

static uint8_t read8(uint64_t at)
{
	return *(volatile uint8_t *)at;
}

/* As a driver has a device, by a page of its own; and as a boot loader has it. */
static void devices(void)
{
	map_page(mode, root, UART_VA, UART_SCRATCH & -PAGE, PTE_RW);
	fence_all();
	write64(TEST_VA, 0);
	measure("mmio-load", PAGES, read8(UART_VA + UART_SCRATCH % PAGE));
	csr_write(satp, 0);
	fence_all();
	measure("mmio-load-bare", PAGES, read8(UART_SCRATCH));
	satp_load(mode, root, 1);
}

static void calls(void)
{
	measure("sbi-base", PAGES, sbi_call(SBI_BASE, 0, 0, 0, 0, 0, 0));
	measure("vm-exit", PAGES, sbi_call(SBI_HSM, 2, 0, 0, 0, 0, 0));
}

void payload(uint64_t hart)
{
	(void)hart;
	mode = first_mode();
	root = root_new(mode);
	frame = page_alloc();
	map_page(mode, root, TEST_VA, frame, PTE_RW);
	satp_load(mode, root, 1);
	faults();
	fences();
	notifications();
	switches();
	alone();
	devices();
	calls();
	fact(true, "all events measured");
}
