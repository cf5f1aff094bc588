// SPDX-License-Identifier: BSD-2-Clause
/*
 * ring.c - the flush ring, used and misused (docs/abi.md, "The flush ring").  Where there
 * is none the same fences are made one by one.
 */
#include "ring.h"
#include "guest.h"

bool ring_there;

static volatile struct hm_ring *ring_of(const struct hart *hart)
{
	return (volatile struct hm_ring *)hart->ring_page;
}

/* ---- a ring that comes and goes ---- */

static uint64_t commit_on(struct hart *hart, uint64_t gva, uint64_t unused1, uint64_t unused2)
{
	(void)hart, (void)unused1, (void)unused2;
	__asm__ volatile("fence rw, rw" ::: "memory");
	fence_page(gva);
	return 0;
}

/* Nothing is stored into it any more, whatever is pushed. */
void ring_ended(struct hart *hart)
{
	const uint32_t mine = 0x600df00d;

	if (!hart->ring)
		return;
	hart->ring = false;
	hart->pushed = 0;
	ring_of(hart)->tail = mine;
	ring_push(ring_of(hart), HM_RING_OP_FLUSH, 0, 1, 0);
	on(hart, commit_on, hart->ring_gva, 0, 0);
	if (ring_of(hart)->tail != mine)
		broken(hart, "the tail of a ring that has ended", ring_of(hart)->tail, mine, NULL);
}

static void registered(struct hart *hart, uint64_t gpa, uint64_t gva, int64_t expected)
{
	struct sbi answer = sbi_on(hart, HM_GUEST_EXT_ID, HM_GUEST_FID_RING_SET, gpa, gva,
				   HM_RING_VERSION, 0, 0);

	if (answer.error != expected)
		broken(hart, "setting the ring", answer.error, expected, NULL);
}

/*
 * Committed by its own address, by that of another page, or by a number that is none of a page's.
 */
static void take_ring(struct hart *hart)
{
	uint64_t gva;

	if (!hart->ring_page)
		hart->ring_page = page_alloc();
	gva = one_in(4) ? 0x5550000000000000 :
	      one_in(3) ? random_access(hart).va & -PAGE :
			  hart->ring_page;
	if (!SATP_MODE(hart->satp)) {
		registered(hart, hart->ring_page, gva, SBI_DENIED);
		return;
	}
	registered(hart, hart->ring_page, gva, SBI_OK);
	hart->pushed = 0;
	hart->ring = true;
	hart->ring_gva = gva;
}

static void give_ring_back(struct hart *hart)
{
	registered(hart, HM_RING_NONE, 0, SBI_OK);
	ring_ended(hart);
}

/* ---- using it ---- */

/*
 * The invalidations that were pushed are effective from now on.  Each is about what was
 * before it was pushed: the engine may have drained it at any moment since.
 */
static void pushed_is_effective(struct hart *hart)
{
	for (unsigned int n = 0; n < hart->pushed; n++)
		if (!model_fenced(hart, hart->push[n]))
			fence_everything();
	hart->pushed = 0;
}

static void commit(struct hart *hart)
{
	trace("commit (head, tail)", hart, ring_of(hart)->head, ring_of(hart)->tail, 0);
	on(hart, commit_on, hart->ring_gva, 0, 0);
	if (ring_of(hart)->tail != ring_of(hart)->head)
		broken(hart, "entries drained by a commit", ring_of(hart)->tail,
		       ring_of(hart)->head, NULL);
	pushed_is_effective(hart);
}

static bool is_full(struct hart *hart)
{
	return ring_of(hart)->head - ring_of(hart)->tail >= HM_RING_ENTRIES ||
	       hart->pushed == PUSHED;
}

static void push(struct hart *hart, unsigned int op, uint64_t va, uint64_t pages, uint64_t asid)
{
	if (is_full(hart))
		commit(hart);
	trace("push (va, op; pages; ASID)", hart, va | op, pages, asid);
	ring_push(ring_of(hart), op, va, pages, asid);
}

/* All addresses may be said by any one. */
static void push_flush(struct hart *hart, struct fence fence, uint64_t pages)
{
	uint64_t va = pages ? fence.first : random_access(hart).va & -PAGE;

	push(hart, fence.any_asid ? HM_RING_OP_FLUSH_GLOBAL : HM_RING_OP_FLUSH, va, pages,
	     fence.asid);
	fence.time = model_now();
	hart->push[hart->pushed++] = fence;
}

static uint64_t random_length(void)
{
	if (one_in(12))
		return 0;
	return one_in(12) ? choose(1200) : 1 + choose(3);
}

static void push_fence(struct hart *hart)
{
	struct fence fence = random_fence(hart);
	uint64_t pages = fence.any_va ? 0 : random_length();

	if (pages && fence.first + pages * PAGE < fence.first)
		fence.first = -pages * PAGE;
	fence.any_va = !pages;
	fence.last = fence.first + (pages ? (pages - 1) * PAGE : 0);
	if (fence.any_asid)
		fence.asid = 0;
	push_flush(hart, fence, pages);
}

static void push_hints(struct hart *hart)
{
	for (unsigned int n = 1 + choose(6); n; n--)
		push(hart, HM_RING_OP_MAP, random_access(hart).va & -PAGE,
		     one_in(2) ? 1 : random_length(),
		     one_in(8) ? choose(4) : SATP_ASID(hart->satp));
}

/* Of one page of the address space that runs, as most are; or of all of one. */
static void flush_one(struct hart *hart)
{
	struct fence fence = random_fence(hart);

	fence.any_va = one_in(6);
	fence.any_asid = false;
	if (!one_in(4))
		fence.asid = SATP_ASID(hart->satp);
	if (fence.any_va)
		fence.first = fence.last = 0;
	if (ring_of(hart)->head != ring_of(hart)->tail && one_in(2))
		commit(hart);
	push_flush(hart, fence, !fence.any_va);
	commit(hart);
}

/* What is pushed before it is drained by the same commit. */
static void push_others(struct hart *hart)
{
	struct fence fence = random_fence(hart);

	if (one_in(3)) {
		push_hints(hart);
		return;
	}
	fence.any_va = fence.any_asid = false;
	fence.first = fence.last = random_access(hart).va & -PAGE;
	push_flush(hart, fence, 1);
}

/* A page at the end of a few, or among them. */
static uint64_t widen(struct fence *fence)
{
	uint64_t pages = 1 + choose(4), before = choose(pages) * PAGE;

	if (fence->first < before || fence->first - before + pages * PAGE < pages * PAGE)
		return 1;
	fence->first -= before;
	fence->last = fence->first + (pages - 1) * PAGE;
	return pages;
}

void ring_fence(struct hart *hart, struct fence fence)
{
	uint64_t pages;

	if (!hart->ring) {
		make_fence(hart, fence);
		return;
	}
	for (unsigned int n = choose(3); n; n--)
		push_others(hart);
	if (fence.any_asid)
		fence.asid = 0;
	pages = fence.any_va ? 0 : one_in(2) ? 1 : widen(&fence);
	push_flush(hart, fence, pages);
	commit(hart);
}

/* ---- misusing it ---- */

/* What makes no sense is a flush of everything, whatever else there is. */
static void push_nonsense(struct hart *hart)
{
	uint64_t word = chance();

	switch (choose(5)) {
	case 0: ring_push_words(ring_of(hart), word << 12 | (1 + choose(255)) << 4 | 1, 1); break;
	case 1:
		ring_push_words(ring_of(hart),
				(random_access(hart).va & -PAGE) | (one_in(2) ? 0 : 4 + choose(12)),
				SATP_ASID(hart->satp) << HM_RING_ASID_SHIFT | 1);
		break;
	case 2: ring_push_words(ring_of(hart), HM_RING_OP_FLUSH, word | 1ul << 63); break;
	case 3: ring_push_words(ring_of(hart), -PAGE | HM_RING_OP_FLUSH, 2); break;
	case 4: ring_push_words(ring_of(hart), HM_RING_OP_FLUSH_GLOBAL, 1ul << 32 | 1); break;
	}
}

/* All entries are hints that can be followed, but there cannot be so many. */
static void push_wildly(struct hart *hart)
{
	for (unsigned int n = 0; n < HM_RING_ENTRIES; n++) {
		ring_of(hart)->entry[n].va_op = (random_access(hart).va & -PAGE) | HM_RING_OP_MAP;
		ring_of(hart)->entry[n].asid_pages =
			SATP_ASID(hart->satp) << HM_RING_ASID_SHIFT | 1;
	}
	ring_of(hart)->head += HM_RING_ENTRIES + 1 + choose(200);
}

static void misuse(struct hart *hart)
{
	commit(hart);
	if (one_in(3))
		push_wildly(hart);
	else
		push_nonsense(hart);
	commit(hart);
}

/* ---- without one ---- */

static void instead(struct hart *hart)
{
	for (unsigned int n = 1 + choose(3); n; n--)
		make_fence(hart, random_fence(hart));
}

void ring_step(struct hart *hart)
{
	if (!ring_there) {
		instead(hart);
	} else if (!hart->ring) {
		take_ring(hart);
	} else {
		switch (choose(32)) {
		case 0 ... 6: push_hints(hart); break;
		case 7 ... 15: push_fence(hart); break;
		case 16 ... 22: commit(hart); break;
		case 23 ... 29: flush_one(hart); break;
		case 30: flush_all_by(hart, misuse); break;
		case 31:
			if (one_in(4))
				give_ring_back(hart);
			break;
		}
	}
}
