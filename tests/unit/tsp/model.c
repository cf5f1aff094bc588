/* SPDX-License-Identifier: BSD-2-Clause */
/* model.c - guests that do whatever guests may do, and what must hold all the while. */
#include <string.h>

#include "model.h"
#include "ssp/walk.h"

/*
 * Every table has a window at an index that the oracle's small address space
 * lacks: 1 GiB of RAM, through links in the levels above.
 */
#define WINDOW   100
#define WINDOW_2 28 /* a table of level 2, and of level 3, for the window */
#define WINDOW_3 36

#define ROOM (ORACLE_VERSIONS - 4) /* an access may set A, then D, each at the second attempt */

static struct machine_vcpu *vcpu_of(struct model *model, unsigned int v)
{
	return &model->m.vcpu[v];
}

static void put_windows(void)
{
	for (unsigned int table = 0; table < GUEST_TABLES; table++) {
		if (table < WINDOW_3)
			memory.guest[table][WINDOW] =
				pte_make(RAM_GPA, PTE_V | PTE_RWX | PTE_A | PTE_D);
		else
			memory.guest[table][WINDOW] =
				pte_make(guest_table(table < 42 ? WINDOW_2 : WINDOW_3), PTE_V);
	}
}

/* Where a GPA of the first GiB is seen; not every root has the window. */
static uint64_t window_va(const struct machine_vcpu *vcpu, uint64_t gpa)
{
	int levels = satp_modes[satp_mode(vcpu->gsatp)].levels;
	uint64_t va = gpa - RAM_GPA;

	if (!levels)
		return gpa;
	for (int level = 2; level < levels; level++)
		va |= (uint64_t)WINDOW << (PAGE_SHIFT + 9 * level);
	return va;
}

/* Does it lead there from this root? */
static bool window_works(struct model *model, const struct machine_vcpu *vcpu, uint64_t gpa)
{
	struct ssp_guest_walk walk;

	ssp_guest_walk(&model->m.guest, vcpu->gsatp, window_va(vcpu, gpa), SSP_STORE, 0, &walk);
	return walk.verdict == SSP_ALLOWED && walk.gpa == gpa;
}

/* -- oracles -- */

static void flush_everything(struct model *model)
{
	for (unsigned int v = 0; v < model->m.vcpus; v++) {
		oracle_fence_all(&model->oracle[v]);
		machine_fence(&model->m, v, NULL, NULL);
	}
}

/* Index of a table's entry among those that the oracle knows, or ORACLE_INDICES. */
static unsigned int oracle_index(unsigned int index)
{
	unsigned int i = 0;

	while (i < ORACLE_INDICES && oracle_indices[i] != index)
		i++;
	return i;
}

static bool room(const struct model *model, unsigned int table, unsigned int index)
{
	for (unsigned int v = 0; v < model->m.vcpus; v++)
		if (model->oracle[v].entry[table][index].count == ORACLE_VERSIONS)
			return false;
	return true;
}

/* A gPTE has changed; it is in memory already. */
static void note_write(struct model *model, unsigned int table, unsigned int index)
{
	for (unsigned int v = 0; v < model->m.vcpus; v++)
		oracle_write(&model->oracle[v], table, index,
			     memory.guest[table][oracle_indices[index]]);
}

/* -- A and D that are set for the guest -- */

static struct model *marking; /* the one whose machine runs */

/* Do the tables let the access that faults set these bits, here and now? */
static bool may_mark(const struct model *model, uint64_t old, uint64_t new)
{
	const struct machine *m = &model->m;
	const struct oracle *oracle = &model->oracle[m->accessing];
	struct access access = { m->first, m->access, m->state };

	if (new != (old | PTE_A | (m->access == SSP_STORE ? PTE_D : 0)))
		return false;
	if (oracle_walk(oracle, &access).kind == UNMARKED)
		return true;
	access.va = m->last & ~(PAGE_SIZE - 1);
	return oracle_walk(oracle, &access).kind == UNMARKED;
}

/* Another vCPU may be faster, where its stores go unseen. */
static bool mark(uint64_t *entry, uint64_t old, uint64_t new)
{
	struct model *model = marking;
	struct choices *choices = &model->m.choices;
	unsigned int at = entry - memory.guest[0], table = at / PTES_PER_TABLE;
	bool other = model->m.vcpus > 1 && one_in(choices, 8) &&
		     !machine_is_table(&model->m, guest_table(table) + memory.ram_delta);

	if (*entry != old || !may_mark(model, old, new))
		model->m.broken = "A or D is set for nothing";
	*entry = other ? old ^ PTE_W : new;
	note_write(model, table, oracle_index(at % PTES_PER_TABLE));
	model->contended += other;
	model->marked += !other;
	return !other;
}

/* In all histories, which are the same but for what was forgotten. */
static bool has_room(const struct oracle *oracle)
{
	for (unsigned int n = 0; n < GUEST_TABLES * ORACLE_INDICES; n++)
		if (oracle->entry[n / ORACLE_INDICES][n % ORACLE_INDICES].count > ROOM)
			return false;
	return true;
}

static void make_room(struct model *model)
{
	for (unsigned int v = 0; v < model->m.vcpus; v++)
		if (!has_room(&model->oracle[v]))
			flush_everything(model);
}

static void set_ad(struct model *model, unsigned int v, bool on)
{
	machine_set_ad(&model->m, v, on);
	model->oracle[v].sets_ad = on;
}

static void expect(struct model *model, unsigned int v, const struct access *access,
		   struct machine_access got)
{
	static const struct {
		enum outcome_kind kind;
		const char *otherwise;
	} kinds[] = {
		[DONE] = { MAPPED, "a stale or wrong translation is used" },
		[PAGE_FAULT_AT] = { PAGE_FAULT, "a page fault for nothing" },
		[ACCESS_FAULT_AT] = { ACCESS_FAULT, "an access fault for nothing" },
		[OUTSIDE_AT] = { OUTSIDE, "an access to a device that is none" },
	};
	struct outcome outcome = { 0 };

	model->checks++;
	if (model->m.broken)
		return;
	if (got.outcome > OUTSIDE_AT) {
		model->m.broken = "the same access faults again and again";
		return;
	}
	outcome.kind = kinds[got.outcome].kind;
	if (outcome.kind == MAPPED || outcome.kind == OUTSIDE)
		outcome.address = got.address;
	if (!oracle_allows(&model->oracle[v], access, outcome))
		model->m.broken = kinds[got.outcome].otherwise;
}

/* -- what a guest does -- */

static unsigned int root_table(const struct machine_vcpu *vcpu)
{
	return (((vcpu->gsatp & SATP_PPN_MASK) << PAGE_SHIFT) - RAM_GPA) / PAGE_SIZE % GUEST_TABLES;
}

/* Some access that succeeded under this top table before: others come back to it. */
static struct access *recently(struct model *model, unsigned int v)
{
	return &model->recent[root_table(vcpu_of(model, v))]
			     [choose(&model->m.choices, MODEL_RECENT)];
}

static uint64_t random_va(struct model *model, unsigned int v)
{
	struct choices *choices = &model->m.choices;
	const struct satp_mode_info *mode = &satp_modes[satp_mode(vcpu_of(model, v)->gsatp)];
	uint64_t va = choose(choices, 512) * 8;

	if (choose(choices, 4)) {
		uint64_t recent = recently(model, v)->va;

		return choose(choices, 4) ? recent :
					    recent ^ 1ull << (PAGE_SHIFT + 9 * choose(choices, 3));
	}
	if (!mode->levels)
		return guest_frames[choose(choices, GUEST_FRAMES)] + va;
	for (int level = 0; level < mode->levels; level++)
		va |= (uint64_t)oracle_indices[choose(choices, ORACLE_INDICES)]
		      << (PAGE_SHIFT + 9 * level);
	return (uint64_t)((int64_t)(va << (64 - mode->va_bits)) >> (64 - mode->va_bits));
}

static void count_mapped(struct model *model, unsigned int state)
{
	model->mapped++;
	model->in_u += !!(state & SSP_USER);
	model->with_sum += !!(state & SSP_SUM);
	model->with_mxr += !!(state & SSP_MXR);
}

static struct access random_access(struct model *model, unsigned int v)
{
	static const uint8_t kinds[] = { SSP_FETCH, SSP_LOAD, SSP_STORE };
	struct choices *choices = &model->m.choices;

	if (choose(choices, 3))
		return *recently(model, v);
	return (struct access){
		.va = random_va(model, v),
		.kind = kinds[choose(choices, 3)],
		.state = random_state(choices),
	};
}

/* An entry on the way to an address that was in use, or any. */
static void choose_entry(struct model *model, unsigned int *table, unsigned int *index)
{
	struct choices *choices = &model->m.choices;
	unsigned int v = choose(choices, model->m.vcpus);
	int levels = satp_modes[satp_mode(vcpu_of(model, v)->gsatp)].levels;
	uint64_t at = (vcpu_of(model, v)->gsatp & SATP_PPN_MASK) << PAGE_SHIFT;
	uint64_t va = random_va(model, v);

	*table = choose(choices, GUEST_TABLES);
	*index = choose(choices, ORACLE_INDICES);
	for (int level = levels - 1; level >= 0 && choose(choices, levels + 2); level--) {
		unsigned int i = oracle_index(pte_index(va, level));

		if (i == ORACLE_INDICES || at - RAM_GPA >= sizeof(memory.guest))
			return;
		*table = (at - RAM_GPA) >> PAGE_SHIFT;
		*index = i;
		at = pte_address(memory.guest[*table][oracle_indices[i]]);
	}
}

/* Entries whose bytes a store at this place would change; false: the oracle cannot follow. */
static bool can_note(const struct model *model, uint64_t gpa, unsigned int size)
{
	for (uint64_t at = gpa & ~7ull; at < gpa + size; at += 8) {
		unsigned int table = (at - RAM_GPA) >> PAGE_SHIFT;
		unsigned int index = oracle_index(at / 8 % PTES_PER_TABLE);

		if (table >= GUEST_TABLES || index == ORACLE_INDICES || !room(model, table, index))
			return false;
	}
	return true;
}

static void note_bytes(struct model *model, uint64_t gpa, unsigned int size)
{
	for (uint64_t at = gpa & ~7ull; at < gpa + size; at += 8)
		note_write(model, (at - RAM_GPA) >> PAGE_SHIFT,
			   oracle_index(at / 8 % PTES_PER_TABLE));
}

static enum machine_store random_kind(struct choices *choices)
{
	return choose(choices, 3) ? SD : choose(choices, STORES);
}

/* What the bytes from gpa on are, as many as a store has. */
static uint64_t bytes_at(uint64_t gpa, unsigned int size)
{
	uint64_t value = 0;

	memcpy(&value, (uint8_t *)memory.guest + (gpa - RAM_GPA), size);
	return value;
}

/*
 * A store of a value that the guest's tables might have, of any kind, at a
 * gPTE or, rarely, beside one.  Where the window is missing there is none.
 */
static void store_entry(struct model *model, unsigned int v, unsigned int table, unsigned int index,
			enum machine_store kind, uint64_t value)
{
	struct choices *choices = &model->m.choices;
	unsigned int size = machine_store_size(kind);
	uint64_t gpa = guest_table(table) + 8 * oracle_indices[index], va, old;
	struct machine_access got;

	if (kind != SD && kind < AMOSWAP && one_in(choices, 2))
		gpa += choose(choices, 8);
	else if (size < 8)
		gpa += size * choose(choices, 8 / size);
	else if (one_in(choices, 32) && kind <= C_SD)
		gpa -= 4;
	if (gpa < RAM_GPA || gpa + size > RAM_GPA + sizeof(memory.guest) ||
	    !window_works(model, vcpu_of(model, v), gpa))
		return;
	if (!can_note(model, gpa, size)) {
		flush_everything(model);
		if (!can_note(model, gpa, size))
			return;
	}
	va = window_va(vcpu_of(model, v), gpa);
	old = bytes_at(gpa, size);
	got = machine_store(&model->m, v, va, kind, value, 0);
	if (got.outcome == DONE) {
		uint64_t want =
			kind == SC && got.loaded ? old : machine_store_result(kind, old, value);

		model->stored++;
		note_bytes(model, gpa, size);
		if (size < 8)
			want &= (1ull << 8 * size) - 1;
		if (bytes_at(gpa, size) != want)
			model->m.broken = "a store left something else";
	} else if (bytes_at(gpa, size) != old) {
		model->m.broken = "a store that faulted was made";
	}
}

/* A guest kernel's page-fault handler: make what is missing, without a fence. */
static void repair(struct model *model, unsigned int v, const struct access *access)
{
	struct choices *choices = &model->m.choices;
	int level = satp_modes[satp_mode(vcpu_of(model, v)->gsatp)].levels - 1;
	uint64_t at = (vcpu_of(model, v)->gsatp & SATP_PPN_MASK) << PAGE_SHIFT, value;
	unsigned int table, index;

	for (;; level--, at = pte_address(value)) {
		index = level < 0 ? ORACLE_INDICES : oracle_index(pte_index(access->va, level));
		if (index == ORACLE_INDICES || at - RAM_GPA >= sizeof(memory.guest))
			return;
		table = (at - RAM_GPA) >> PAGE_SHIFT;
		value = memory.guest[table][oracle_indices[index]];
		if (!(value & PTE_V) || (value & PTE_RWX) || level == 0)
			break;
	}
	value = guest_random_leaf(choices, level) | PTE_V | PTE_R | PTE_A | PTE_D |
		(access->kind == SSP_FETCH ? PTE_X :
		 access->kind == SSP_STORE ? PTE_W :
					     0);
	value = access->state & SSP_USER ? value | PTE_U : value & ~PTE_U;
	if (model->oracle[v].sets_ad && choose(choices, 4))
		value &= ~(PTE_A | PTE_D);
	if (level > 0 && choose(choices, 4))
		value = guest_random_link(choices, level);
	store_entry(model, v, table, index, SD, value);
}

static void step_access(struct model *model, unsigned int v)
{
	struct access access = random_access(model, v);
	struct machine_access got;

	make_room(model);
	got = machine_load(&model->m, v, access.va, access.kind, access.state);
	if (got.outcome == TO_TABLE)
		return; /* no hart has translated it */
	expect(model, v, &access, got);
	if (got.outcome == PAGE_FAULT_AT && choose(&model->m.choices, 2))
		repair(model, v, &access);
	if (got.outcome != DONE)
		return;
	*recently(model, v) = access;
	count_mapped(model, access.state);
}

static void step_store(struct model *model, unsigned int v)
{
	struct choices *choices = &model->m.choices;
	unsigned int table, index;
	uint64_t value;

	choose_entry(model, &table, &index);
	value = memory.guest[table][oracle_indices[index]] ^ 1ull << choose(choices, 8);
	if (one_in(choices, 4)) /* as a kernel that looks which pages are used */
		value &= choose(choices, 2) ? ~PTE_A : ~PTE_D;
	else if (choose(choices, 2))
		value = guest_random_pte(choices, table);
	store_entry(model, v, table, index, random_kind(choices), value);
}

/* Mostly one of a few, sometimes one of many. */
static void step_satp(struct model *model, unsigned int v)
{
	struct choices *choices = &model->m.choices;
	unsigned int mode = one_in(choices, 8) ? SATP_SV39 + choose(choices, 3) : model->mode;
	struct choices few = { .state = choose(choices, model->shape) };
	unsigned int table =
		guest_table_of_level(one_in(choices, 8) ? choices : &few, mode - SATP_SV39 + 2);
	uint64_t satp = (uint64_t)mode << SATP_MODE_SHIFT |
			(uint64_t)choose(choices, 4) << SATP_ASID_SHIFT |
			(one_in(choices, 64) ? 0x10000000 : guest_table(table)) >> PAGE_SHIFT;

	machine_satp(&model->m, v, one_in(choices, 12) ? 0 : satp);
	if (oracle_satp(&model->oracle[v], vcpu_of(model, v)->gsatp))
		return;
	flush_everything(model);
	oracle_satp(&model->oracle[v], vcpu_of(model, v)->gsatp);
}

static void step_fence(struct model *model, unsigned int v)
{
	struct choices *choices = &model->m.choices;
	uint64_t va = random_va(model, v);
	uint16_t asid =
		choose(choices, 2) ? satp_asid(vcpu_of(model, v)->gsatp) : choose(choices, 4);
	const uint64_t *by_va = choose(choices, 4) ? &va : NULL;
	const uint16_t *by_asid = choose(choices, 2) ? &asid : NULL;

	if ((!by_va && !by_asid) || !oracle_fence(&model->oracle[v], by_va, by_asid)) {
		oracle_fence_all(&model->oracle[v]);
		by_va = NULL;
		by_asid = NULL;
	}
	machine_fence(&model->m, v, by_va, by_asid);
}

/* The hart may walk to anywhere at any time. */
static void speculate(struct model *model)
{
	for (unsigned int n = choose(&model->m.choices, 4); n; n--) {
		unsigned int v = choose(&model->m.choices, model->m.vcpus);
		struct access access = random_access(model, v);
		uint64_t hpa;

		if (one_in(&model->m.choices, 4))
			access.va = window_va(vcpu_of(model, v),
					      guest_table(choose(&model->m.choices, GUEST_TABLES)));
		hart_access(&vcpu_of(model, v)->hart, access.va, access.kind, access.state, &hpa);
	}
}

/* -- all of it -- */

static void add_slots(struct model *model)
{
	static const struct ssp_slot slots[SLOTS] = {
		[1] = { 0x200000000, 0x501000, 0x5000003000, PTE_RWX },
		[2] = { 0x210000000, 0x400000, 0x5100000000, PTE_R | PTE_X },
	};

	for (unsigned int n = 1; n < SLOTS; n++)
		machine_slot(&model->m, n, slots[n]);
	for (unsigned int v = 0; v < model->m.vcpus; v++) {
		oracle_reset(&model->oracle[v], 0);
		memcpy(model->oracle[v].slot, model->m.guest.slots, sizeof(model->oracle[v].slot));
		model->oracle[v].slot_count = SLOTS;
	}
}

void model_init(struct model *model)
{
	struct choices *choices = &model->m.choices, kept = *choices;
	uint64_t delta = guest_ram_deltas[choose(&kept, 4)];
	uint32_t tables =
		TSP_MIN_TABLES + choose(&kept, 2) * choose(&kept, POOL_TSP - TSP_MIN_TABLES);
	unsigned int vcpus = 1 + choose(&kept, VCPUS);
	bool fence_after_fill = choose(&kept, 2), lets_go = choose(&kept, 4);

	memset(model, 0, sizeof(*model));
	*choices = kept;
	model->m.lets_go = lets_go;
	model->mode = SATP_SV39 + choose(choices, 3);
	model->shape = 1 + choose(choices, 4);
	machine_init(&model->m, delta, tables, vcpus, fence_after_fill);
	add_slots(model);
	marking = model;
	memory.swap = mark;
	for (unsigned int v = 0; v < vcpus; v++)
		set_ad(model, v, choose(choices, 2));
	put_windows();
	for (unsigned int table = 0; table < GUEST_TABLES; table++) {
		for (unsigned int i = 0; i < ORACLE_INDICES; i++) {
			memory.guest[table][oracle_indices[i]] = guest_random_pte(choices, table);
			note_write(model, table, i);
		}
	}
	flush_everything(model);
}

void model_step(struct model *model)
{
	struct choices *choices = &model->m.choices;
	unsigned int v = choose(choices, model->m.vcpus), kind = choose(choices, 64);

	if (kind < 32)
		for (unsigned int n = 1 + choose(choices, 6); n && !model->m.broken; n--)
			step_access(model, v);
	else if (kind < 48)
		step_store(model, v);
	else if (kind < 55)
		step_fence(model, v);
	else if (kind < 63)
		step_satp(model, v);
	else if (one_in(choices, 16))
		machine_reset(&model->m);
	else if (one_in(choices, 4))
		set_ad(model, v, choose(choices, 2));
	speculate(model);
	if (one_in(choices, 16))
		machine_check(&model->m);
}
