/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tlb.c - tests/unit/ssp/hart.h for each hart of the model: its functions have the names of
 * metal/hart.h's, so that nothing here includes that.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../../unit/ssp/hart.h"
#include "../../unit/ssp/oracle.h"
#include "../../unit/ssp/ssp_port.h"

#define HARTS 2

static struct hart harts[HARTS];

void tlb_begin(unsigned int hart, struct choices *choices);
bool tlb_access(unsigned int hart, uint64_t satp, const struct access *access, uint64_t *hpa);
void tlb_fence_all(unsigned int hart);
void tlb_fence_page(unsigned int hart, uint64_t va);
void tlb_fence_asid(unsigned int hart, uint16_t asid);
void *fuzz_walked(uint64_t hpa);

/* Where the hart's walker reads: host-hv's tables are not looked at, so it is in the pool. */
uint64_t *ssp_port_table(uint64_t hpa)
{
	return fuzz_walked(hpa);
}

void tlb_begin(unsigned int hart, struct choices *choices)
{
	harts[hart] = (struct hart){ .choices = choices };
}

bool tlb_access(unsigned int hart, uint64_t satp, const struct access *access, uint64_t *hpa)
{
	bool through;

	harts[hart].satp = satp;
	through = hart_access(&harts[hart], access->va, access->kind, access->state, hpa);
	if (harts[hart].broken) {
		fprintf(stderr, "%s\n", harts[hart].broken);
		abort();
	}
	return through;
}

void tlb_fence_all(unsigned int hart)
{
	hart_fence_all(&harts[hart]);
}

void tlb_fence_page(unsigned int hart, uint64_t va)
{
	hart_fence_page(&harts[hart], va);
}

void tlb_fence_asid(unsigned int hart, uint16_t asid)
{
	hart_fence_asid(&harts[hart], asid);
}
