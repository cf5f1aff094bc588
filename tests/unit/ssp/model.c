/* SPDX-License-Identifier: BSD-2-Clause */
/* model.c - a guest that does whatever a guest may do, and what must hold all the while. */
#include <string.h>

#include "model.h"
#include "device.h"
#include "ring.h"

#define ALL_MODES (1u << SATP_SV39 | 1u << SATP_SV48 | 1u << SATP_SV57)
#define MAX_CALLS 3 /* of the engine, until an access that may proceed does */

/* Mostly one of a few, sometimes one of many. */
static uint64_t random_satp(struct model *model)
{
	struct choices *choices = &model->choices;
	unsigned int mode = one_in(choices, 8) ? SATP_SV39 + choose(choices, 3) : model->mode;
	unsigned int table = guest_table_of_level(choices, mode - SATP_SV39 + 2);
	uint64_t asid = choose(choices, 4), hpa;

	if (!one_in(choices, 8))
		table = guest_table_of_level(
			&(struct choices){ .state = choose(choices, model->shape) },
			mode - SATP_SV39 + 2);
	if (one_in(choices, 16))
		return 0;
	if (one_in(choices, 32))
		mode = choose(choices, 16);
	hpa = one_in(choices, 64) ? 0x10000000 : guest_table(table);
	if (one_in(choices, 16))
		asid = choose(choices, 65536);
	return (uint64_t)mode << SATP_MODE_SHIFT | asid << SATP_ASID_SHIFT | hpa >> PAGE_SHIFT;
}

/* Some access that succeeded under this top table before: others come back to it. */
static struct access *recently(struct model *model)
{
	uint64_t table = ((model->caller.satp << 20 >> 8) - RAM_GPA) >> PAGE_SHIFT;

	return &model->recent[table % GUEST_TABLES][choose(&model->choices, MODEL_RECENT)];
}

/* An address of the small space that the guest lives in. */
static uint64_t random_va(struct model *model)
{
	struct choices *choices = &model->choices;
	const struct satp_mode_info *mode = &satp_modes[satp_mode(model->caller.satp)];
	uint64_t va = choose(choices, 512) * 8, recent;

	if (choose(choices, 4)) {
		recent = recently(model)->va;
		if (choose(choices, 4))
			return recent;
		return recent ^ 1ull << (PAGE_SHIFT + 9 * choose(choices, 3));
	}
	if (!mode->levels)
		return guest_frames[choose(choices, GUEST_FRAMES)] + va;
	for (int level = 0; level < mode->levels; level++)
		va |= (uint64_t)oracle_indices[choose(choices, ORACLE_INDICES)]
		      << (PAGE_SHIFT + 9 * level);
	if (one_in(choices, 64))
		return va ^ 1ull << 63;
	return (uint64_t)((int64_t)(va << (64 - mode->va_bits)) >> (64 - mode->va_bits));
}

static void count_mapped(struct model *model, unsigned int state)
{
	model->mapped++;
	model->in_u += !!(state & SSP_USER);
	model->with_sum += !!(state & SSP_SUM);
	model->with_mxr += !!(state & SSP_MXR);
}

static struct access random_access(struct model *model)
{
	static const uint8_t kinds[] = { SSP_FETCH, SSP_LOAD, SSP_STORE };

	if (choose(&model->choices, 3))
		return *recently(model);
	return (struct access){
		.va = random_va(model),
		.kind = kinds[choose(&model->choices, sizeof(kinds))],
		.state = random_state(&model->choices),
	};
}

static void flush_everything(struct model *model)
{
	oracle_fence_all(&model->oracle);
	caller_fence(&model->caller, NULL, NULL);
}

/* Entry numbers of the guest's table at `gpa` and of the entry for va; false: it has none. */
static bool find_entry(uint64_t gpa, uint64_t va, int level, unsigned int *table,
		       unsigned int *index)
{
	unsigned int i = 0;

	while (i < ORACLE_INDICES && oracle_indices[i] != pte_index(va, level))
		i++;
	if (i == ORACLE_INDICES || gpa - RAM_GPA >= sizeof(memory.guest))
		return false;
	*table = (gpa - RAM_GPA) >> PAGE_SHIFT;
	*index = i;
	return true;
}

static uint64_t entry_value(unsigned int table, unsigned int index)
{
	return memory.guest[table][oracle_indices[index]];
}

/* Some entry of a guest table, by preference on the way to an address that was in use. */
static void choose_entry(struct model *model, unsigned int *table, unsigned int *index)
{
	struct choices *choices = &model->choices;
	int levels = satp_modes[satp_mode(model->caller.satp)].levels;
	uint64_t va = random_va(model), at = model->caller.satp << 20 >> 8;

	*table = choose(choices, GUEST_TABLES);
	*index = choose(choices, ORACLE_INDICES);
	if (!levels || !choose(choices, 4))
		return;
	for (int level = levels - 1; level >= 0; level--) {
		if (!find_entry(at, va, level, table, index) || one_in(choices, levels + 2))
			return;
		at = pte_address(entry_value(*table, *index));
	}
}

static void write_entry(struct model *model, unsigned int table, unsigned int index, uint64_t value)
{
	if (oracle_write(&model->oracle, table, index, value))
		return;
	flush_everything(model);
	oracle_write(&model->oracle, table, index, value);
}

static void step_write(struct model *model)
{
	struct choices *choices = &model->choices;
	unsigned int table, index;
	uint64_t value;

	choose_entry(model, &table, &index);
	value = entry_value(table, index);
	if (one_in(choices, 4)) /* as a kernel that looks which pages are used */
		value &= choose(choices, 2) ? ~PTE_A : ~PTE_D;
	else if (choose(choices, 2))
		value = guest_random_pte(choices, table);
	else
		value ^= 1ull << choose(choices, 8);
	write_entry(model, table, index, value);
}

static struct model *marking; /* the one whose engine runs */

/* Does the architecture let this access set these bits, in an entry of some level? */
static bool may_mark(const struct model *model, uint64_t old, uint64_t new)
{
	const struct access *access = model->accessing;

	if (!access || new != (old | PTE_A | (access->kind == SSP_STORE ? PTE_D : 0)))
		return false;
	for (int level = 0; level < MAX_LEVELS; level++) {
		uint64_t gpa = pte_address(old) + (access->va & (level_size(level) - 1));

		if (oracle_allows(&model->oracle, access, (struct outcome){ UNMARKED, gpa }))
			return true;
	}
	return false;
}

/* Another hart of the guest may be faster. */
static bool mark(uint64_t *entry, uint64_t old, uint64_t new)
{
	struct model *model = marking;
	struct choices *choices = &model->choices;
	unsigned int at = entry - memory.guest[0], table = at / PTES_PER_TABLE, index = 0;
	bool other = one_in(choices, 8);

	while (oracle_indices[index] != at % PTES_PER_TABLE)
		index++;
	if (!may_mark(model, old, new))
		model->broken = "A or D is set for nothing";
	if (other)
		new = one_in(choices, 2) ? guest_random_pte(choices, table) : old ^ PTE_W;
	model->full = !oracle_write(&model->oracle, table, index, new);
	if (other || model->full) {
		model->contended++;
		return false;
	}
	model->marked++;
	return true;
}

/* A guest kernel's page-fault handler: make what is missing, without a fence. */
static void repair(struct model *model, const struct access *access)
{
	struct choices *choices = &model->choices;
	int level = satp_modes[satp_mode(model->caller.satp)].levels - 1;
	uint64_t at = model->caller.satp << 20 >> 8, value = 0;
	unsigned int table, index;

	for (;; level--, at = pte_address(value)) {
		if (level < 0 || !find_entry(at, access->va, level, &table, &index))
			return;
		value = entry_value(table, index);
		if (!(value & PTE_V) || (value & PTE_RWX) || level == 0)
			break;
	}
	if (level > 0 && choose(choices, 4)) {
		write_entry(model, table, index, guest_random_link(choices, level));
		return;
	}
	value = guest_random_leaf(choices, level) | PTE_V | PTE_R | PTE_A | PTE_D |
		(access->kind == SSP_FETCH ? PTE_X :
		 access->kind == SSP_STORE ? PTE_W :
					     0);
	value = access->state & SSP_USER ? value | PTE_U : value & ~PTE_U;
	write_entry(model, table, index, value);
}

static void step_satp(struct model *model)
{
	uint64_t satp = random_satp(model);

	caller_satp(&model->caller, satp);
	if (!oracle_satp(&model->oracle, model->caller.satp)) {
		flush_everything(model);
		oracle_satp(&model->oracle, model->caller.satp);
	}
}

/* Some pages, which do not wrap around. */
static void step_fence_pages(struct model *model)
{
	struct choices *choices = &model->choices;
	uint64_t va = random_va(model) & ~(PAGE_SIZE - 1),
		 pages = 1 + choose(choices, SSP_LOG_SIZE);
	uint64_t asid = choose(choices, 2) ? satp_asid(model->caller.satp) : choose(choices, 4);
	uint16_t legal_asid = asid;
	bool by_asid = choose(choices, 2);

	if (va + pages * PAGE_SIZE - 1 < va)
		return;
	if (oracle_fence_pages(&model->oracle, va, pages, by_asid ? &legal_asid : NULL))
		caller_fence_pages(&model->caller, va, pages, by_asid ? &asid : NULL);
	else
		flush_everything(model);
}

static void step_fence(struct model *model)
{
	struct choices *choices = &model->choices;
	uint64_t va = random_va(model);
	uint64_t asid = choose(choices, 2) ? satp_asid(model->caller.satp) : choose(choices, 4);
	uint16_t legal_asid = asid;
	bool by_va = choose(choices, 8), by_asid = choose(choices, 2);

	if (one_in(choices, 8))
		asid |= 1ull << 40; /* bits above ASIDMAX are ignored */
	if (!by_va && !one_in(choices, 4))
		by_asid = true;
	if ((!by_va && !by_asid) ||
	    !oracle_fence(&model->oracle, by_va ? &va : NULL, by_asid ? &legal_asid : NULL)) {
		flush_everything(model);
		return;
	}
	caller_fence(&model->caller, by_va ? &va : NULL, by_asid ? &asid : NULL);
}

/* The invalidations that were pushed are effective from now on. */
static void pushed_is_effective(struct model *model)
{
	bool known = true;

	for (unsigned int n = 0; n < model->pending; n++) {
		uint16_t asid = model->pushed[n].asid;
		uint64_t va = model->pushed[n].va, pages = model->pushed[n].pages;
		const uint16_t *by_asid = model->pushed[n].op == HM_RING_OP_FLUSH ? &asid : NULL;

		if (!pages && !by_asid)
			oracle_fence_all(&model->oracle);
		else if (!pages)
			known &= oracle_fence(&model->oracle, NULL, by_asid);
		else
			known &= oracle_fence_pages(&model->oracle, va, pages, by_asid);
	}
	model->pending = 0;
	if (!known)
		flush_everything(model);
}

static void commit(struct model *model)
{
	caller_commit(&model->caller);
	pushed_is_effective(model);
}

static uint64_t random_pages(struct choices *choices)
{
	if (one_in(choices, 16))
		return 0;
	return one_in(choices, 16) ? choose(choices, 1200) : 1 + choose(choices, 3);
}

/* Without CACHED nothing has to be committed. */
static void push_flush(struct model *model)
{
	struct choices *choices = &model->choices;
	unsigned int op = one_in(choices, 4) ? HM_RING_OP_FLUSH_GLOBAL : HM_RING_OP_FLUSH;
	uint64_t va = random_va(model) & ~(PAGE_SIZE - 1), pages = random_pages(choices);
	uint64_t asid = choose(choices, 2) ? satp_asid(model->caller.satp) : choose(choices, 4);

	if (op == HM_RING_OP_FLUSH_GLOBAL)
		asid = 0;
	if (ring_is_full())
		commit(model);
	push(op, va, pages, asid);
	model->pushed[model->pending].op = op;
	model->pushed[model->pending].va = va;
	model->pushed[model->pending].pages = pages;
	model->pushed[model->pending++].asid = asid;
	if (!(ring_page()->flags & HM_RING_CACHED))
		pushed_is_effective(model);
}

static void push_hints(struct model *model)
{
	struct choices *choices = &model->choices;

	for (unsigned int n = 1 + choose(choices, 4); n; n--)
		if (!ring_is_full())
			push(HM_RING_OP_MAP, random_va(model), random_pages(choices),
			     one_in(choices, 8) ? choose(choices, 4) :
						  satp_asid(model->caller.satp));
}

/* What makes no sense is a flush of everything, whatever else there is. */
static void push_nonsense(struct model *model)
{
	struct choices *choices = &model->choices;
	uint64_t word = (uint64_t)choose(choices, 65536) << 48 | choose(choices, 65536);

	switch (choose(choices, 5)) {
	case 0: ring_page()->head += HM_RING_ENTRIES + 1 + choose(choices, 65536) * 32768; break;
	case 1: push_words(word << 16 | choose(choices, 0xfff0) << 4 | 0x10, 1); break;
	case 2:
		push_words(word << 16 | (choose(choices, 2) ? 0 : 4 + choose(choices, 12)), 1);
		break;
	case 3: push_words(HM_RING_OP_FLUSH, word | 1ull << 63); break;
	case 4: push_words(-PAGE_SIZE | HM_RING_OP_FLUSH, 2); break;
	}
	commit(model);
	oracle_fence_all(&model->oracle);
}

static void step_ring(struct model *model)
{
	struct choices *choices = &model->choices;

	switch (choose(choices, 8)) {
	case 0 ... 2: push_hints(model); break;
	case 3 ... 4: push_flush(model); break;
	case 5: commit(model); break;
	case 6:
		caller_reenter(&model->caller);
		pushed_is_effective(model);
		break;
	case 7:
		if (one_in(choices, 8))
			push_nonsense(model);
		break;
	}
}

static void expect(struct model *model, const struct access *access, struct outcome outcome,
		   const char *otherwise)
{
	model->checks++;
	if (!model->broken && !oracle_allows(&model->oracle, access, outcome))
		model->broken = otherwise;
}

static void expect_verdict(struct model *model, const struct access *access,
			   struct ssp_result result)
{
	switch (result.verdict) {
	case SSP_TRUE_FAULT:
		expect(model, access, (struct outcome){ PAGE_FAULT, 0 },
		       "a page fault for nothing");
		if (choose(&model->choices, 2))
			repair(model, access);
		break;
	case SSP_ACCESS_FAULT:
		expect(model, access, (struct outcome){ ACCESS_FAULT, 0 },
		       "an access fault for nothing");
		break;
	case SSP_OUTSIDE:
		expect(model, access, (struct outcome){ OUTSIDE, result.gpa },
		       "an access to a device that is none");
		break;
	default: model->broken = "no verdict that a caller knows";
	}
}

/* What the engine takes for the code there, a hart may have fetched. */
static void look_for_code(struct model *model, const struct access *access)
{
	struct access fetch = { access->va, SSP_FETCH, access->state };
	uint64_t code = ssp_code_hit(&model->space, fetch.va, fetch.state);

	if (code)
		expect(model, &fetch, (struct outcome){ MAPPED, code },
		       "code is read by a stale or wrong translation");
}

static void make_access(struct model *model, const struct access *access)
{
	struct ssp_result result;
	unsigned int contended = model->contended;
	uint64_t hpa;

	look_for_code(model, access);
	for (unsigned int calls = 0; calls <= MAX_CALLS + model->contended - contended; calls++) {
		if (hart_access(&model->hart, access->va, access->kind, access->state, &hpa)) {
			*recently(model) = *access;
			count_mapped(model, access->state);
			expect(model, access, (struct outcome){ MAPPED, hpa },
			       "a stale or wrong translation is used");
			return;
		}
		marking = model;
		model->accessing = access;
		result = caller_fault(&model->caller, access->va, access->kind, access->state);
		model->accessing = NULL;
		if (model->full)
			flush_everything(model);
		model->full = false;
		if (result.verdict != SSP_ALLOWED) {
			expect_verdict(model, access, result);
			return;
		}
		model->filled++;
	}
	model->broken = "the same access faults again and again";
}

/* Translation for the firmware itself has no cache: it is what the tables say now. */
static void step_translate(struct model *model)
{
	struct access access = random_access(model);
	struct outcome want = oracle_walk(&model->oracle, &access);
	uint64_t hpa = 0;
	enum ssp_verdict verdict = ssp_translate(&model->space, model->space.current->gsatp,
						 access.va, access.kind, access.state, &hpa);
	static const enum ssp_verdict verdicts[] = {
		[PAGE_FAULT] = SSP_TRUE_FAULT, [ACCESS_FAULT] = SSP_ACCESS_FAULT,
		[OUTSIDE] = SSP_OUTSIDE,       [MAPPED] = SSP_ALLOWED,
		[UNMARKED] = SSP_UNMARKED,
	};

	model->checks++;
	if (verdict != verdicts[want.kind] || (want.kind == MAPPED && hpa != want.address))
		model->broken = "ssp_translate() differs from the tables";
}

static void set_slot(struct model *model, unsigned int n, struct ssp_slot slot)
{
	ssp_slot_set(&model->space, n, slot);
	caller_owes(&model->caller, SSP_FENCE_ALL, 0);
	oracle_fence_all(&model->oracle);
	model->oracle.slot[n] = slot;
	model->oracle.slot_count = 3;
}

/* Svadu, or Svade. */
static void set_ad(struct model *model, bool on)
{
	ssp_set_ad(&model->space, on);
	model->oracle.sets_ad = on;
}

/* The host takes memory away, brings it back elsewhere, or with other rights. */
static void step_host(struct model *model)
{
	struct choices *choices = &model->choices;

	switch (choose(choices, 4)) {
	case 0:
		set_slot(model, 1,
			 (struct ssp_slot){
				 .gpa = 0x200000000,
				 .size = one_in(choices, 4) ? 0 : 0x501000,
				 .delta = choose(choices, 2) ? 0x5000003000 : 0x5000000000,
				 .rights = PTE_RWX,
			 });
		break;
	case 1:
		set_slot(model, 2,
			 (struct ssp_slot){
				 .gpa = 0x210000000,
				 .size = one_in(choices, 4) ? 0 : 0x400000,
				 .delta = 0x5100000000,
				 .rights = choose(choices, 2) ? PTE_R | PTE_X : PTE_R,
			 });
		break;
	case 2:
		caller_owes(&model->caller,
			    ssp_invalidate_gpa(&model->space,
					       guest_frames[choose(choices, GUEST_FRAMES)],
					       PAGE_SIZE),
			    0);
		break;
	case 3: set_ad(model, choose(choices, 2)); break;
	}
}

static void step_accesses(struct model *model)
{
	for (unsigned int n = 1 + choose(&model->choices, 8); n && !model->broken; n--) {
		struct access access = random_access(model);

		make_access(model, &access);
	}
}

/* The hart may walk to anywhere at any time. */
static void speculate(struct model *model)
{
	for (unsigned int n = choose(&model->choices, 4); n; n--) {
		struct access access = random_access(model);
		uint64_t hpa;

		hart_access(&model->hart, access.va, access.kind, access.state, &hpa);
	}
}

void model_init(struct model *model)
{
	struct choices *choices = &model->choices;
	uint64_t delta = guest_ram_deltas[choose(choices, 4)];
	uint32_t tables =
		SSP_MIN_TABLES + choose(choices, 2) * choose(choices, POOL_TABLES - SSP_MIN_TABLES);

	*model = (struct model){ .choices = *choices };
	choices = &model->choices;
	model->mode = SATP_SV39 + choose(choices, 3);
	model->shape = 1 + choose(choices, 4);
	memory_reset(delta, tables);
	memory.swap = mark;
	oracle_reset(&model->oracle, 0);
	memset(&model->space, 0xa5, sizeof(model->space));
	ssp_init(&model->space, POOL_HPA, memory.tables, tables, ALL_MODES, choose(choices, 2));
	if (choose(choices, 2))
		ssp_limit_roots(&model->space, 1 + choose(choices, 4));
	model->hart.choices = choices;
	caller_init(&model->caller, &model->space, &model->hart, 1 + choose(choices, 20));
	model->caller.logs = choose(choices, 2);
	set_ad(model, choose(choices, 2));
	set_slot(model, 0, (struct ssp_slot){ RAM_GPA, RAM_SIZE, delta, PTE_RWX });
	ssp_ring_attach(&model->space, RING_GPA + delta);
	for (unsigned int table = 0; table < GUEST_TABLES; table++)
		for (unsigned int i = 0; i < ORACLE_INDICES; i++)
			oracle_write(&model->oracle, table, i, guest_random_pte(choices, table));
}

void model_step(struct model *model)
{
	unsigned int kind = choose(&model->choices, 64);

	if (kind < 26)
		step_accesses(model);
	else if (kind < 38)
		step_write(model);
	else if (kind < 46)
		step_ring(model);
	else if (kind < 48)
		step_fence_pages(model);
	else if (kind < 54)
		step_fence(model);
	else if (kind < 62)
		step_satp(model);
	else if (kind < 63)
		step_translate(model);
	else if (one_in(&model->choices, 8))
		step_host(model);
	speculate(model);
	if (!model->broken)
		model->broken = model->hart.broken ? model->hart.broken : memory.broken;
	if (!model->broken && one_in(&model->choices, 8))
		model->broken = ssp_check(&model->space);
}
