/* SPDX-License-Identifier: BSD-2-Clause */
/* ring_flags.c - what the ring's page tells a producer: is anything cached, does the vCPU run? */
#include "internal.h"
#include "ring.h"

/*
 * Store buffering, with the guest's part in the ABI's chapter: flag, fence, then
 * read the gPTE; against store the PTE, push, fence, then read the flag.
 */
void ssp_ring_caches(struct ssp_space *space)
{
	space->ring.flags |= HM_RING_CACHED;
	ssp_ring_publish(&space->ring);
	ssp_port_fence();
}

/* Nothing is cached any more, but for what the hart holds: it is fenced before the guest runs. */
void ssp_ring_caches_nothing(struct ssp_space *space)
{
	space->ring.flags &= ~HM_RING_CACHED;
	ssp_ring_publish(&space->ring);
}

/* The same pattern: either this vCPU drains the entry, or its producer sees that it may run. */
void ssp_ring_enter(struct ssp_space *space)
{
	if (!space->ring.hpa)
		return;
	space->ring.flags |= HM_RING_RUNNING;
	ssp_ring_publish(&space->ring);
	ssp_port_fence();
}

/* After the guest's last access: whoever sees the flag clear sees that too. */
void ssp_ring_leave(struct ssp_space *space)
{
	if (!space->ring.hpa)
		return;
	ssp_port_fence();
	space->ring.flags &= ~HM_RING_RUNNING;
	ssp_ring_publish(&space->ring);
}
