/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sizes.h - how large page tables and the engine's own structures are.  Who proves this text
 * (tests/prove) includes smaller ones first.
 */
#ifndef SSP_SIZES_H
#define SSP_SIZES_H

/* Privileged specification, "Sv39", "Sv48", "Sv57". */
#define PTE_INDEX_BITS 9
#define SV39_LEVELS    3

#define SSP_ROOTS        17 /* the global tree and 16 guest satp values */
#define SSP_ASID_BUCKETS 64
#define SSP_LOG_SIZE     64 /* flushes by address that a root may lag behind */
#define SSP_WALK_CACHE   16 /* entries a root */
#define SSP_MAX_SLOTS    8
#define SSP_EAGER_TABLES 16 /* filled tables cleared within one flush; above, lazily */
#define SSP_MIN_TABLES   32 /* all top tables and two longest paths */

/* Of one drain of a ring (ring.c), in pages whose leaf tables the walk cache knows. */
#define FLUSH_BUDGET   64
#define HINT_BUDGET    32 /* and in entries */
#define COST_OF_WALK   4  /* down the current root and the global tree */
#define COST_OF_UNLINK 8  /* of the global tree: a look at every root */
#define COST_OF_SPACE  32 /* one ASID: ssp_flush_asid(); or two leaf tables: ssp_flush_range() */

#endif
