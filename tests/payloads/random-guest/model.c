// SPDX-License-Identifier: BSD-2-Clause
/*
 * model.c - what a TLB may hold, by the privileged specification alone ("Virtual Address
 * Translation Process", "SFENCE.VMA"), over the history of the tables.
 *
 * An outcome is allowed if the hart could have read, from the top down, each after the last
 * fence that covers it and while an address space ran that could use it, entries that lead
 * to it.  A cache of pointers is covered by fences without an address only.  Time is a
 * count of events; both harts share it, since one at a time does what the model has to know.
 */
#include "guest.h"

#define VERSIONS 12
#define NEVER    (~0ul)

struct version {
	uint64_t from, value;
};

static struct {
	unsigned int count;
	struct version version[VERSIONS];
} history[TABLES][MAX_SLOTS];

static uint64_t now;

struct query {
	const struct hart *hart;
	const struct access *access;
	uint64_t ended, since;
	uint64_t satp;  /* whose walk it was */
	bool as_global; /* it counts only if its path carries G */
};

uint64_t model_now(void)
{
	return now;
}

/* ---- what happens ---- */

/* What was there before every hart forgot everything matters no more. */
static void drop_old(unsigned int table, unsigned int slot)
{
	struct version *version = history[table][slot].version;
	unsigned int count = history[table][slot].count, first = 0;
	uint64_t forgot = harts[0].forgot;

	for (unsigned int i = 1; i < hart_count; i++)
		if (harts[i].forgot < forgot)
			forgot = harts[i].forgot;
	while (first + 1 < count && version[first + 1].from <= forgot)
		first++;
	for (unsigned int i = first; i < count; i++)
		version[i - first] = version[i];
	history[table][slot].count = count - first;
}

bool model_write(unsigned int table, unsigned int slot, uint64_t value)
{
	trace("entry (table, index, value)", NULL, table, slot_index[slot], value);
	if (history[table][slot].count == VERSIONS)
		drop_old(table, slot);
	if (history[table][slot].count == VERSIONS)
		return false;
	history[table][slot].version[history[table][slot].count++] =
		(struct version){ ++now, value };
	return true;
}

bool model_satp(struct hart *hart, uint64_t satp)
{
	trace("satp", hart, satp, 0, 0);
	if (hart->runs == EVENTS)
		return false;
	hart->run[hart->runs].from = ++now;
	hart->run[hart->runs++].satp = hart->satp = satp;
	return true;
}

bool model_fence(struct hart *hart, struct fence fence)
{
	trace("fence (first, last; ASID, 1<<16 any, 2<<16 any address)", hart, fence.first,
	      fence.last, fence.asid | fence.any_asid << 16 | fence.any_va << 17);
	if (fence.any_va && fence.any_asid) {
		model_forget(hart);
		return true;
	}
	fence.time = ++now;
	return model_fenced(hart, fence);
}

bool model_fenced(struct hart *hart, struct fence fence)
{
	if (hart->fences == EVENTS)
		return false;
	hart->fence[hart->fences++] = fence;
	return true;
}

void model_forget(struct hart *hart)
{
	trace("everything forgotten", hart, 0, 0, 0);
	hart->forgot = ++now;
	hart->fences = 0;
	hart->runs = 1;
	hart->run[0].from = now;
	hart->run[0].satp = hart->satp;
}

/* The tables as they are, all harts having forgotten what was before. */
void model_reset(void)
{
	for (unsigned int table = 0; table < TABLES; table++) {
		for (unsigned int slot = 0; slot < table_slots; slot++) {
			history[table][slot].count = 1;
			history[table][slot].version[0].from = 0;
			history[table][slot].version[0].value = *entry_of(table, slot);
		}
	}
	for (unsigned int i = 0; i < hart_count; i++)
		model_forget(&harts[i]);
}

/* ---- where an entry leads ---- */

static bool permitted(uint64_t pte, const struct access *access)
{
	bool user_page = pte & PTE_U, user = access->state & STATE_USER;

	if (user != user_page && (user || access->kind == FETCH || !(access->state & STATE_SUM)))
		return false;
	if (!(pte & PTE_A) || (access->kind == STORE && !(pte & PTE_D)))
		return false;
	if (access->kind == STORE)
		return pte & PTE_W;
	if (access->kind == FETCH)
		return pte & PTE_X;
	return (pte & PTE_R) || ((pte & PTE_X) && (access->state & STATE_MXR));
}

static uint64_t physical(const struct access *access, uint64_t pa)
{
	if (is_ram(pa) || ((pa & -PAGE) == DEVICE_PAGE && access->kind != FETCH))
		return pa;
	return ENDED_ACCESS_FAULT;
}

/* Valid, of no reserved encoding, and RWX = 0 */
static bool is_pointer(uint64_t pte)
{
	return (pte & 0xffc00000000000dful) == PTE_V;
}

/* An entry that ends a walk */
static uint64_t judge(const struct access *access, uint64_t pte, unsigned int level)
{
	uint64_t frame = PTE_PPN(pte) << 12, size = PAGE << 9 * level;
	bool valid = (pte & PTE_V) && !(pte >> 54) && (pte & (PTE_R | PTE_W | PTE_X)) &&
		     (pte & (PTE_R | PTE_W)) != PTE_W;

	if (!valid || frame & (size - 1) || !permitted(pte, access))
		return ENDED_PAGE_FAULT;
	return physical(access, frame | (access->va & (size - 1)));
}

static bool canonical(uint64_t va, unsigned int levels)
{
	unsigned int unused = 64 - (12 + 9 * levels);

	return (uint64_t)((int64_t)(va << unused) >> unused) == va;
}

uint64_t model_walk(uint64_t satp, const struct access *access)
{
	unsigned int level = world_levels(satp);
	uint64_t table = SATP_ROOT(satp), pte;

	if (!level)
		return physical(access, access->va);
	if (!canonical(access->va, level))
		return ENDED_PAGE_FAULT;
	for (;;) {
		level--;
		if (!is_ram(table))
			return ENDED_EITHER_FAULT;
		pte = ((const uint64_t *)table)[index_at(access->va, level)];
		if (!level || !is_pointer(pte))
			return judge(access, pte, level);
		table = PTE_PPN(pte) << 12;
	}
}

/* ---- where entries of earlier times led ---- */

/*
 * Was the other end seen?  What a device answers to an access that is not its own is anybody's
 * guess.
 */
static bool same(const struct query *query, uint64_t end)
{
	if (end == ENDED_EITHER_FAULT)
		return query->ended == ENDED_PAGE_FAULT || query->ended == ENDED_ACCESS_FAULT;
	if ((end & -PAGE) == DEVICE_PAGE && end != DEVICE_PAGE)
		return true;
	return end == query->ended;
}

/* The time of the last fence that what was read on this walk cannot have outlived. */
static uint64_t last_fence(const struct query *query, unsigned int level, bool leaf, bool global)
{
	const struct hart *hart = query->hart;
	unsigned int shift = 12 + 9 * level;
	uint64_t page = query->access->va >> shift, last = hart->forgot;

	for (unsigned int i = 0; i < hart->fences; i++) {
		const struct fence *fence = &hart->fence[i];
		bool va = fence->any_va ||
			  (leaf && fence->first >> shift <= page && page <= fence->last >> shift);
		bool asid = fence->any_asid || (!global && fence->asid == SATP_ASID(query->satp));

		if (va && asid && fence->time > last && fence->time <= query->since)
			last = fence->time;
	}
	return last;
}

/* Whether what was read under `satp` matters for a walk of the query's. */
static bool run_counts(const struct query *query, uint64_t satp, bool top, bool global)
{
	if (top)
		return satp == query->satp;
	return global || SATP_ASID(satp) == SATP_ASID(query->satp);
}

/* The first moment in [from, until) at which a walk could have read an entry. */
static uint64_t first_read(const struct query *query, uint64_t from, uint64_t until, bool top,
			   bool global)
{
	const struct hart *hart = query->hart;

	for (unsigned int i = 0; i < hart->runs; i++) {
		uint64_t start = hart->run[i].from;
		uint64_t end = i + 1 < hart->runs ? hart->run[i + 1].from : NEVER;

		if (start < from)
			start = from;
		if (start < end && start < until &&
		    run_counts(query, hart->run[i].satp, top, global))
			return start;
	}
	return NEVER;
}

static bool search(const struct query *query, uint64_t table, unsigned int level, uint64_t since,
		   bool global);

/* One value that an entry had from `from` until before `until` */
static bool search_version(const struct query *query, unsigned int level, struct version version,
			   uint64_t until, uint64_t since, bool above_global)
{
	uint64_t value = version.value, fence;
	bool top = level + 1 == world_levels(query->satp);
	bool global = above_global || (value & (PTE_V | PTE_G)) == (PTE_V | PTE_G);
	bool link = level > 0 && is_pointer(value);
	bool leaf = level == 0 || ((value & PTE_V) && !link);

	fence = last_fence(query, level, leaf, global || query->as_global);
	if (since < fence)
		since = fence;
	since = first_read(query, since > version.from ? since : version.from, until, top,
			   above_global);
	if (since == NEVER)
		return false;
	if (link)
		return search(query, PTE_PPN(value) << 12, level - 1, since, global);
	if (query->as_global && !global)
		return false;
	return same(query, judge(query->access, value, level));
}

/* A table in RAM that never changes: the bottom of the address space, or a frame. */
static bool search_constant(const struct query *query, uint64_t table, unsigned int level,
			    uint64_t since, bool global)
{
	struct version version = { 0,
				   ((const uint64_t *)table)[index_at(query->access->va, level)] };

	return search_version(query, level, version, NEVER, since, global);
}

static bool search(const struct query *query, uint64_t table, unsigned int level, uint64_t since,
		   bool global)
{
	unsigned int number = (table - tables_base) / PAGE;
	unsigned int slot = index_slot[index_at(query->access->va, level)];

	if (!is_ram(table))
		return same(query, ENDED_EITHER_FAULT);
	if (number >= TABLES || slot == NO_SLOT)
		return search_constant(query, table, level, since, global);
	for (unsigned int i = history[number][slot].count; i-- > 0;) {
		const struct version *version = &history[number][slot].version[i];
		bool last = i + 1 == history[number][slot].count;

		if (search_version(query, level, *version, last ? NEVER : version[1].from, since,
				   global))
			return true;
	}
	return false;
}

static bool ran_before(const struct hart *hart, unsigned int run)
{
	for (unsigned int i = 0; i < run; i++)
		if (hart->run[i].satp == hart->run[run].satp)
			return true;
	return false;
}

/*
 * A change of MODE is no fence, so that a hart may use entries of another mode.  hmcode
 * promises more: it fences everything there (docs/engine.md, "Bare mode").
 */
static bool may_mix(uint64_t then, uint64_t now)
{
	return SATP_MODE(then) && (SATP_MODE(then) == SATP_MODE(now) || !is_guest);
}

bool model_allows(const struct hart *hart, const struct access *access, uint64_t ended,
		  uint64_t since)
{
	unsigned int levels = world_levels(hart->satp);
	struct query query = { hart, access, ended, since, hart->satp, false };

	if (same(&query, model_walk(hart->satp, access)))
		return true;
	if (!levels || !canonical(access->va, levels))
		return false;
	for (unsigned int i = 0; i < hart->runs; i++) {
		query.satp = hart->run[i].satp;
		levels = world_levels(query.satp);
		if (!may_mix(query.satp, hart->satp) || ran_before(hart, i) ||
		    !canonical(access->va, levels))
			continue;
		query.as_global = true;
		if (search(&query, SATP_ROOT(query.satp), levels - 1, 0, false))
			return true;
		query.as_global = false;
		if (SATP_ASID(query.satp) == SATP_ASID(hart->satp) &&
		    search(&query, SATP_ROOT(query.satp), levels - 1, 0, false))
			return true;
	}
	return false;
}
