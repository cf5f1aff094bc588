/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * oracle.c - a second reading of the privileged specification: "Virtual
 * Address Translation Process" and "SFENCE.VMA", over the history of memory.
 */
#include <string.h>

#include "oracle.h"

const uint16_t oracle_indices[ORACLE_INDICES] = { 0, 1, 8, 255, 256, 511 };

#define NEVER (~0ull)

struct query {
	const struct oracle *oracle;
	const struct access *access;
	struct outcome want;
	uint64_t satp;  /* whose walk it was */
	bool as_global; /* it counts only if its path carries G */
};

void oracle_reset(struct oracle *oracle, uint64_t satp)
{
	memset(oracle, 0, sizeof(*oracle));
	for (unsigned int table = 0; table < GUEST_TABLES; table++)
		for (unsigned int i = 0; i < ORACLE_INDICES; i++)
			oracle->entry[table][i].count = 1;
	oracle->runs = 1;
	oracle->run[0].satp = satp;
}

bool oracle_write(struct oracle *oracle, unsigned int table, unsigned int index, uint64_t value)
{
	unsigned int count = oracle->entry[table][index].count;

	if (count == ORACLE_VERSIONS)
		return false;
	oracle->entry[table][index].version[count].from = ++oracle->now;
	oracle->entry[table][index].version[count].value = value;
	oracle->entry[table][index].count++;
	memory.guest[table][oracle_indices[index]] = value;
	return true;
}

bool oracle_fence(struct oracle *oracle, const uint64_t *va, const uint16_t *asid)
{
	unsigned int n = oracle->fences;

	if (n == ORACLE_EVENTS)
		return false;
	oracle->fence[n].time = ++oracle->now;
	oracle->fence[n].any_va = !va;
	oracle->fence[n].first = oracle->fence[n].last = va ? *va : 0;
	oracle->fence[n].any_asid = !asid;
	oracle->fence[n].asid = asid ? *asid : 0;
	oracle->fences++;
	return true;
}

bool oracle_fence_pages(struct oracle *oracle, uint64_t va, uint64_t pages, const uint16_t *asid)
{
	if (!oracle_fence(oracle, &va, asid))
		return false;
	oracle->fence[oracle->fences - 1].last = va + (pages - 1) * PAGE_SIZE;
	return true;
}

bool oracle_satp(struct oracle *oracle, uint64_t satp)
{
	if (oracle->runs == ORACLE_EVENTS)
		return false;
	oracle->run[oracle->runs].from = ++oracle->now;
	oracle->run[oracle->runs++].satp = satp;
	return true;
}

/* Only what is true now counts from here on. */
void oracle_fence_all(struct oracle *oracle)
{
	oracle->now++;
	for (unsigned int table = 0; table < GUEST_TABLES; table++) {
		for (unsigned int i = 0; i < ORACLE_INDICES; i++) {
			unsigned int last = oracle->entry[table][i].count - 1;

			oracle->entry[table][i].version[0].value =
				oracle->entry[table][i].version[last].value;
			oracle->entry[table][i].version[0].from = oracle->now;
			oracle->entry[table][i].count = 1;
		}
	}
	oracle->run[0].satp = oracle->run[oracle->runs - 1].satp;
	oracle->run[0].from = oracle->now;
	oracle->runs = 1;
	oracle->fences = 0;
}

static const struct ssp_slot *slot_of(const struct oracle *oracle, uint64_t gpa)
{
	for (unsigned int i = 0; i < oracle->slot_count; i++)
		if (gpa >= oracle->slot[i].gpa && gpa < oracle->slot[i].gpa + oracle->slot[i].size)
			return &oracle->slot[i];
	return NULL;
}

static bool permitted(uint64_t pte, const struct access *access)
{
	bool user_page = pte & PTE_U, user = access->state & SSP_USER;

	if (user != user_page && (user || access->kind == SSP_FETCH || !(access->state & SSP_SUM)))
		return false;
	if (!(pte & PTE_A) || (access->kind == SSP_STORE && !(pte & PTE_D)))
		return false;
	if (access->kind == SSP_STORE)
		return pte & PTE_W;
	if (access->kind == SSP_FETCH)
		return pte & PTE_X;
	return (pte & PTE_R) || ((pte & PTE_X) && (access->state & SSP_MXR));
}

/*
 * Where an access to a guest physical address ends: a slot takes rights away
 * from the leaf, and what is left has to do.
 */
static struct outcome physical(const struct oracle *oracle, const struct access *access,
			       uint64_t gpa, uint64_t pte)
{
	const struct ssp_slot *slot = slot_of(oracle, gpa);

	if (!slot || !permitted(pte & (slot->rights | ~PTE_RWX), access))
		return (struct outcome){ OUTSIDE, gpa };
	return (struct outcome){ MAPPED, gpa + slot->delta };
}

/* Valid, of no reserved encoding, and RWX = 0. */
static bool is_pointer(uint64_t pte)
{
	return (pte & 0xffc00000000000dfull) == PTE_V;
}

/* An entry that ends a walk. */
static struct outcome judge(const struct oracle *oracle, const struct access *access, uint64_t pte,
			    int level)
{
	uint64_t frame = pte << 10 >> 20, size = 1ull << (12 + 9 * level);
	bool valid = (pte & PTE_V) && !(pte >> 54) && (pte & PTE_RWX) && (pte & PTE_RWX) != PTE_W &&
		     (pte & PTE_RWX) != (PTE_W | PTE_X);

	uint64_t gpa = (frame << 12) + access->va % size, marked = pte;

	if (oracle->sets_ad)
		marked |= access->kind == SSP_STORE ? PTE_A | PTE_D : PTE_A;
	if (!valid || (frame << 12) % size || !permitted(marked, access))
		return (struct outcome){ PAGE_FAULT, 0 };
	/* Nothing is set for an access that a slot forbids. */
	if (marked != pte &&
	    (!slot_of(oracle, gpa) || physical(oracle, access, gpa, marked).kind == MAPPED))
		return (struct outcome){ UNMARKED, gpa };
	return physical(oracle, access, gpa, marked);
}

static bool same(struct outcome a, struct outcome b)
{
	return a.kind == b.kind && a.address == b.address;
}

static int levels_of(uint64_t satp)
{
	switch (satp >> 60) {
	case 8: return 3;
	case 9: return 4;
	case 10: return 5;
	}
	return 0;
}

static bool canonical(uint64_t va, int levels)
{
	int unused = 64 - (12 + 9 * levels);

	return (uint64_t)((int64_t)(va << unused) >> unused) == va;
}

/* The time of the last fence that an entry read on this walk cannot have outlived. */
static uint64_t last_fence(const struct query *query, int level, bool leaf, bool global)
{
	const struct oracle *oracle = query->oracle;
	int shift = 12 + 9 * level;

	for (unsigned int i = oracle->fences; i-- > 0;) {
		bool va = oracle->fence[i].any_va ||
			  (leaf && oracle->fence[i].first >> shift <= query->access->va >> shift &&
			   oracle->fence[i].last >> shift >= query->access->va >> shift);
		bool asid = oracle->fence[i].any_asid ||
			    (!global && oracle->fence[i].asid == (query->satp >> 44 & 0xffff));

		if (va && asid)
			return oracle->fence[i].time;
	}
	return 0;
}

/* Whether what was read under `satp` matters for a walk of the query's satp. */
static bool run_counts(const struct query *query, uint64_t satp, bool top, bool global)
{
	if (top)
		return satp == query->satp;
	if (satp >> 60 != query->satp >> 60)
		return false;
	return global || (satp ^ query->satp) << 4 >> 48 == 0;
}

/* The first moment in [from, until) at which a walk could have read an entry. */
static uint64_t first_read(const struct query *query, uint64_t from, uint64_t until, bool top,
			   bool global)
{
	const struct oracle *oracle = query->oracle;

	for (unsigned int i = 0; i < oracle->runs; i++) {
		uint64_t start = oracle->run[i].from;
		uint64_t end = i + 1 < oracle->runs ? oracle->run[i + 1].from : NEVER;

		if (start < from)
			start = from;
		if (start < end && start < until &&
		    run_counts(query, oracle->run[i].satp, top, global))
			return start;
	}
	return NEVER;
}

static bool search(const struct query *query, uint64_t table, int level, uint64_t since,
		   bool global);

/* One value that an entry had from `from` until before `until`. */
static bool search_version(const struct query *query, int level, uint64_t value, uint64_t from,
			   uint64_t until, uint64_t since, bool above_global)
{
	bool top = level == levels_of(query->satp) - 1;
	bool global = above_global || ((value & PTE_V) && (value & PTE_G));
	bool link = level > 0 && is_pointer(value);
	bool leaf = level == 0 || ((value & PTE_V) && !link);
	uint64_t fence = last_fence(query, level, leaf, global || query->as_global);

	if (since < fence)
		since = fence;
	since = first_read(query, since > from ? since : from, until, top, above_global);
	if (since == NEVER)
		return false;
	if (link)
		return search(query, value << 10 >> 20 << 12, level - 1, since, global);
	if (query->as_global && !global)
		return false;
	return same(judge(query->oracle, query->access, value, level), query->want);
}

static bool search(const struct query *query, uint64_t table, int level, uint64_t since,
		   bool global)
{
	const struct oracle *oracle = query->oracle;
	unsigned int number = (table - RAM_GPA) >> 12, index;
	unsigned int va_index = query->access->va >> (12 + 9 * level) & 511;

	if (!slot_of(oracle, table))
		return query->want.kind == ACCESS_FAULT;
	for (index = 0; index < ORACLE_INDICES && oracle_indices[index] != va_index;)
		index++;
	if (table - RAM_GPA >= sizeof(memory.guest) || index == ORACLE_INDICES)
		return search_version(query, level, 0, 0, NEVER, since, global);

	for (unsigned int i = oracle->entry[number][index].count; i-- > 0;) {
		bool last = i + 1 == oracle->entry[number][index].count;

		if (search_version(query, level, oracle->entry[number][index].version[i].value,
				   oracle->entry[number][index].version[i].from,
				   last ? NEVER : oracle->entry[number][index].version[i + 1].from,
				   since, global))
			return true;
	}
	return false;
}

static struct outcome walk(const struct oracle *oracle, const struct access *access, uint64_t satp)
{
	uint64_t table = satp << 20 >> 8, pte = 0;
	int level = levels_of(satp) - 1;

	if (level < 0)
		return physical(oracle, access, access->va,
				PTE_RWX | PTE_A | PTE_D | (access->state & SSP_USER ? PTE_U : 0));
	if (!canonical(access->va, level + 1))
		return (struct outcome){ PAGE_FAULT, 0 };
	for (;; level--) {
		uint64_t offset = table - RAM_GPA;

		if (!slot_of(oracle, table))
			return (struct outcome){ ACCESS_FAULT, 0 };
		pte = offset >= sizeof(memory.guest) ?
			      0 :
			      memory.guest[offset >> 12][access->va >> (12 + 9 * level) & 511];
		if (!level || !is_pointer(pte))
			return judge(oracle, access, pte, level);
		table = pte << 10 >> 20 << 12;
	}
}

static uint64_t current_satp(const struct oracle *oracle)
{
	return oracle->run[oracle->runs - 1].satp;
}

struct outcome oracle_walk(const struct oracle *oracle, const struct access *access)
{
	return walk(oracle, access, current_satp(oracle));
}

static bool ran_before(const struct oracle *oracle, unsigned int run)
{
	for (unsigned int i = 0; i < run; i++)
		if (oracle->run[i].satp == oracle->run[run].satp)
			return true;
	return false;
}

bool oracle_allows(const struct oracle *oracle, const struct access *access, struct outcome outcome)
{
	uint64_t satp = current_satp(oracle);

	if (same(oracle_walk(oracle, access), outcome))
		return true;
	if (!levels_of(satp) || !canonical(access->va, levels_of(satp)))
		return false;
	for (unsigned int i = 0; i < oracle->runs; i++) {
		uint64_t then = oracle->run[i].satp;
		struct query query = { oracle, access, outcome, then, true };

		if (then >> 60 != satp >> 60 || ran_before(oracle, i))
			continue;
		if (search(&query, then << 20 >> 8, levels_of(then) - 1, 0, false))
			return true;
		query.as_global = false;
		if ((then ^ satp) << 4 >> 48 == 0 &&
		    search(&query, then << 20 >> 8, levels_of(then) - 1, 0, false))
			return true;
	}
	return false;
}
