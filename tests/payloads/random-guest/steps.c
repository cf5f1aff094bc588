// SPDX-License-Identifier: BSD-2-Clause
/*
 * steps.c - what is done next, by chance; and each thing done twice, on the hart and in the model.
 */
#include "guest.h"

#define RECENT 4

/* Accesses that succeeded in an address space: others come back to them. */
static struct access recent[ROOTS][RECENT];

static unsigned int root_of(uint64_t satp)
{
	uint64_t root = (SATP_ROOT(satp) - tables_base) / PAGE;

	return root < ROOTS ? root : 0;
}

static struct access *recently(const struct hart *hart)
{
	return &recent[root_of(hart->satp)][choose(RECENT)];
}

/* The other hart is busy: nothing can be asked of it. */
static bool racing;

/* ---- both at once: the hart and the model ---- */

static uint64_t sfence(struct hart *hart, uint64_t va, uint64_t asid, uint64_t form)
{
	(void)hart;
	switch (form) {
	case 0: fence_page_asid(va, asid); break;
	case 1: fence_page(va); break;
	case 2: fence_asid(asid); break;
	case 3: fence_all(); break;
	}
	return 0;
}

/* No room is left in the model's memory: all harts forget, and so does the model. */
void fence_everything(void)
{
	for (unsigned int i = 0; i < hart_count; i++)
		on(&harts[i], sfence, 0, 0, 3);
	model_reset();
}

/* SFENCE.VMA, of one page at most. */
void make_fence(struct hart *hart, struct fence fence)
{
	uint64_t offset = one_in(4) ? choose(PAGE) : 0; /* any address in the page will do */

	/* Only the commit's own address commits. */
	if (hart->ring && fence.first == hart->ring_gva && !offset)
		offset = 8;
	on(hart, sfence, fence.first + offset, fence.asid, fence.any_asid | fence.any_va << 1);
	if (!model_fence(hart, fence))
		fence_everything();
}

void write_entry(unsigned int table, unsigned int slot, uint64_t value)
{
	if (world_is_fixed(table, slot))
		return;
	if (!world_may_be(table, value))
		value = 0;
	if (!model_write(table, slot, value)) {
		if (racing)
			return;
		fence_everything();
		model_write(table, slot, value);
	}
	*(volatile uint64_t *)entry_of(table, slot) = value;
}

static uint64_t write_satp(struct hart *hart, uint64_t value, uint64_t unused1, uint64_t unused2)
{
	(void)hart, (void)unused1, (void)unused2;
	csr_write(satp, value);
	return csr_read(satp);
}

/* "satp": a MODE that is not supported leaves it as it is. */
static uint64_t satp_after(uint64_t old, uint64_t value)
{
	bool known = false;

	if (!SATP_MODE(value))
		return 0;
	for (unsigned int i = 0; i < mode_count; i++)
		known |= modes[i].satp_mode == SATP_MODE(value);
	return known ? value & ~((0xffff & ~asid_mask) << 44) : old;
}

static void note_satp(struct hart *hart, uint64_t got, uint64_t expected)
{
	if (got != expected)
		broken(hart, "satp", got, expected, NULL);
	if (!expected)
		ring_ended(hart);
	if (!model_satp(hart, expected)) {
		hart->satp = expected;
		fence_everything();
	}
}

void change_satp(struct hart *hart, uint64_t value)
{
	note_satp(hart, on(hart, write_satp, value, 0, 0), satp_after(hart->satp, value));
}

/* ---- accesses ---- */

static uint64_t random_va(const struct hart *hart)
{
	uint64_t va;

	if (one_in(4))
		return world_va(hart->satp);
	va = recently(hart)->va & -PAGE;
	if (one_in(3))
		va = world_beside(va, choose(2));
	return SATP_MODE(hart->satp) || is_ram(va) ? va : world_va(hart->satp);
}

struct access random_access(const struct hart *hart)
{
	if (!one_in(3) && SATP_MODE(hart->satp))
		return *recently(hart);
	return (struct access){
		.va = random_va(hart),
		.kind = choose(3),
		.state = choose(8),
	};
}

/* The entry of the tables as they are where a walk ends. */
static bool find_entry(uint64_t satp, uint64_t va, unsigned int end, unsigned int *table,
		       unsigned int *slot, unsigned int *level)
{
	uint64_t at = SATP_ROOT(satp), pte;

	for (*level = world_levels(satp) - 1;; --*level) {
		*table = (at - tables_base) / PAGE;
		*slot = index_slot[index_at(va, *level)];
		if (*table >= TABLES || *slot == NO_SLOT)
			return false;
		pte = *entry_of(*table, *slot);
		if (*level <= end || !(pte & PTE_V) || pte & (PTE_R | PTE_W | PTE_X))
			return true;
		at = PTE_PPN(pte) << 12;
	}
}

/* A kernel's page-fault handler: makes what is missing, without a fence. */
static void repair(struct hart *hart, const struct access *access)
{
	unsigned int table, slot, level;
	uint64_t pte;

	if (!find_entry(hart->satp, access->va, 0, &table, &slot, &level))
		return;
	if (level > 0 && !one_in(level == 1 ? 4 : 16)) {
		write_entry(table, slot, world_link(level));
		return;
	}
	pte = world_leaf(level < 2 ? level : 2) & ((1ul << 54) - 1);
	pte |= PTE_V | PTE_R | PTE_AD;
	pte |= access->kind == FETCH ? PTE_X : access->kind == STORE ? PTE_W : 0;
	pte = access->state & STATE_USER ? pte | PTE_U : pte & ~PTE_U;
	write_entry(table, slot, pte);
}

/* What is chosen next depends on the tables, not on what the hart did: each seed is one run. */
static void check(struct hart *hart, struct access access)
{
	uint64_t end = model_walk(hart->satp, &access);

	access_check(hart, &access);
	if (!SATP_MODE(hart->satp))
		return;
	if (end < ENDED_NOWHERE)
		*recently(hart) = access;
	else if (one_in(2))
		repair(hart, &access);
}

static void some_accesses(struct hart *hart)
{
	for (unsigned int n = 1 + choose(4); n; n--)
		check(hart, random_access(hart));
}

/* One page after another, as programs do. */
static void neighbours(struct hart *hart)
{
	struct access access = random_access(hart);
	static const uint64_t first[] = { 0, 8, 255, 510 };
	unsigned int pages = 2;

	if (!SATP_MODE(hart->satp))
		return;
	access.va = (access.va & -MEGA) | first[choose(4)] * PAGE;
	for (; pages; pages--, access.va += PAGE)
		check(hart, access);
}

/* ---- entries ---- */

/* By preference on the way to an address that was in use. */
static void random_entry(struct hart *hart, unsigned int *table, unsigned int *slot)
{
	unsigned int level;

	if (!one_in(5) && SATP_MODE(hart->satp) &&
	    find_entry(hart->satp, random_va(hart), one_in(4) ? choose(MAX_LEVELS) : 0, table, slot,
		       &level))
		return;
	*table = choose(TABLES);
	*slot = choose(table_slots);
}

static uint64_t change_of(unsigned int table, unsigned int slot)
{
	return one_in(2) ? world_pte(table) : *entry_of(table, slot) ^ 1ul << choose(10);
}

static void change_entry(struct hart *hart)
{
	unsigned int table, slot;

	random_entry(hart, &table, &slot);
	write_entry(table, slot, change_of(table, slot));
}

/* ---- fences ---- */

static uint64_t random_asid(const struct hart *hart)
{
	if (one_in(2))
		return SATP_ASID(hart->satp);
	return one_in(16) ? 0xffff & asid_mask : world_asid(choose(ROOTS));
}

struct fence random_fence(struct hart *hart)
{
	struct fence fence = {
		.asid = random_asid(hart),
		.any_asid = one_in(2),
		.any_va = one_in(6),
		.first = random_va(hart) & -PAGE,
	};

	if (fence.any_va && fence.any_asid && !one_in(4))
		fence.any_asid = false;
	if (fence.any_va)
		fence.first = 0;
	fence.last = fence.first;
	return fence;
}

static void local_fence(struct hart *hart)
{
	make_fence(hart, random_fence(hart));
}

#define SFENCE_VMA      1
#define SFENCE_VMA_ASID 2
#define EVERYTHING      (~0ul)

static uint64_t random_mask(const struct hart *from, uint64_t *mask)
{
	(void)from;
	*mask = one_in(2) && hart_count > 1 ? 3 : 1ul << any_hart()->id;
	if (*mask == 3 && one_in(2))
		return ~0ul;
	return 0;
}

/* SBI, "RFENCE Extension": size and start 0 mean everything; a range is of whole pages here. */
static void remote_fence_of(struct hart *from, struct fence fence, uint64_t pages)
{
	uint64_t mask, base = random_mask(from, &mask), size = fence.any_va ? 0 : pages * PAGE;
	struct sbi answer;

	if (fence.any_va && one_in(2))
		size = EVERYTHING;
	if (!fence.any_va)
		fence.last = fence.first + size - PAGE;
	answer = sbi_on(from, SBI_RFENCE, fence.any_asid ? SFENCE_VMA : SFENCE_VMA_ASID, mask, base,
			fence.first, size, fence.asid);
	if (answer.error != SBI_OK)
		broken(from, "a remote fence", answer.error, SBI_OK, NULL);
	for (unsigned int i = 0; i < hart_count; i++)
		if ((base == ~0ul || mask >> harts[i].id & 1) && !model_fence(&harts[i], fence))
			fence_everything();
}

static uint64_t random_length(void)
{
	return one_in(6) ? 1 + choose(1200) : 1 + choose(4);
}

/* A range must not wrap around. */
static struct fence random_range(struct hart *hart, uint64_t pages)
{
	struct fence fence = random_fence(hart);

	if (!fence.any_va && fence.first + pages * PAGE < fence.first)
		fence.first = -pages * PAGE;
	fence.last = fence.first;
	return fence;
}

static void remote_fence(struct hart *hart)
{
	uint64_t pages = random_length();

	remote_fence_of(hart, random_range(hart, pages), pages);
}

/* ---- address spaces ---- */

static void random_satp(struct hart *hart)
{
	unsigned int root = one_in(3) ? choose(ROOTS) : choose(4) * 5; /* 0, 5, 10, 15 */
	uint64_t asid = one_in(8) ? random_asid(hart) : world_asid(root);

	if (one_in(24))
		change_satp(hart, 0);
	else if (one_in(24))
		change_satp(hart, (world_satp(root, asid) & ~(15ul << 60)) | (1ul + choose(7))
										     << 60);
	else
		change_satp(hart, world_satp(root, asid));
	if (one_in(8))
		make_fence(hart, (struct fence){ .any_va = true, .asid = SATP_ASID(hart->satp) });
}

/* In one of all ways; of a range only by the ring, which takes it whole. */
static void fence_somehow(struct hart *hart, struct fence fence)
{
	if (one_in(2))
		ring_fence(hart, fence);
	else if (one_in(3))
		remote_fence_of(hart, fence, 1);
	else
		make_fence(hart, fence);
}

/* Of what was changed at va under satp. */
static struct fence fence_for(struct hart *hart, uint64_t satp, uint64_t va)
{
	struct fence fence = random_fence(hart);

	if (!one_in(8))
		fence.asid = SATP_ASID(satp);
	if (!fence.any_va)
		fence.first = fence.last = va & -PAGE;
	return fence;
}

static bool change_at(uint64_t satp, uint64_t va)
{
	unsigned int table, slot, level;

	if (!find_entry(satp, va, one_in(8) ? 1 : 0, &table, &slot, &level))
		return false;
	write_entry(table, slot,
		    one_in(2) ? world_leaf(level < 2 ? level : 2) : change_of(table, slot));
	return true;
}

/* A kernel's way: an entry in use is changed, fenced, and used again. */
static void change_and_fence(struct hart *hart)
{
	struct access access = random_access(hart);

	if (!SATP_MODE(hart->satp))
		return;
	check(hart, access);
	for (unsigned int n = 1 + choose(3); n && change_at(hart->satp, access.va); n--) {
		fence_somehow(hart, fence_for(hart, hart->satp, access.va));
		check(hart, access);
	}
}

/* Another root of the same mode. */
static void switch_beside(struct hart *hart)
{
	unsigned int root = root_of(hart->satp), bits = 1 + choose(root < 16 ? 7 : 3);

	change_satp(hart, world_satp(root ^ bits,
				     one_in(2) ? random_asid(hart) : world_asid(root ^ bits)));
}

/*
 * The same in an address space that does not run meanwhile; one that does may use the address as
 * well.
 */
static void change_elsewhere(struct hart *hart)
{
	uint64_t there = hart->satp;
	struct access access = random_access(hart);

	if (!SATP_MODE(there))
		return;
	check(hart, access);
	if (one_in(3)) {
		random_satp(hart);
	} else {
		switch_beside(hart);
		for (unsigned int n = choose(3); n; n--)
			check(hart, access);
	}
	if (!change_at(there, access.va))
		return;
	fence_somehow(hart, fence_for(hart, there, access.va));
	change_satp(hart, there);
	check(hart, access);
}

/* CSRRS and CSRRC of low bits of the PPN or of the ASID: another root beside it. */
static uint64_t set_satp(struct hart *hart, uint64_t bits, uint64_t form, uint64_t unused)
{
	uint64_t old = 0;

	(void)hart, (void)unused;
	switch (form) {
	case 0: __asm__ volatile("csrrs %0, satp, %1" : "=r"(old) : "r"(bits) : "memory"); break;
	case 1: __asm__ volatile("csrrc %0, satp, %1" : "=r"(old) : "r"(bits) : "memory"); break;
	case 2: __asm__ volatile("csrrsi %0, satp, 1" : "=r"(old)::"memory"); break;
	case 3: __asm__ volatile("csrrci %0, satp, 3" : "=r"(old)::"memory"); break;
	}
	return old;
}

static uint64_t read_satp(struct hart *hart, uint64_t unused1, uint64_t unused2, uint64_t unused3)
{
	(void)hart, (void)unused1, (void)unused2, (void)unused3;
	return csr_read(satp);
}

static void flip_satp(struct hart *hart)
{
	uint64_t form = choose(4), old = hart->satp, value, got;
	uint64_t bits = form == 2 ? 1 : form == 3 ? 3 : one_in(2) ? 1 + choose(3) : 3ul << 44;

	if (!SATP_MODE(old))
		return;
	value = satp_after(old, form == 0 || form == 2 ? old | bits : old & ~bits);
	got = on(hart, set_satp, bits, form, 0);
	if (got != old)
		broken(hart, "satp before CSRRS or CSRRC", got, old, NULL);
	note_satp(hart, on(hart, read_satp, 0, 0, 0), value);
}

/* ---- much at once ---- */

#define UNUSED_INDEX 3 /* of pages */

/* More fences than any log of them holds, of pages that are none: the model need not know. */
static void flood(struct hart *hart)
{
	uint64_t va = (random_va(hart) & -MEGA) | UNUSED_INDEX * PAGE;

	for (unsigned int n = 60 + choose(20); n; n--)
		on(hart, sfence, va, random_asid(hart), one_in(2));
	change_and_fence(hart);
}

/* Entries in use are changed and not fenced: whoever flushes everything then shows it by these. */
void flush_all_by(struct hart *hart, void (*flush)(struct hart *hart))
{
	struct access access[RECENT];

	for (unsigned int n = 0; n < RECENT; n++) {
		access[n] = *recently(hart);
		check(hart, access[n]);
		change_at(hart->satp, access[n].va);
	}
	flush(hart);
	model_forget(hart);
	for (unsigned int n = 0; n < RECENT; n++)
		check(hart, access[n]);
}

/* ---- two harts at once ---- */

/* Neither satp of the other hart changes nor does it forget everything. */
static void meanwhile(void)
{
	for (unsigned int n = choose(5); n; n--) {
		struct fence fence = random_fence(&harts[1]);

		if (one_in(2)) {
			change_entry(&harts[1]);
		} else if (!fence.any_va || !fence.any_asid) {
			remote_fence_of(&harts[0], fence, 1);
		}
	}
}

static void race(struct hart *hart)
{
	struct access accesses[8];
	unsigned int count = 2 + choose(7);

	(void)hart;
	if (hart_count < 2)
		return;
	for (unsigned int n = 0; n < count; n++) {
		accesses[n] = random_access(&harts[1]);
		/*
		 * The device has one register, which is known only if one access at a time is made.
		 */
		if ((model_walk(harts[1].satp, &accesses[n]) & -PAGE) == DEVICE_PAGE)
			accesses[n].kind = FETCH;
	}
	if (harts[0].fences + 8 > EVENTS || harts[1].fences + 8 > EVENTS)
		fence_everything();
	racing = true;
	access_race(accesses, count, meanwhile);
	racing = false;
}

/* ---- all of it ---- */

static const struct {
	unsigned int weight;
	void (*make)(struct hart *hart);
} kinds[] = {
	{ 24, some_accesses },
	{ 6, neighbours },
	{ 16, change_entry },
	{ 8, local_fence },
	{ 3, remote_fence },
	{ 8, change_and_fence },
	{ 5, change_elsewhere },
	{ 7, random_satp },
	{ 1, flip_satp },
	{ 10, ring_step },
	{ 2, noise_step },
	{ 2, illegal_check },
	{ 4, race },
};

void step(void)
{
	unsigned int total = 0, n;

	if (one_in(400))
		flood(any_hart());

	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		total += kinds[i].weight;
	n = choose(total);
	for (unsigned int i = 0;; i++) {
		if (n < kinds[i].weight) {
			kinds[i].make(any_hart());
			return;
		}
		n -= kinds[i].weight;
	}
}

void steps_begin(void)
{
	fence_everything();
	for (unsigned int i = 0; i < hart_count; i++)
		change_satp(&harts[i], world_satp(choose(ROOTS), 0));
	for (unsigned int i = 0; i < ROOTS * RECENT; i++)
		recent[i / RECENT][i % RECENT] = (struct access){
			world_va(world_satp(i / RECENT, 0)),
			choose(3),
			choose(8),
		};
}
