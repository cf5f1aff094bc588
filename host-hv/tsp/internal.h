/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * internal.h - what the files of tsp/ share among themselves.  Each file calls only those to its
 * right:
 *
 *	fault, store, root, flush > table > step > entry > index, out, cached
 */
#ifndef TSP_INTERNAL_H
#define TSP_INTERNAL_H

#include "bits.h"
#include "ssp/geometry.h"
#include "ssp/ssp.h"
#include "ssp/walk.h"
#include "ssp_port.h"
#include "tsp.h"
#include "tsp_port.h"

#define ROLE_BITS (PTE_RWX | PTE_U | PTE_G)

/* What a shadow table stands for. */
struct tsp_key {
	uint64_t gfn;
	uint8_t level;
	uint8_t role;
};

/* What the guest says that an entry should be: a leaf, a link to a child, or nothing. */
struct tsp_want {
	uint64_t leaf;      /* the sPTE, or 0 */
	bool child;         /* if leaf is 0 */
	struct tsp_key key; /* of the child, or of the pieces instead of the leaf */
};

/* The slot of a GPA that is known to lie in one. */
static inline const struct ssp_slot *tsp_slot(const struct tsp *tsp, uint64_t gpa)
{
	const struct ssp_slot *slot = tsp->guest->slots;

	while (slot < tsp->guest->slots + SSP_MAX_SLOTS - 1 && gpa - slot->gpa >= slot->size)
		slot++;
	return slot;
}

static inline uint32_t tsp_number(const struct tsp *tsp, const struct tsp_table *table)
{
	return table - tsp->tables;
}

static inline struct tsp_table *tsp_table_at(const struct tsp *tsp, uint32_t number)
{
	return number == TSP_NONE ? NULL : &tsp->tables[number];
}

static inline uint64_t tsp_hpa(const struct tsp *tsp, const struct tsp_table *table)
{
	return tsp->pool_hpa + ((uint64_t)tsp_number(tsp, table) << PAGE_SHIFT);
}

static inline uint64_t *tsp_entries(const struct tsp *tsp, const struct tsp_table *table)
{
	return ssp_port_table(tsp_hpa(tsp, table));
}

static inline struct tsp_table *tsp_child(const struct tsp *tsp, uint64_t link)
{
	return &tsp->tables[(pte_address(link) - tsp->pool_hpa) >> PAGE_SHIFT];
}

static inline uint64_t tsp_link(const struct tsp *tsp, const struct tsp_table *table)
{
	return pte_make(tsp_hpa(tsp, table), PTE_V);
}

static inline void tsp_owe(struct tsp *tsp, enum ssp_fence fence)
{
	tsp->fence = fence_max(tsp->fence, fence);
}

/* Some hart may have cached what is taken away: rules 1 to 3 of the shadow. */
static inline void tsp_owe_everywhere(struct tsp *tsp)
{
	tsp->fence = SSP_FENCE_ALL;
	tsp->remote = true;
}

/* Between two calls the fences were carried out; with one vCPU nothing walks in between. */
static inline bool tsp_is_shared(const struct tsp *tsp)
{
	return tsp->vcpu_count > 1;
}

/* table.c: the life of tables. */
void tsp_begin(struct tsp *tsp);
struct tsp_result tsp_end(struct tsp *tsp, enum tsp_verdict verdict);
bool tsp_reserve(struct tsp *tsp, uint32_t wanted);
struct tsp_table *tsp_create(struct tsp *tsp, const struct tsp_key *key);
struct tsp_table *tsp_find_or_create(struct tsp *tsp, const struct tsp_key *key);
void tsp_zap(struct tsp *tsp, struct tsp_table *table);

/* root.c */
void tsp_match_privilege(struct tsp *tsp, struct tsp_vcpu *vcpu, bool user);

/* step.c: leaf tables that go out of step, and come back. */
bool tsp_let_go(struct tsp *tsp, const struct tsp_vcpu *vcpu, uint64_t gpa);
void tsp_call_back(struct tsp *tsp, struct tsp_table *table);
void tsp_call_back_below(struct tsp *tsp, const struct tsp_table *top, uint64_t except);
void tsp_compare(struct tsp *tsp);

/* Calls of tables back that this call cannot rely on yet. */
static inline bool tsp_waits(const struct tsp *tsp)
{
	return tsp->called_back;
}

/* entry.c: entries, chains and protection. */
struct tsp_region *tsp_region(const struct tsp *tsp, uint64_t gpa, int level); /* of RAM */
void tsp_entry_clear(struct tsp *tsp, struct tsp_table *table, unsigned int index);
void tsp_entry_put(struct tsp *tsp, struct tsp_table *table, unsigned int index, uint64_t value);
void tsp_entry_sync(struct tsp *tsp, struct tsp_table *table, unsigned int index);
enum ssp_verdict tsp_mark(struct tsp *tsp, const struct tsp_vcpu *vcpu, uint64_t va,
			  enum ssp_access access, unsigned int state, struct ssp_guest_walk *walk);
void tsp_protect(struct tsp *tsp, const struct tsp_table *table);
void tsp_release(struct tsp *tsp, const struct tsp_table *table);
void tsp_protect_frame(struct tsp *tsp, const struct tsp_table *table);
void tsp_release_frame(struct tsp *tsp, const struct tsp_table *table);
uint32_t *tsp_chain_of(const struct tsp *tsp, const struct tsp_table *table, uint64_t entry);
struct tsp_want tsp_wanted(const struct tsp *tsp, const struct tsp_table *table,
			   unsigned int index);

/* out.c: which leaf tables are out of step. */
void tsp_add_out(struct tsp *tsp, struct tsp_table *table);
void tsp_forget_step(struct tsp *tsp, struct tsp_table *table);
uint32_t tsp_find_out_below(const struct tsp *tsp, uint32_t n, const struct tsp_table *top,
			    uint64_t except);
bool tsp_has_out_below(const struct tsp *tsp, const struct tsp_table *top);

/* index.c: where tables are found. */
void tsp_index_add(struct tsp *tsp, struct tsp_table *table);
void tsp_index_remove(struct tsp *tsp, struct tsp_table *table);
struct tsp_table *tsp_find(const struct tsp *tsp, const struct tsp_key *key);
/* The guest tables of a frame's, one after the other; NULL: the first. */
struct tsp_table *tsp_next_of(const struct tsp *tsp, uint64_t gfn, const struct tsp_table *table);
void tsp_use(struct tsp *tsp, struct tsp_table *table);
void tsp_doom(struct tsp *tsp, struct tsp_table *table);

/* cached.c */
void tsp_forget_root(struct tsp *tsp, const struct tsp_table *table);
void tsp_forget_all_roots(struct tsp_vcpu *vcpu);

#endif
