/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hm_record.h - the result record of a measurement, the one writer of it.
 *
 * The firmware prints it natively, host-hv for its guests.  A record is an element of a
 * JSON text sequence (RFC 7464).  docs/abi.md ("Records") has its form with `mark` and `vm`,
 * docs/measuring.md explains the other keys; qemu-platform/hmode/records.py makes the result
 * object of it.
 */
#ifndef HM_RECORD_H
#define HM_RECORD_H

#include <stdbool.h>

#include "hm_abi.h"

/* Where a record goes: text as it stands, a number in decimal. */
struct hm_record_sink {
	void (*text)(const char *text);
	void (*number)(uint64_t number);
};

#define HM_RECORD_NATIVE  (-1)           /* no VM: the key is left out */
#define HM_RECORD_UNKNOWN (~(uint64_t)0) /* of stats.longest_m_stay: null */

/* Of 4 KiB each; of several vCPUs the sums. */
struct hm_record_tables {
	uint64_t peak, allocated, recycled, pool;
};

struct hm_record {
	unsigned int mark; /* the workload's number */
	int vm;
	bool ok;
	bool begun; /* hm_record_end() says so */
	bool split; /* whose instructions were whose is known */
	uint64_t exits[HM_REASON_COUNT];
	struct hm_stats stats; /* its exits are not looked at, nor its tables */
	bool shadowed;         /* there are shadow tables */
	struct hm_record_tables tables;
};

/* Of one counter: whether its last marker was a begin or an end.  Atomic, as any hart may mark. */
enum hm_record_state {
	HM_RECORD_FRESH, /* it has counted since the boot */
	HM_RECORD_BEGUN,
	HM_RECORD_BEGUN_AGAIN, /* with no end between: what the first begin counted is lost */
	HM_RECORD_ENDED,
};

static inline void hm_record_begin(uint32_t *state)
{
	uint32_t before = __atomic_exchange_n(state, HM_RECORD_BEGUN, __ATOMIC_RELAXED);

	if (before == HM_RECORD_BEGUN || before == HM_RECORD_BEGUN_AGAIN)
		__atomic_store_n(state, HM_RECORD_BEGUN_AGAIN, __ATOMIC_RELAXED);
}

/*
 * Whether its figures are those since the one begin that there was after the end before.  They are
 * not where two programs mark at the same moment.
 */
static inline bool hm_record_end(uint32_t *state)
{
	uint32_t before = __atomic_exchange_n(state, HM_RECORD_ENDED, __ATOMIC_RELAXED);

	return before == HM_RECORD_FRESH || before == HM_RECORD_BEGUN;
}

struct hm_record_key {
	const char *key;
	bool memory;
};

static const struct hm_record_key hm_record_reasons[HM_REASON_COUNT] = {
#define HM_RECORD_KEY(NAME, key, memory) { #key, memory },
	HM_REASONS(HM_RECORD_KEY)
};

static const struct hm_record_key hm_record_traps[HM_TRAP_KINDS] = { HM_TRAPS(HM_RECORD_KEY)
#undef HM_RECORD_KEY
};

static void hm_record_number(const struct hm_record_sink *out, const char *before, uint64_t number)
{
	out->text(before);
	out->number(number);
}

/* {"total":n,"memory":n,"<by>":{...} */
static void hm_record_counts(const struct hm_record_sink *out, const char *by,
			     const struct hm_record_key *keys, const uint64_t *counts,
			     unsigned int n)
{
	uint64_t total = 0, memory = 0;

	for (unsigned int i = 0; i < n; i++) {
		total += counts[i];
		memory += keys[i].memory ? counts[i] : 0;
	}
	hm_record_number(out, "{\"total\":", total);
	hm_record_number(out, ",\"memory\":", memory);
	out->text(by);
	for (unsigned int i = 0; i < n; i++) {
		out->text(i ? ",\"" : "\"");
		out->text(keys[i].key);
		hm_record_number(out, "\":", counts[i]);
	}
	out->text("}}");
}

static void hm_record_instructions(const struct hm_record_sink *out, const struct hm_stats *stats,
				   bool split)
{
	hm_record_number(out, ",\"instructions\":{\"total\":", stats->insn_total);
	if (!split) {
		out->text(",\"guest\":null,\"host\":null,\"hm\":null}");
		return;
	}
	hm_record_number(out, ",\"guest\":", stats->insn_guest);
	hm_record_number(out, ",\"host\":", stats->insn_host);
	hm_record_number(out, ",\"hm\":", stats->insn_hm);
	out->text("}");
}

static void hm_record_ring(const struct hm_record_sink *out, const struct hm_stats *stats)
{
	hm_record_number(out, ",\"ring\":{\"entries\":", stats->ring_entries);
	hm_record_number(out, ",\"flushes\":", stats->ring_flushes);
	hm_record_number(out, ",\"hints_used\":", stats->ring_hints_used);
	hm_record_number(out, ",\"hints_lost\":", stats->ring_hints_lost);
	out->text("}");
}

static void hm_record_shadow(const struct hm_record_sink *out, const struct hm_record *record)
{
	const struct hm_record_tables *tables = &record->tables;

	if (!record->shadowed) {
		out->text(",\"shadow\":null");
		return;
	}
	hm_record_number(out, ",\"shadow\":{\"tables_peak\":", tables->peak);
	hm_record_number(out, ",\"tables_allocated\":", tables->allocated);
	hm_record_number(out, ",\"tables_recycled\":", tables->recycled);
	hm_record_number(out, ",\"pool\":", tables->pool);
	out->text("}");
}

static void hm_record_print(const struct hm_record_sink *out, const struct hm_record *record)
{
	const struct hm_stats *stats = &record->stats;

	hm_record_number(out, "\x1e{\"mark\":", record->mark);
	if (record->vm != HM_RECORD_NATIVE)
		hm_record_number(out, ",\"vm\":", record->vm);
	out->text(record->ok ? ",\"ok\":true" : ",\"ok\":false");
	out->text(record->begun ? ",\"begun\":true" : ",\"begun\":false");
	out->text(",\"vm_exits\":");
	hm_record_counts(out, ",\"by_reason\":{", hm_record_reasons, record->exits,
			 HM_REASON_COUNT);
	out->text(",\"hm_traps\":");
	hm_record_counts(out, ",\"by_kind\":{", hm_record_traps, stats->traps, HM_TRAP_KINDS);
	hm_record_instructions(out, stats, record->split);
	hm_record_ring(out, stats);
	hm_record_shadow(out, record);
	if (stats->longest_m_stay == HM_RECORD_UNKNOWN)
		out->text(",\"longest_m_stay\":null");
	else
		hm_record_number(out, ",\"longest_m_stay\":", stats->longest_m_stay);
	out->text(",\"walk_refs\":null}\n");
}

#endif /* HM_RECORD_H */
