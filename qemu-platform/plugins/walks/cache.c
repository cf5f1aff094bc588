// SPDX-License-Identifier: GPL-2.0-or-later
/* cache.c - sets of ways, as cache.h has them. */
#include <stdlib.h>
#include <string.h>

#include "cache.h"

#define HINTS 256

bool cache_make(struct cache *cache, unsigned int entries, unsigned int ways, bool nested)
{
	*cache = (struct cache){ 0 };
	if (!entries)
		return true;
	if (!ways || ways > entries)
		ways = entries;
	if (entries % ways || entries > UINT16_MAX)
		return false;
	cache->ways = ways;
	cache->sets = entries / ways;
	cache->entries = calloc(entries, sizeof(*cache->entries));
	if (!nested)
		cache->hints = calloc(HINTS, sizeof(*cache->hints));
	return cache->entries && (nested || cache->hints);
}

void cache_free(struct cache *cache)
{
	free(cache->entries);
	free(cache->hints);
	*cache = (struct cache){ 0 };
}

static struct entry *set_of(struct cache *cache, uint64_t page)
{
	return &cache->entries[page % cache->sets * cache->ways];
}

static bool is_for(const struct entry *entry, struct owner owner)
{
	return entry->used && entry->owner.guest == owner.guest &&
	       (!owner.guest || entry->owner.vmid == owner.vmid) &&
	       (entry->global || entry->owner.asid == owner.asid);
}

static bool has_page(const struct entry *entry, uint64_t page)
{
	return entry->page == page >> LEVEL_BITS * entry->size;
}

static struct entry *find_in_set(struct cache *cache, uint64_t page, struct owner owner,
				 unsigned int size)
{
	struct entry *set = set_of(cache, page >> LEVEL_BITS * size);

	for (unsigned int way = 0; way < cache->ways; way++)
		if (set[way].size == size && has_page(&set[way], page) && is_for(&set[way], owner))
			return &set[way];
	return NULL;
}

/*
 * While the entry lives that a page was found in, no smaller one comes for it: whoever looks for a
 * page that such an entry would have finds the larger one, and does not walk.
 */
static bool still_holds(const struct hint *hint, uint64_t page, struct owner owner)
{
	return hint->entry && hint->page == page && hint->owner.guest == owner.guest &&
	       hint->owner.asid == owner.asid && hint->owner.vmid == owner.vmid &&
	       has_page(hint->entry, page) && is_for(hint->entry, owner);
}

static struct entry *search(struct cache *cache, uint64_t page, struct owner owner)
{
	struct entry *found = NULL;

	for (unsigned int size = 0; !found && size < SIZES; size++)
		if (cache->filled[size])
			found = find_in_set(cache, page, owner, size);
	return found;
}

struct entry *cache_find(struct cache *cache, uint64_t page, struct owner owner)
{
	struct hint *hint = cache->hints ? &cache->hints[page % HINTS] : NULL;
	struct entry *found;

	if (!cache->ways)
		return NULL;
	if (hint && still_holds(hint, page, owner))
		found = hint->entry;
	else
		found = search(cache, page, owner);
	if (!found)
		return NULL;
	if (hint)
		*hint = (struct hint){ page, owner, found };
	found->used = ++cache->clock;
	return found;
}

static void drop(struct cache *cache, struct entry *entry)
{
	if (entry->used)
		cache->filled[entry->size]--;
	entry->used = 0;
}

void cache_add(struct cache *cache, struct entry entry)
{
	struct entry *oldest;

	if (!cache->ways)
		return;
	oldest = set_of(cache, entry.page);
	for (unsigned int way = 1; way < cache->ways; way++)
		if (set_of(cache, entry.page)[way].used < oldest->used)
			oldest = &set_of(cache, entry.page)[way];
	drop(cache, oldest);
	entry.used = ++cache->clock;
	*oldest = entry;
	cache->filled[entry.size]++;
}

static bool is_within(const struct entry *entry, const struct scope *scope)
{
	return entry->owner.guest == scope->guest &&
	       (!scope->has_vmid || entry->owner.vmid == scope->vmid) &&
	       (!scope->has_page || has_page(entry, scope->page)) &&
	       (!scope->has_asid || (!entry->global && entry->owner.asid == scope->asid));
}

void cache_fence(struct cache *cache, struct scope scope)
{
	for (unsigned int at = 0; at < cache->sets * cache->ways; at++)
		if (cache->entries[at].used && is_within(&cache->entries[at], &scope))
			drop(cache, &cache->entries[at]);
}
