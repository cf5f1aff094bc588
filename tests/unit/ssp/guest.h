/* SPDX-License-Identifier: BSD-2-Clause */
/* guest.h - tables that a random guest may have, for any kind of shadow. */
#ifndef TEST_GUEST_H
#define TEST_GUEST_H

#include "choices.h"
#include "memory.h"

#define GUEST_FRAMES 24
extern const uint64_t guest_frames[GUEST_FRAMES]; /* devices, RAM, RAM without rights */
extern const uint64_t guest_ram_deltas[4];

/* A table that is mostly used at this level. */
unsigned int guest_table_of_level(struct choices *choices, int level);

uint64_t guest_random_leaf(struct choices *choices, int level);
uint64_t guest_random_link(struct choices *choices, int level);
uint64_t guest_random_pte(struct choices *choices, unsigned int table);

#endif
