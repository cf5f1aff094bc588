// SPDX-License-Identifier: BSD-2-Clause
/*
 * bare.c - what a TLB may keep, each rule by itself: page tables are changed
 * without a fence, or with one of each kind, and a load tells what is seen.
 *
 * The program prints what an address shows: the number of a page, or TRAPPED |
 * mcause.  switch_away() writes satp twice, which makes softmmu forget all.
 */
#include "../hspt/bare.h"

#define N                (1ul << 63)
#define SV48(root, asid) (9ul << 60 | (u64)(asid) << 44 | (u64)(root) >> 12)
#define ENTRIES          512
#define MEGA             (1ul << 21)
#define FREE_RAM         (RAM + 4 * MEGA)
#define ADUE             (1ul << 61)

/* Addresses of the upper half: one table of leaves, then what hangs elsewhere. */
#define AT(mid, leaf) (0xffffffc000000000ul | (u64)(mid) << 21 | (u64)(leaf) << 12)

static u64 root[3][ENTRIES] __attribute__((aligned(PAGE)));
static u64 mid[3][ENTRIES] __attribute__((aligned(PAGE)));
static u64 leaf[3][ENTRIES] __attribute__((aligned(PAGE)));
static u64 top[2][ENTRIES] __attribute__((aligned(PAGE)));        /* of Sv48 */
static u64 page[32][ENTRIES] __attribute__((aligned(16 * PAGE))); /* a NAPOT range twice */

#define fence_va(va)     __asm__ volatile("sfence.vma %0, x0" : : "r"(va) : "memory")
#define fence_asid(asid) __asm__ volatile("sfence.vma x0, %0" : : "r"((u64)(asid)) : "memory")
#define fence_both(va, asid) \
	__asm__ volatile("sfence.vma %0, %1" : : "r"(va), "r"((u64)(asid)) : "memory")

static u64 load_once(u64 address)
{
	return load_as(address, SUPERVISOR);
}

/* In machine mode, with supervisor mode's rights and translation. */
static u64 store_once(u64 address, u64 value)
{
	csr_clear(mstatus, MPP);
	csr_set(mstatus, (u64)SUPERVISOR << 11 | MPRV);
	*(volatile u64 *)address = value;
	csr_clear(mstatus, MPRV);
	csr_set(mstatus, MPP);
	return 0;
}

static u64 see(u64 address)
{
	return call(MACHINE, (u64)load_once, address, 0);
}

static u64 put(u64 address, u64 value)
{
	return call(MACHINE, (u64)store_once, address, value);
}

static void set(u64 *pte, u64 value)
{
	*(volatile u64 *)pte = value;
}

static void use(int space, u64 asid)
{
	csr_write(satp, SV39(root[space], asid));
}

static void switch_away(void)
{
	u64 satp;

	__asm__ volatile("csrrw %0, satp, x0" : "=r"(satp) : : "memory");
	csr_write(satp, satp);
}

static void build_tables(void)
{
	for (int s = 0; s < 3; s++) {
		root[s][256] = entry(mid[s], TABLE);
		mid[s][0] = entry(leaf[s], TABLE);
		top[s & 1][511] = entry(root[s & 1], TABLE);
	}
	for (int i = 0; i < 32; i++)
		page[i][0] = i;
	for (int i = 0; i < 4; i++)
		*(volatile u64 *)(FREE_RAM + i * MEGA) = 100 + i;
}

static void begin(void)
{
	use(0, 1);
	fence();
}

static void leaves(void)
{
	u64 va = AT(0, 0);

	set(&leaf[0][0], entry(page[1], LEAF));
	begin();
	see(va);
	set(&leaf[0][0], entry(page[2], LEAF));
	switch_away();
	print("leaf-kept", see(va));
	fence_va(va + PAGE);
	print("leaf-fence-elsewhere", see(va));
	fence_asid(2);
	print("leaf-fence-other-asid", see(va));
	fence_both(va, 2);
	print("leaf-fence-va-other-asid", see(va));
	fence_va(va);
	print("leaf-fence-va", see(va));
	set(&leaf[0][0], entry(page[1], LEAF));
	fence_both(va, 1);
	print("leaf-fence-va-asid", see(va));
	set(&leaf[0][0], entry(page[2], LEAF));
	fence_asid(1);
	print("leaf-fence-asid", see(va));
}

static void pointers(void)
{
	u64 va = AT(0, 1);

	set(&leaf[0][1], entry(page[1], LEAF));
	set(&leaf[1][1], entry(page[2], LEAF));
	begin();
	see(va);
	set(&mid[0][0], entry(leaf[1], TABLE));
	fence_va(va);
	switch_away();
	print("pointer-fence-va", see(va));
	fence_both(va, 1);
	print("pointer-fence-va-asid", see(va));
	fence_asid(1);
	print("pointer-fence-asid", see(va));
	set(&mid[0][0], entry(leaf[0], TABLE));
}

static void globals(void)
{
	u64 va = AT(0, 2), below = AT(1, 0);

	set(&leaf[0][2], entry(page[1], LEAF | G));
	set(&leaf[1][2], entry(page[3], LEAF));
	begin();
	see(va);
	set(&leaf[0][2], entry(page[2], LEAF | G));
	switch_away();
	fence_asid(1);
	print("global-fence-asid", see(va));
	fence_both(va, 1);
	print("global-fence-va-asid", see(va));
	use(1, 2);
	print("global-other-space", see(va));
	use(0, 1);
	fence_va(va);
	print("global-fence-va", see(va));

	/* G of a pointer holds for all below it. */
	set(&leaf[2][0], entry(page[1], LEAF));
	set(&mid[0][1], entry(leaf[2], TABLE | G));
	fence();
	see(below);
	set(&leaf[2][0], entry(page[2], LEAF));
	switch_away();
	fence_asid(1);
	print("global-by-pointer", see(below));
	set(&mid[0][1], 0);
}

static void spaces(void)
{
	u64 va = AT(0, 3);

	set(&leaf[0][3], entry(page[1], LEAF));
	set(&leaf[1][3], entry(page[2], LEAF));
	begin();
	see(va);
	use(1, 2);
	print("space-other", see(va));
	use(1, 1);
	print("space-same-asid", see(va));
	csr_write(satp, 0);
	page[7][0] = 7;
	print("space-bare", see((u64)page[7]));
	csr_write(satp, SV48(top[1], 1));
	print("space-other-mode", see(va));
	use(1, 1);
	fence_asid(1);
	print("space-same-asid-fenced", see(va));
}

static void invalid(void)
{
	u64 va = AT(0, 4), deep = AT(2, 0), seen;
	int faults;

	set(&leaf[0][4], 0);
	set(&mid[0][2], 0);
	begin();
	see(va);
	set(&leaf[0][4], entry(page[1], LEAF));
	for (faults = 0; faults < 100 && see(va) != 1; faults++)
		;
	print("invalid-faults", faults);
	fence_va(va);
	print("invalid-fence-va", see(va));

	see(deep);
	set(&leaf[2][0], entry(page[1], LEAF));
	set(&mid[0][2], entry(leaf[2], TABLE));
	seen = see(deep);
	print("invalid-pointer", seen);
	fence_va(deep);
	print("invalid-pointer-fence-va", see(deep));
	set(&mid[0][2], 0);
}

static void rights(void)
{
	u64 va = AT(0, 5);

	set(&leaf[0][5], entry(page[5], V | R | A));
	begin();
	see(va);
	set(&leaf[0][5], entry(page[5], LEAF));
	print("rights-kept", put(va, 5));
	fence_va(va);
	print("rights-fence-va", put(va, 5));
	set(&leaf[0][5], entry(page[5], V | R | A));
	switch_away();
	print("rights-taken", put(va, 5));
	set(&leaf[0][5], entry(page[5], LEAF & ~(u64)D));
	fence_va(va);
	see(va);
	set(&leaf[0][5], entry(page[5], LEAF));
	print("dirty-kept", put(va, 5));
	fence_va(va);
	print("dirty-fence-va", put(va, 5));
	set(&leaf[0][5], entry(page[5], LEAF & ~(u64)A));
	fence_va(va);
	see(va);
	set(&leaf[0][5], entry(page[5], LEAF));
	print("accessed-kept", see(va));
	fence_va(va);
	print("accessed-fence-va", see(va));
}

/* Svadu: the hart compares the entry in memory before it sets D. */
static void update(void)
{
	u64 va = AT(0, 6);

	csr_set(menvcfg, ADUE);
	set(&leaf[0][6], entry(page[1], V | R | W | A));
	begin();
	see(va);
	print("update", put(va, 1));
	print("update-set", leaf[0][6] & (A | D));
	set(&leaf[0][6], entry(page[1], V | R | W | A));
	fence_va(va);
	see(va);
	set(&leaf[0][6], entry(page[9], V | R | W | A));
	put(va, 99);
	print("update-compared", page[9][0]);
	print("update-other-page", page[1][0]);
	page[1][0] = 1;
	csr_clear(menvcfg, ADUE);
}

static void large(void)
{
	u64 va = AT(3, 0), napot = AT(0, 16);

	set(&mid[0][3], FREE_RAM >> 12 << 10 | LEAF);
	begin();
	see(va);
	see(va + PAGE);
	set(&mid[0][3], (FREE_RAM + MEGA) >> 12 << 10 | LEAF);
	switch_away();
	print("large-kept", see(va));
	fence_va(va + 5 * PAGE);
	print("large-fence-within", see(va));

	for (int i = 0; i < 16; i++)
		set(&leaf[0][16 + i], entry(page[8], LEAF | N));
	fence();
	see(napot);
	see(napot + PAGE);
	for (int i = 0; i < 16; i++)
		set(&leaf[0][16 + i], entry(page[24], LEAF | N));
	switch_away();
	print("napot-kept", see(napot + PAGE));
	fence_va(napot + 7 * PAGE);
	print("napot-fence-within", see(napot + PAGE));
	set(&mid[0][3], 0);
}

/* A hart that speculates walks again between the fence and the change. */
static void early_fences(void)
{
	u64 va = AT(0, 8);

	set(&leaf[0][8], entry(page[1], LEAF));
	begin();
	see(va);
	fence_va(va);
	set(&leaf[0][8], entry(page[2], LEAF));
	print("early-fence", see(va));
	fence();
	print("early-fence-late", see(va));
	use(0, 5);
	use(0, 6);
	set(&leaf[0][8], entry(page[3], LEAF));
	use(0, 5);
	print("early-satp", see(va));
}

/* ASIDLEN by read-back, and a fence that ignores the bits that there are not. */
static void asids(void)
{
	u64 va = AT(0, 9), bits, value;

	csr_write(satp, SV39(root[0], 0xffff));
	__asm__ volatile("csrr %0, satp" : "=r"(value));
	bits = value >> 44 & 0xffff;
	print("asids", bits);
	set(&leaf[0][9], entry(page[1], LEAF));
	begin();
	see(va);
	set(&leaf[0][9], entry(page[2], LEAF));
	fence_asid((1 & bits) | (0xffff & ~bits));
	print("asids-fence", see(va));
}

/* How many of pmpaddr0 to pmpaddr15 keep what is written, and of pmpaddr16 if it is there. */
static void pmp_regions(void)
{
	u64 count = 0, value;

#define PROBE(n)                                               \
	csr_write(pmpaddr##n, 0xfff);                          \
	__asm__ volatile("csrr %0, pmpaddr" #n : "=r"(value)); \
	count += value != 0;
	PROBE(1);
	PROBE(2);
	PROBE(3);
	PROBE(4);
	PROBE(5);
	PROBE(6);
	PROBE(7);
	PROBE(8);
	PROBE(9);
	PROBE(10);
	PROBE(11);
	PROBE(12);
	PROBE(13);
	PROBE(14);
	PROBE(15);
	print("pmp-regions", count + 1);
}

__attribute__((noreturn, used)) void main(void)
{
	csr_write(pmpaddr0, ~0ul);
	csr_write(pmpcfg0, 0x1f);
	build_tables();
	begin();
	leaves();
	pointers();
	globals();
	spaces();
	invalid();
	rights();
	update();
	large();
	early_fences();
	asids();
	pmp_regions();
	*FINISHER = 0x5555;
	for (;;)
		;
}
