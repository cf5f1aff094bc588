// SPDX-License-Identifier: GPL-2.0-or-later
/* model.c - one core's TLBs over its walks (walk.c), and what fences take from both. */
#include <stddef.h>

#include "model.h"
#include "walk.h"

#define NAME(name) #name,
const char *const geometry_names[] = { GEOMETRY(NAME) };
const char *const count_names[] = { COUNTS(NAME) };

const char *model_make(struct model *model, read_entry *read, void *memory)
{
	const unsigned int *of = model->geometry;

	model->read = read;
	model->memory = memory;
	if (!cache_make(&model->l1i, of[l1i], of[l1i_ways], false) ||
	    !cache_make(&model->l1d, of[l1d], of[l1d_ways], false) ||
	    !cache_make(&model->l2, of[l2], of[l2_ways], false) ||
	    !cache_make(&model->walk, of[walk_cache], 0, true) ||
	    !cache_make(&model->g_walk, of[g_walk_cache], 0, true) ||
	    !cache_make(&model->g, of[g_cache], 0, false))
		return "entries are at most 65535, a multiple of their ways";
	return NULL;
}

void model_free(struct model *model)
{
	cache_free(&model->l1i);
	cache_free(&model->l1d);
	cache_free(&model->l2);
	cache_free(&model->walk);
	cache_free(&model->g_walk);
	cache_free(&model->g);
}

bool is_translated(const struct space *space)
{
	return SATP_MODE(space->satp) || (space->guest && SATP_MODE(space->hgatp));
}

struct owner owner_of(const struct space *space)
{
	return (struct owner){
		.guest = space->guest,
		.asid = SATP_ASID(space->satp),
		.vmid = space->guest ? HGATP_VMID(space->hgatp) : 0,
	};
}

static uint64_t within(const struct entry *entry, uint64_t va)
{
	uint64_t offset = ((uint64_t)1 << (PAGE_BITS + LEVEL_BITS * entry->size)) - 1;

	return entry->target + (va & offset);
}

/* In the L1 TLBs a page of the L2 TLB takes the place of an old one. */
static uint64_t fill(struct model *model, struct cache *l1, const struct entry *entry, uint64_t va)
{
	cache_add(l1, *entry);
	if (!entry->size || model->geometry[l2_superpages])
		cache_add(&model->l2, *entry);
	return within(entry, va);
}

static uint64_t walk_and_fill(struct model *model, enum access access, const struct space *space,
			      uint64_t va)
{
	struct entry found;
	enum outcome outcome = walk(model, space, va, &found);

	model->counts[access == FAULTING ? fault_walks : walks]++;
	if (outcome == WALK_ENDS)
		return UNTRANSLATED;
	/* A page that must not be used yet (A is clear) is no translation to keep. */
	if (outcome == WALK_UNUSED)
		return within(&found, va);
	return fill(model, access == FETCH ? &model->l1i : &model->l1d, &found, va);
}

uint64_t model_access(struct model *model, enum access access, const struct space *space,
		      uint64_t va)
{
	struct cache *l1 = access == FETCH ? &model->l1i : &model->l1d;
	uint64_t page = va >> PAGE_BITS;
	struct owner owner = owner_of(space);
	struct entry *found;

	if (!is_translated(space))
		return va;
	if (access != FAULTING)
		model->counts[access == FETCH ? fetches : data]++;
	found = cache_find(l1, page, owner);
	if (found)
		return within(found, va);
	model->counts[access == FETCH ? l1i_misses : l1d_misses]++;
	found = cache_find(&model->l2, page, owner);
	if (!found)
		return walk_and_fill(model, access, space, va);
	model->counts[l2_hits]++;
	cache_add(l1, *found);
	return within(found, va);
}

/*
 * The fence of a page is for its leaf entry alone ("Supervisor Memory-Management Fence
 * Instruction"): tables that were walked through stay.
 */
static void fence_stage_1(struct model *model, const struct scope *scope)
{
	cache_fence(&model->l1i, *scope);
	cache_fence(&model->l1d, *scope);
	cache_fence(&model->l2, *scope);
	if (!scope->has_page)
		cache_fence(&model->walk, *scope);
}

/*
 * What the first stage keeps of a guest holds physical addresses and not the guest's: nobody can
 * tell which of it a page of the guest's memory concerns, so all goes.
 */
static void fence_g_stage(struct model *model, const struct scope *scope)
{
	struct scope guests = { .guest = true, .has_vmid = scope->has_vmid, .vmid = scope->vmid };

	fence_stage_1(model, &guests);
	cache_fence(&model->g, *scope);
	if (!scope->has_page)
		cache_fence(&model->g_walk, *scope);
}

void model_fence(struct model *model, enum fence fence, const struct scope *scope)
{
	if (fence == FENCE_VMA)
		fence_stage_1(model, scope);
	else
		fence_g_stage(model, scope);
}

void model_switch(struct model *model, const struct space *old, const struct space *now)
{
	struct scope scope = { .guest = now->guest };

	if (old->satp != now->satp && !model->geometry[asids])
		fence_stage_1(model, &scope);
	if (now->guest && old->hgatp != now->hgatp && !model->geometry[vmids])
		fence_g_stage(model, &scope);
}
