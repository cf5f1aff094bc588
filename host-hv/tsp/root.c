/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * root.c - the whole, and the roots that vCPUs load.
 *
 * A root is a shadow table like others.  One that a vCPU has loaded is never
 * zapped; one that is only cached is, and leaves the caches.
 */
#include "internal.h"

/* -- the whole -- */

/* Regions of a size that a slot touches. */
static uint64_t regions_in(const struct ssp_slot *slot, int level)
{
	unsigned int shift = PAGE_SHIFT + 9 * level;

	return slot->size ? ((slot->gpa + slot->size - 1) >> shift) - (slot->gpa >> shift) + 1 : 0;
}

uint64_t tsp_memory_size(const struct ssp_space *guest, uint32_t table_count)
{
	uint64_t regions = 0;

	for (unsigned int i = 0; i < guest->slot_count; i++)
		for (int level = 0; level < TSP_LEAF_LEVELS; level++)
			regions += regions_in(&guest->slots[i], level);
	return table_count * (PTES_PER_TABLE * sizeof(struct tsp_node) + sizeof(struct tsp_table)) +
	       regions * sizeof(struct tsp_region);
}

static void lay_out(struct tsp *tsp, void *memory)
{
	struct tsp_region *next;

	tsp->nodes = memory;
	tsp->tables = (void *)(tsp->nodes + (uint64_t)tsp->table_count * PTES_PER_TABLE);
	next = (void *)(tsp->tables + tsp->table_count);
	for (unsigned int i = 0; i < tsp->guest->slot_count; i++) {
		for (int level = 0; level < TSP_LEAF_LEVELS; level++) {
			tsp->regions[i][level] = next;
			for (uint64_t n = regions_in(&tsp->guest->slots[i], level); n; n--)
				*next++ = (struct tsp_region){ .maps = TSP_NONE };
		}
	}
}

bool tsp_init(struct tsp *tsp, struct ssp_space *guest, uint64_t pool_hpa, void *memory,
	      uint32_t table_count, bool fence_after_fill, uint32_t zero_block)
{
	if (table_count < TSP_MIN_TABLES || table_count >= TSP_NONE / PTES_PER_TABLE ||
	    pool_hpa & (PAGE_SIZE - 1) || !zero_block || zero_block > PAGE_SIZE ||
	    zero_block & (zero_block - 1))
		return false;
	*tsp = (struct tsp){
		.guest = guest,
		.pool_hpa = pool_hpa,
		.table_count = table_count,
		.free_count = table_count,
		.free_least = table_count,
		.fence_after_fill = fence_after_fill,
		.zero_block = zero_block,
		.free = TSP_NONE,
		.limbo = TSP_NONE,
		.doomed = TSP_NONE,
		.oldest = TSP_NONE,
		.newest = TSP_NONE,
		.out = TSP_NONE,
	};
	for (unsigned int i = 0; i < TSP_BUCKETS; i++)
		tsp->bucket[i] = TSP_NONE;
	lay_out(tsp, memory);
	return true;
}

struct tsp_result tsp_reset(struct tsp *tsp)
{
	tsp_begin(tsp);
	for (unsigned int i = 0; i < tsp->vcpu_count; i++)
		tsp_forget_all_roots(tsp->vcpu[i]);
	while (tsp->oldest != TSP_NONE) {
		tsp->tables[tsp->oldest].loaded = 0;
		tsp_zap(tsp, &tsp->tables[tsp->oldest]);
	}
	tsp_owe_everywhere(tsp);
	return tsp_end(tsp, TSP_REPEAT);
}

/* -- roots -- */

static unsigned int mode_of(const struct tsp *tsp, uint64_t gsatp)
{
	return ssp_shadow_mode(tsp->guest, gsatp);
}

/*
 * Bare mode maps GPA as they are, for one privilege at a time; a root outside
 * of RAM maps nothing.
 */
static struct tsp_key root_key(const struct tsp *tsp, uint64_t gsatp, bool user)
{
	uint64_t table = satp_table(gsatp);
	uint8_t level = satp_modes[mode_of(tsp, gsatp)].levels - 1;

	if (satp_mode(gsatp) == SATP_BARE)
		return (struct tsp_key){ 0, level, TSP_DIRECT | PTE_RWX | (user ? PTE_U : 0) };
	if (!ssp_slot_of(tsp->guest, table))
		return (struct tsp_key){ 0, level, TSP_DIRECT };
	return (struct tsp_key){ table >> PAGE_SHIFT, level, 0 };
}

/* The cached root, or the least recently used one. */
static unsigned int choose_root(const struct tsp_vcpu *vcpu, uint64_t gsatp)
{
	unsigned int oldest = vcpu->current == 0;

	for (unsigned int i = 0; i < TSP_ROOTS; i++) {
		if (vcpu->root[i].gsatp == gsatp)
			return i;
		if (i != vcpu->current && vcpu->root[i].used < vcpu->root[oldest].used)
			oldest = i;
	}
	return oldest;
}

/* Load the root's table; where it is another than before, what harts cached of it is void. */
static void load(struct tsp *tsp, struct tsp_vcpu *vcpu, unsigned int n, uint64_t gsatp, bool user)
{
	struct tsp_root *old = &vcpu->root[vcpu->current], *root = &vcpu->root[n];
	struct tsp_key key = root_key(tsp, gsatp, user);
	struct tsp_table *table = tsp_find_or_create(tsp, &key);

	/* global entries match in any mode; hmcode fences then as well */
	if (satp_mode(old->gsatp) != satp_mode(gsatp))
		tsp_owe(tsp, SSP_FENCE_ALL);
	table->loaded++;
	if (old->table != TSP_NONE)
		tsp->tables[old->table].loaded--;
	if (root->table != tsp_number(tsp, table) || root->gsatp != gsatp) {
		root->generation++;
		vcpu->changed |= 1u << n;
	}
	root->gsatp = gsatp;
	root->table = tsp_number(tsp, table);
	root->satp = satp_make(mode_of(tsp, gsatp), 0, tsp_hpa(tsp, table));
	root->used = ++vcpu->uses;
	vcpu->current = n;
	tsp_use(tsp, table);
}

/*
 * What the root shows must not be older than what its hart could have cached of it: see step.c.
 * False: it has to wait for others.
 */
static bool call_back_below(struct tsp *tsp, uint64_t gsatp)
{
	struct tsp_key key = root_key(tsp, gsatp, false);
	const struct tsp_table *table = tsp_find(tsp, &key);

	if (table)
		tsp_call_back_below(tsp, table, gsatp);
	return !tsp_waits(tsp);
}

struct tsp_result tsp_load_root(struct tsp *tsp, struct tsp_vcpu *vcpu, uint64_t gsatp)
{
	tsp_begin(tsp);
	if (!tsp_reserve(tsp, 1))
		return tsp_end(tsp, TSP_AGAIN);
	if (tsp->out_count && !call_back_below(tsp, gsatp))
		return tsp_end(tsp, TSP_AGAIN);
	load(tsp, vcpu, choose_root(vcpu, gsatp), gsatp, false);
	return tsp_end(tsp, TSP_REPEAT);
}

/* In bare mode the pages of a root are all U or none is; a table is reserved. */
void tsp_match_privilege(struct tsp *tsp, struct tsp_vcpu *vcpu, bool user)
{
	const struct tsp_root *root = &vcpu->root[vcpu->current];
	bool has_user = tsp->tables[root->table].role & PTE_U;

	if (satp_mode(root->gsatp) != SATP_BARE || has_user == user)
		return;
	load(tsp, vcpu, vcpu->current, root->gsatp, user);
	/*
	 * Its new generation is enough where generations retire ASIDs, as in hmcode: nothing in
	 * bare mode is global.
	 */
	tsp_owe(tsp, SSP_FENCE_ALL);
}
