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
	space->roots_end = SSP_ROOTS;
	space->fresh = 0;
	space->free = SSP_NONE;
	for (unsigned int i = 0; i < SSP_ASID_BUCKETS; i++)
		space->asid_bucket[i] = SSP_GLOBAL;
	space->bare_mode = SATP_SV39;
	space->root_hits = space->root_misses = 0;
	for (unsigned int i = 0; i < SSP_ROOTS; i++)
		root_init(&space->roots[i]);
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

uint64_t ssp_root_hpa(const struct ssp_space *space, const struct ssp_root *root)
{
	return table_hpa(space, &space->tables[root->top]);
}

/*
 * "Supervisor Address Translation and Protection (satp) Register": a write
 * with an unsupported MODE has no effect; a bare mode has no other field.
 */
uint64_t ssp_satp_legal(const struct ssp_space *space, uint64_t old, uint64_t value)
{
	if (satp_mode(value) == SATP_BARE)
		return 0;
	return space->satp_modes >> satp_mode(value) & 1 ? value : old;
}

static void bucket_remove(struct ssp_space *space, struct ssp_root *root)
{
	uint8_t *link = &space->asid_bucket[satp_asid(root->gsatp) % SSP_ASID_BUCKETS];

	while (&space->roots[*link] != root)
		link = &space->roots[*link].next_asid;
	*link = root->next_asid;
}

static void bucket_add(struct ssp_space *space, struct ssp_root *root)
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

/*
 * Those that nobody has used yet come first, and the one that runs comes last: where there is no
 * other, the guest leaves it for good by this very switch.
 */
static struct ssp_root *choose_root(struct ssp_space *space)
{
	struct ssp_root *oldest = space->current, *end = space->roots + space->roots_end;
	uint64_t least = ~0ull;

	if (space->begun < space->roots_end)
		return &space->roots[space->begun];
	for (struct ssp_root *root = space->roots + SSP_GLOBAL + 1; root != end; root++) {
		if (root->last_use >= least || root == space->current)
			continue;
		least = root->last_use;
		oldest = root;
	}
	return oldest;
}

/* A root's first use: it has a top table and no walk. */
static void begin_use(struct ssp_space *space, struct ssp_root *root)
{
	root->top = table_number(space, ssp_table_alloc(space, root, 0));
	space->begun++;
	for (unsigned int i = 0; i < SSP_WALK_CACHE; i++) {
		root->walk[i].tag = 0;
		root->path[i].tree_generation = 0;
	}
}

/* Give a root, found by choose_root(), to another guest satp; its tree stays, asleep. */
struct ssp_root *ssp_root_new(struct ssp_space *space, uint64_t gsatp, enum ssp_fence *fence)
{
	struct ssp_root *root = choose_root(space);
	int level;

	if (root->top == SSP_NONE) {
		*fence = fence_max(*fence, ssp_tables_reserve(space, 1));
		begin_use(space, root);
	} else {
		bucket_remove(space, root);
	}
	root->gsatp = gsatp;
	root->mode = ssp_shadow_mode(space, gsatp);
	level = satp_modes[root->mode].levels - 1;
	if (root_top(space, root)->level == level)
		ssp_root_hand_over(space, root);
	else
		ssp_root_empty(space, root);
	root_top(space, root)->level = level;
	root->log_position = space->log_head;
	root->asid_generation = 0;
	bucket_add(space, root);
	return root;
}
