/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model.h - what one core's address translation does for a stream of accesses.
 *
 *   access --> L1 TLB of fetches, or of loads and stores
 *                --> L2 TLB of both
 *                      --> walk: walk cache --> tables in memory
 *                            with V=1 each address of a table, and the result, is a guest's:
 *                            cache of G-stage translations --> G-stage walk cache --> tables
 *
 * The model knows neither QEMU nor prices.  It reads tables through `read`, keeps what it read
 * until a fence or younger entries take it away, and counts.
 */
#ifndef WALKS_MODEL_H
#define WALKS_MODEL_H

#include "cache.h"

/* Key of the price list, and what it means. */
#define GEOMETRY(KEY)                                                              \
	KEY(l1i)      /* entries for fetches */                                    \
	KEY(l1i_ways) /* 0: all */                                                 \
	KEY(l1d)      /* entries for loads and stores */                           \
	KEY(l1d_ways)                                                              \
	KEY(l2) /* entries for both; 0: there is none */                           \
	KEY(l2_ways)                                                               \
	KEY(l2_superpages) /* 0: pages of 4 KiB alone */                           \
	KEY(walk_cache)    /* entries for tables of the first stage */             \
	KEY(g_walk_cache)  /* the same of the G stage */                           \
	KEY(g_cache)       /* entries for G-stage translations */                  \
	KEY(asids)         /* 0: software fences all at each change of the root */ \
	KEY(vmids)         /* 0: the same for guests */

#define COUNTS(COUNT)                                               \
	COUNT(fetches) /* changes of the page that is executed */   \
	COUNT(data)    /* loads and stores */                       \
	COUNT(l1i_misses)                                           \
	COUNT(l1d_misses)                                           \
	COUNT(l2_hits)                                              \
	COUNT(walks)       /* for accesses that succeed */          \
	COUNT(fault_walks) /* for those that end in a page fault */ \
	COUNT(walk_refs)   /* entries read in the first stage */    \
	COUNT(g_refs)      /* and in the G stage */                 \
	COUNT(walk_cache_hits)                                      \
	COUNT(g_walk_cache_hits)                                    \
	COUNT(g_cache_hits)

#define FIELD(name) name,
enum geometry_key { GEOMETRY(FIELD) GEOMETRY_KEYS };
enum count { COUNTS(FIELD) COUNT_NUMBER };
#undef FIELD

extern const char *const geometry_names[GEOMETRY_KEYS];
extern const char *const count_names[COUNT_NUMBER];

/* The registers that translation follows; without V=1, satp alone. */
struct space {
	bool guest;
	uint64_t satp; /* vsatp with V=1 */
	uint64_t hgatp;
};

typedef uint64_t read_entry(void *memory, uint64_t physical);

struct model {
	unsigned int geometry[GEOMETRY_KEYS];
	uint64_t counts[COUNT_NUMBER];
	read_entry *read;
	void *memory;
	struct cache l1i, l1d, l2, walk, g_walk, g;
};

enum access { FETCH, DATA, FAULTING }; /* FAULTING: the access ended in a page fault */

/* NULL, or what is wrong with the geometry. */
const char *model_make(struct model *model, read_entry *read, void *memory);
void model_free(struct model *model);

#define UNTRANSLATED UINT64_MAX

/* The physical address, or UNTRANSLATED. */
uint64_t model_access(struct model *model, enum access access, const struct space *space,
		      uint64_t va);

/* A fence's kind; the first two act on what belongs to `guest`, the last on the G stage. */
enum fence { FENCE_VMA, FENCE_GVMA };
void model_fence(struct model *model, enum fence fence, const struct scope *scope);

/* satp, vsatp or hgatp changed; what a core without ASIDs or VMIDs makes of it. */
void model_switch(struct model *model, const struct space *old, const struct space *now);

/* Addresses below are translated by this space. */
bool is_translated(const struct space *space);
struct owner owner_of(const struct space *space);

#endif
