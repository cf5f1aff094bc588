/* SPDX-License-Identifier: GPL-2.0-or-later */
/* walk.h - page walks in one stage or two ("Virtual Address Translation Process"). */
#ifndef WALKS_WALK_H
#define WALKS_WALK_H

#include "model.h"

#define SATP_MODE(satp)   ((satp) >> 60)
#define SATP_ASID(satp)   ((uint16_t)((satp) >> 44))
#define SATP_ROOT(satp)   (((satp) & (((uint64_t)1 << 44) - 1)) << PAGE_BITS)
#define HGATP_VMID(hgatp) ((uint16_t)((hgatp) >> 44 & 0x3fff))

enum outcome {
	WALK_ENDS,   /* at an entry that leads nowhere */
	WALK_UNUSED, /* at a page whose bit A is clear */
	WALK_FINDS,
};

enum outcome walk(struct model *model, const struct space *space, uint64_t va, struct entry *found);

#endif
