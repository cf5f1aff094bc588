/* SPDX-License-Identifier: BSD-2-Clause */
/* trace.c - the rings of events (trace.h), and what they hold when the firmware has come to its end. */
#ifdef HM_TRACED
#include <sbi/sbi_console.h>

#include "core/trace.h"

/* The launcher's most; others share a ring that nobody reads. */
#define HARTS     8
#define RING_SIZE (1ul << HM_TRACE_RING_SHIFT)

/* A ring is aligned to its size, wherever the firmware lies. */
u8 hm_trace_memory[(HARTS + 2) * RING_SIZE];

struct event {
	unsigned int kind;
	u64 time, value, detail;
};

static u64 ring(u32 hart)
{
	u64 first = ((u64)hm_trace_memory + RING_SIZE - 1) & -RING_SIZE;

	return first + (hart < HARTS ? hart : HARTS) * RING_SIZE;
}

void hm_trace_begin(union hm_trace *trace, u32 hart)
{
	trace->next = ring(hart);
}

/* A time of 0: it has none. */
static struct event event_of(u32 hart, u32 slot)
{
	const u64 *words = (const u64 *)(ring(hart) + (slot << HM_TRACE_SLOT_SHIFT));
	struct event event = { .value = words[0], .detail = words[HM_TRACE_DETAIL] };

	for (unsigned int kind = 0; kind < HM_TRACE_KINDS; kind++) {
		if (words[1 + kind] > event.time) {
			event.time = words[1 + kind];
			event.kind = kind;
		}
	}
	return event;
}

/* What was written last stands right before it. */
static u32 oldest(u32 hart)
{
	u64 latest = 0;
	u32 slot = 0;

	for (u32 i = 0; i < HM_TRACE_SLOTS; i++) {
		u64 time = event_of(hart, i).time;

		if (time > latest) {
			latest = time;
			slot = i + 1;
		}
	}
	return slot;
}

static const char *name_of(const struct event *event)
{
	static const char *const names[] = {
#define NAME(NAME, name, more) #name,
		HM_TRAPS(NAME) HM_TRACE_MORE(NAME)
#undef NAME
	};

	return names[event->kind];
}

static bool has_detail(const struct event *event)
{
	static const bool have[HM_TRACE_KINDS] = {
#define HAS(NAME, name, detail) [HM_TRACE_##NAME] = detail,
		HM_TRACE_MORE(HAS)
#undef HAS
	};

	return have[event->kind];
}

static const char *exit_of(u64 reason)
{
	static const char *const exits[] = {
#define NAME(number, NAME, name, reason) [number] = #name,
		HM_EXITS(NAME)
#undef NAME
	};

	return reason < array_size(exits) && exits[reason] ? exits[reason] : "?";
}

static void show_event(u32 hart, const struct event *event, void (*put)(const char *line))
{
	char more[40] = "", text[120];

	if (event->kind == HM_TRACE_EXIT)
		sbi_snprintf(more, sizeof(more), " %s", exit_of(event->detail));
	else if (has_detail(event))
		sbi_snprintf(more, sizeof(more), " %lu", (unsigned long)event->detail);
	sbi_snprintf(text, sizeof(text), "hmcode: trace: hart %u, %lu: %s%s%s, %lx\r\n", hart,
		     (unsigned long)event->time, event->kind < HM_TRAP_KINDS ? "trap " : "",
		     name_of(event), more, (unsigned long)event->value);
	put(text);
}

void hm_trace_show(void (*put)(const char *line))
{
	for (u32 hart = 0; hart < HARTS; hart++) {
		u32 first = oldest(hart);

		for (u32 i = 0; i < HM_TRACE_SLOTS; i++) {
			struct event event = event_of(hart, (first + i) % HM_TRACE_SLOTS);

			if (event.time)
				show_event(hart, &event, put);
		}
	}
}
#endif
