/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * root.c - the space itself and its root buffer: guest satp to shadow root.
 *
 * Roots are found through a bucket of their ASID, the way fences need them
 * too; a root that is taken over keeps its tree, put to sleep.
 */
#include "hits.h"
#include "internal.h"
#include "ring.h"

void ssp_set_ad(struct ssp_space *space, bool on)
{
	space->sets_ad = on;
	for (unsigned int i = 0; i < sizeof(space->need); i++) {
		space->need[i] = (uint32_t)SSP_NEEDS >> 8 * i & 0xff;
		space->plain[i] = space->need[i] | PTE_R | PTE_U;
		space->rights[i] = on ? space->need[i] & ~(PTE_A | PTE_D) : space->need[i];
	}
}

/* One that is not in use yet; its walks come with its use (begin_use()). */
static void root_init(struct ssp_root *root)
{
	root->walk_generation = 1ull << SSP_WALK_VA_BITS;
	root->filled_generation = root->tree_generation = root->global_generation = 1;
	root->link_generation = 1;
	root->filled = root->spare = root->top = SSP_NONE;
	root->filled_count = root->tables = 0;
	root->gsatp = root->ring_page = root->log_position = root->last_use = 0;
	root->hsatp = root->asid_generation = 0;
	root->next_asid = SSP_GLOBAL;
	root->mode = SATP_BARE;
}

/*
 * All but what is written before it is read: the log, walks of unused roots, the
 * tables.  Field by field, since zeroing all of it takes longer than a call may stay.
 */
static void space_init(struct ssp_space *space)
{
	space->current = NULL;
	space->ram_base = space->ram_size = space->ram_hpa = 0;
	space->last_read = 0;
	ssp_set_ad(space, false);
	space->global_shift = 0;
	space->ring = (struct ssp_ring){ 0 };
	space->slot_count = 0;
	for (unsigned int i = 0; i < SSP_MAX_SLOTS; i++)
		space->slots[i] = (struct ssp_slot){ 0 };
	space->split = space->log_head = space->uses = 0;
	space->begun = SSP_GLOBAL + 1;
	space->roots_end = space->aged = SSP_ROOTS;
	space->sorted_at = 0;
	space->fresh = 0;
	space->free = SSP_NONE;
	for (unsigned int i = 0; i < SSP_ASID_BUCKETS; i++)
		space->asid_bucket[i] = SSP_GLOBAL;
	space->bare_mode = SATP_SV39;
	space->root_hits = space->root_misses = 0;
	for (unsigned int i = 0; i < SSP_ROOTS; i++)
		root_init(&space->roots[i]);
	for (unsigned int i = SSP_GLOBAL + 1; i < SSP_ROOTS; i++)
		space->by_age[i - SSP_GLOBAL - 1] = i;
}

bool ssp_init(struct ssp_space *space, uint64_t pool_hpa, struct ssp_table *tables,
	      uint32_t table_count, uint16_t offered, bool fence_after_fill)
{
	struct ssp_table *global;
	enum ssp_fence owed = SSP_FENCE_NONE; /* and stays: nothing is recycled yet */

	if (table_count < SSP_MIN_TABLES || pool_hpa & (PAGE_SIZE - 1) ||
	    !(offered & 1u << SATP_SV39))
		return false;

	space_init(space);
	space->pool_hpa = pool_hpa;
	space->tables = tables;
	space->table_count = space->free_count = table_count;
	ssp_tables_reset_counts(space);
	space->satp_modes = offered;
	space->fence_after_fill = fence_after_fill;
	global = ssp_table_alloc(space, &space->roots[SSP_GLOBAL], 0);
	space->global_top = table_entries(space, global);
	space->roots[SSP_GLOBAL].top = table_number(space, global);
	space->roots[SSP_GLOBAL].gsatp = ~0ull; /* nobody's */
	space->current = ssp_root_new(space, 0, &owed);
	return true;
}

void ssp_limit_roots(struct ssp_space *space, unsigned int count)
{
	space->roots_end = SSP_GLOBAL + 1 + count;
}

/* What is derived from the slots. */
static void slots_changed(struct ssp_space *space)
{
	const struct ssp_slot *ram = &space->slots[0];

	for (space->slot_count = SSP_MAX_SLOTS;
	     space->slot_count && !space->slots[space->slot_count - 1].size;)
		space->slot_count--;
	space->ram_base = pte_make(ram->gpa, 0);
	space->ram_size = ram->rights == PTE_RWX ? pte_make(ram->size, 0) : 0;
	space->ram_hpa = pte_make(ram->gpa + ram->delta, 0);
	/* They name memory that may be nobody's now. */
	for (unsigned int i = SSP_GLOBAL + 1; i < SSP_ROOTS; i++)
		ssp_root_forget_walks(&space->roots[i]);
}

void ssp_slots_set(struct ssp_space *space, const struct ssp_slot slots[SSP_MAX_SLOTS])
{
	for (unsigned int i = 0; i < SSP_MAX_SLOTS; i++)
		space->slots[i] = slots[i];
	slots_changed(space);
}

void ssp_slot_set(struct ssp_space *space, unsigned int n, struct ssp_slot slot)
{
	space->slots[n] = slot;
	slots_changed(space);
	ssp_flush_all(space);
}

static inline void bucket_remove(struct ssp_space *space, struct ssp_root *root)
{
	uint8_t *link = &space->asid_bucket[satp_asid(root->gsatp) % SSP_ASID_BUCKETS];

	while (&space->roots[*link] != root)
		link = &space->roots[*link].next_asid;
	*link = root->next_asid;
}

static inline void bucket_add(struct ssp_space *space, struct ssp_root *root)
{
	uint8_t *link = &space->asid_bucket[satp_asid(root->gsatp) % SSP_ASID_BUCKETS];

	root->ring_page = ssp_ring_page_of(satp_asid(root->gsatp));
	for (unsigned int i = *link; i != SSP_GLOBAL; i = space->roots[i].next_asid) {
		if (satp_asid(space->roots[i].gsatp) == satp_asid(root->gsatp))
			space->roots[i].ring_page = root->ring_page = 0;
	}
	root->next_asid = *link;
	*link = root - space->roots;
}

/* Roots by their last use: what nobody uses from now on stays where it is. */
static void sort_roots(struct ssp_space *space)
{
	uint8_t *by_age = space->by_age, count = space->roots_end - SSP_GLOBAL - 1;

	for (unsigned int i = 1; i < count; i++) {
		uint8_t n = by_age[i];
		unsigned int to = i;

		for (; to && space->roots[by_age[to - 1]].last_use > space->roots[n].last_use; to--)
			by_age[to] = by_age[to - 1];
		by_age[to] = n;
	}
	space->sorted_at = space->roots[by_age[count - 1]].last_use;
	space->aged = 0;
}

/* The oldest of those that were not used since: all others are younger.  NULL: there is none. */
static inline struct ssp_root *oldest_root(struct ssp_space *space)
{
	while (space->aged < space->roots_end - SSP_GLOBAL - 1) {
		struct ssp_root *root = &space->roots[space->by_age[space->aged++]];

		if (root->last_use <= space->sorted_at && root != space->current)
			return root;
	}
	return NULL;
}

/*
 * Does the guest's entry lead to the table that the shadow's links?  Then both share the global
 * mappings below.
 */
static inline bool leads_to(struct ssp_space *space, uint64_t pte, uint64_t spte)
{
	uint64_t ident = is_link(spte) ? link_table(space, spte)->ident : SSP_IDENT_SPLIT;

	if (ident & SSP_IDENT_SPLIT)
		return false;
	return (pte & ~(PTE_G | PTE_RSW)) == (ident << PTE_PPN_SHIFT | PTE_V);
}

/* What becomes of an entry of a top table that changes hands, whose guest's is at gpte. */
static inline uint64_t handed_over(struct ssp_space *space, uint64_t old, uint64_t gpte)
{
	if (is_own_link(old))
		return old & ~PTE_V;
	return leads_to(space, ssp_port_load(gpte), old) ? old : 0;
}

/* A group of them; true: something is left there. */
static inline bool hand_over_group(struct ssp_space *space, uint64_t *spte, uint64_t gpte)
{
	uint64_t any = 0;

	for (uint64_t *end = spte + GROUP_SIZE; spte != end; spte++, gpte += 8)
		if (*spte) /* most are not */
			any |= *spte = handed_over(space, *spte, gpte);
	return any;
}

static __attribute__((noinline)) struct ssp_root *asleep(struct ssp_space *space,
							 struct ssp_root *root)
{
	ssp_root_sleep(space, root);
	return root;
}

/*
 * The tree goes to sleep, and its root is another address space's, whose guest satp it has by now.
 * Links to the global tree stay where the guest's table leads to the same one: global mappings
 * exist in all address spaces ("Addressing and Memory Protection", G), so that a hart may have them
 * cached for this one.
 */
static struct ssp_root *hand_over(struct ssp_space *space, struct ssp_root *root)
{
	struct ssp_table *top = root_top(space, root);
	uint64_t table = satp_table(root->gsatp), *entries = table_entries(space, top);
	const struct ssp_slot *slot = ssp_slot_of(space, table);

	if (satp_mode(root->gsatp) == SATP_BARE || !slot || ssp_root_links_are_old(space, root) ||
	    ssp_table_has_more_groups(top, HANDED_OVER))
		return asleep(space, root);
	table += slot->delta;
	for (uint64_t groups = top->occupied; groups; groups &= groups - 1) {
		uint64_t first = lowest_bit(groups) << GROUP_SHIFT;

		if (!hand_over_group(space, entries + first, table + first * 8))
			top->occupied ^= groups & -groups;
	}
	root->tree_generation++;
	ssp_root_forget_leaves(root);
	return root;
}

/* The root is another guest satp's. */
static inline void rename_root(struct ssp_space *space, struct ssp_root *root, uint64_t gsatp)
{
	root->gsatp = gsatp;
	root->log_position = space->log_head;
	root->asid_generation = 0;
	bucket_add(space, root);
}

/* Its tree has another number of levels. */
static __attribute__((noinline)) struct ssp_root *resize(struct ssp_space *space,
							 struct ssp_root *root)
{
	root->mode = ssp_shadow_mode(space, root->gsatp);
	ssp_root_empty(space, root);
	root_top(space, root)->level = satp_modes[root->mode].levels - 1;
	return root;
}

/* A root's first use: it has a top table and no walk. */
static __attribute__((noinline)) struct ssp_root *
begin_use(struct ssp_space *space, struct ssp_root *root, uint64_t gsatp, enum ssp_fence *fence)
{
	*fence = fence_max(*fence, ssp_tables_reserve(space, 1));
	root->top = table_number(space, ssp_table_alloc(space, root, 0));
	space->begun++;
	for (unsigned int i = 0; i < SSP_WALK_CACHE; i++) {
		root->walk[i].tag = 0;
		root->path[i].tree_generation = 0;
	}
	rename_root(space, root, gsatp);
	return resize(space, root);
}

/* Give a root to another guest satp; its tree stays, asleep. */
static __attribute__((noinline)) struct ssp_root *
give_root(struct ssp_space *space, struct ssp_root *root, uint64_t gsatp, enum ssp_fence *fence)
{
	if (root->top == SSP_NONE)
		return begin_use(space, root, gsatp, fence);
	bucket_remove(space, root);
	rename_root(space, root, gsatp);
	if (root->mode != ssp_shadow_mode(space, gsatp))
		return resize(space, root);
	return hand_over(space, root);
}

static __attribute__((noinline)) struct ssp_root *give_sorted(struct ssp_space *space,
							      uint64_t gsatp, enum ssp_fence *fence)
{
	struct ssp_root *root;

	sort_roots(space);
	root = oldest_root(space);
	return give_root(space, root ? root : space->current, gsatp, fence);
}

/*
 * Roots that nobody has used yet come first, and the one that runs comes last: where there is no
 * other, the guest leaves it for good by this very switch.  What is rare stands apart, so that the
 * rest needs few registers.
 */
struct ssp_root *ssp_root_new(struct ssp_space *space, uint64_t gsatp, enum ssp_fence *fence)
{
	struct ssp_root *root = &space->roots[space->begun];

	if (space->begun == space->roots_end)
		root = oldest_root(space);
	return root ? give_root(space, root, gsatp, fence) : give_sorted(space, gsatp, fence);
}
