/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pmu.c - performance counters of a vCPU (SBI 3.0, chapter 11).
 *
 * No event costs more because somebody counts it.  What an event has come to is read from what the
 * firmware keeps at all times: the hart's own two counters, and the statistics behind the records.
 * A counter is the difference of two such readings.
 *
 *	value as the guest sees it = value at the start + (what the event has come to - begin)
 *
 * cycle and instret are read by an instruction.  instret traps always, since the hart's own counts
 * the host world as well, and cycle while the guest has configured its counter (illegal.c).
 */
#include <sbi/sbi_error.h>

#include "mmu/fence.h"
#include "trap/pmu.h"

/* ---- events ---- */

/* event_idx: 19:16 type, 15:0 code. */
#define TYPE_SHIFT         SBI_PMU_EVENT_IDX_TYPE_OFFSET
#define EVENT(type, code)  ((u32)SBI_PMU_EVENT_TYPE_##type << TYPE_SHIFT | (code))
#define EVENT_CYCLES       EVENT(HW, SBI_PMU_HW_CPU_CYCLES)
#define EVENT_INSTRUCTIONS EVENT(HW, SBI_PMU_HW_INSTRUCTIONS)

static u64 sum(const u64 *count, unsigned int n)
{
	u64 total = 0;

	while (n)
		total += count[--n];
	return total;
}

/* What the vCPU itself retired; where the hart cannot leave M-mode out, with that. */
static u64 instructions(const struct hm_vcpu *vcpu)
{
	return vcpu->pmu.insn_before + vcpu->stats.insn_guest +
	       (hart_count_below_m() - vcpu->hart->insn_mark);
}

static u64 traps_for_memory(const u64 *traps)
{
	u64 total = 0;

#define ADD(NAME, key, memory) \
	if (memory)            \
		total += traps[HM_TRAP_##NAME];
	HM_TRAPS(ADD)
#undef ADD
	return total;
}

/* Our own events, by event_data. */
static bool find_own(const struct hm_vcpu *vcpu, u64 data, u64 *come_to)
{
	const u64 *traps = vcpu->stats.traps, *exits = vcpu->stats.exits;

	if (data - HM_PMU_TRAP < HM_TRAP_KINDS) {
		*come_to = traps[data - HM_PMU_TRAP];
		return true;
	}
	if (data - HM_PMU_EXIT < HM_EXIT_COUNT) {
		*come_to = exits[data - HM_PMU_EXIT];
		return true;
	}
	switch (data) {
	case HM_PMU_EXITS: *come_to = sum(exits, HM_EXIT_COUNT); return true;
	case HM_PMU_TRAPS: *come_to = sum(traps, HM_TRAP_KINDS); return true;
	case HM_PMU_TRAPS_MEMORY: *come_to = traps_for_memory(traps); return true;
	case HM_PMU_FENCES:
		*come_to = traps[HM_TRAP_SFENCE_VA] + traps[HM_TRAP_SFENCE_ASID] +
			   traps[HM_TRAP_SFENCE_ALL];
		return true;
	default: return false;
	}
}

/*
 * SBI's.  Who interrupts a vCPU is the host's affair, so there is no IPI_RECEIVED; HFENCE is for
 * harts with H.
 */
static bool find_standard(const struct hm_vcpu *vcpu, u32 code, u64 *come_to)
{
	switch (code) {
	case SBI_PMU_FW_ILLEGAL_INSN: *come_to = vcpu->stats.traps[HM_TRAP_ILLEGAL]; return true;
	case SBI_PMU_FW_SET_TIMER: *come_to = vcpu->stats.traps[HM_TRAP_SBI_TIME]; return true;
	case SBI_PMU_FW_IPI_RECVD: return false;
	}
	if (code >= HM_PMU_COUNTED)
		return false;
	*come_to = vcpu->pmu.counted[code];
	return true;
}

/* Is there such an event, and what has it come to by now? */
static bool find_event(const struct hm_vcpu *vcpu, u64 event, u64 data, u64 *come_to)
{
	if (event == EVENT(FW, SBI_PMU_FW_PLATFORM))
		return find_own(vcpu, data, come_to);
	if (data)
		return false;
	switch (event) {
	case EVENT_CYCLES: *come_to = hart_count_all(); return true;
	case EVENT_INSTRUCTIONS: *come_to = instructions(vcpu); return true;
	}
	return event >> TYPE_SHIFT == SBI_PMU_EVENT_TYPE_FW &&
	       find_standard(vcpu, event & SBI_PMU_EVENT_IDX_CODE_MASK, come_to);
}

static u64 come_to(const struct hm_vcpu *vcpu, const struct hm_counter *counter)
{
	u64 now = 0;

	find_event(vcpu, counter->event, counter->data, &now);
	return now;
}

/* ---- a counter ---- */

static u64 value_of(const struct hm_vcpu *vcpu, const struct hm_counter *counter)
{
	return counter->value + (counter->started ? come_to(vcpu, counter) - counter->begin : 0);
}

static void start(const struct hm_vcpu *vcpu, struct hm_counter *counter)
{
	counter->begin = come_to(vcpu, counter);
	counter->started = true;
}

static void stop(const struct hm_vcpu *vcpu, struct hm_counter *counter)
{
	counter->value = value_of(vcpu, counter);
	counter->started = false;
}

/* Can it count this one?  Of the hart's each has one event. */
static bool can_count(unsigned int number, u64 event)
{
	switch (number) {
	case HM_COUNTER_CYCLE: return event == EVENT_CYCLES;
	case HM_COUNTER_INSTRET: return event == EVENT_INSTRUCTIONS;
	default: return event >> TYPE_SHIFT == SBI_PMU_EVENT_TYPE_FW;
	}
}

/* cycle is the hart's own but while a value of the guest's stands in its place. */
static void set_event(struct hm_vcpu *vcpu, unsigned int number, u32 event, u64 data)
{
	struct hm_counter *counter = &vcpu->pmu.counter[number];
	u64 trapped = event ? 1u << HM_COUNTER_CYCLE : 0;

	if (number < HM_COUNTER_FIRMWARE && !counter->event)
		counter->value = hm_pmu_read(vcpu, number);
	counter->event = event;
	counter->data = data;
	if (number != HM_COUNTER_CYCLE)
		return;
	vcpu->mcounteren = HM_GUEST_COUNTERS & ~trapped;
	hart_write(CSR_MCOUNTEREN, vcpu->mcounteren);
}

u64 hm_pmu_read(const struct hm_vcpu *vcpu, enum hm_counter_number number)
{
	const struct hm_counter *counter = &vcpu->pmu.counter[number];

	if (counter->event)
		return value_of(vcpu, counter);
	return number == HM_COUNTER_CYCLE ? hart_count_all() : instructions(vcpu);
}

void hm_pmu_hold(struct hm_vcpu *vcpu)
{
	for (unsigned int i = 0; i < HM_COUNTERS; i++)
		if (vcpu->pmu.counter[i].started)
			vcpu->pmu.counter[i].value = value_of(vcpu, &vcpu->pmu.counter[i]);
	vcpu->pmu.insn_before += vcpu->stats.insn_guest;
}

void hm_pmu_go_on(struct hm_vcpu *vcpu)
{
	for (unsigned int i = 0; i < HM_COUNTERS; i++)
		if (vcpu->pmu.counter[i].started)
			vcpu->pmu.counter[i].begin = come_to(vcpu, &vcpu->pmu.counter[i]);
}

/* ---- calls ---- */

static bool is_counter(u64 number)
{
	return number < HM_COUNTERS && number != HM_COUNTER_TIME;
}

/* Is each of the set a counter?  Then *set has bit n for counter n. */
static bool find_set(u64 base, u64 mask, u64 *set)
{
	if (base >= HM_COUNTERS || mask >> (HM_COUNTERS - base))
		return false;
	*set = mask << base;
	return !(*set & 1u << HM_COUNTER_TIME);
}

#define FOR_EACH(number, set)                                         \
	for (unsigned int number = 0; number < HM_COUNTERS; number++) \
		if ((set) >> number & 1)

/* "Get details of a counter": 64 bits each. */
static long get_info(u64 number, u64 *info)
{
	if (!is_counter(number))
		return SBI_ERR_INVALID_PARAM;
	*info = number < HM_COUNTER_FIRMWARE ? (CSR_CYCLE + number) | 63u << 12 :
					       (u64)SBI_PMU_CTR_TYPE_FW << 63 | 63u << 12;
	return SBI_SUCCESS;
}

#define CONFIG_FLAGS 0xff /* of which those of filters are hints, and not followed */

/*
 * "Find and configure a matching counter".  One that has an event is somebody's, unless the caller
 * names it; one that is started is not changed at all.
 */
static long configure(struct hm_vcpu *vcpu, const u64 *a, u64 *found)
{
	u64 set, flags = a[2], event = a[3], data = a[4], now;
	bool named = flags & SBI_PMU_CFG_FLAG_SKIP_MATCH;

	if (!find_set(a[0], a[1], &set) || flags & ~(u64)CONFIG_FLAGS)
		return SBI_ERR_INVALID_PARAM;
	if (named)
		set &= -set; /* the first one alone */
	if (!find_event(vcpu, event, data, &now))
		return SBI_ERR_NOT_SUPPORTED;
	FOR_EACH(number, set)
	{
		struct hm_counter *counter = &vcpu->pmu.counter[number];

		if (!can_count(number, event) || counter->started || (counter->event && !named))
			continue;
		set_event(vcpu, number, event, data);
		if (flags & SBI_PMU_CFG_FLAG_CLEAR_VALUE)
			counter->value = 0;
		if (flags & SBI_PMU_CFG_FLAG_AUTO_START)
			start(vcpu, counter);
		*found = number;
		return SBI_SUCCESS;
	}
	return SBI_ERR_NOT_SUPPORTED;
}

#define START_FLAGS (SBI_PMU_START_FLAG_SET_INIT_VALUE | SBI_PMU_START_FLAG_INIT_FROM_SNAPSHOT)

/* "Start a set of counters": those that are started go on, and the others start. */
static long start_set(struct hm_vcpu *vcpu, const u64 *a)
{
	u64 set, flags = a[2];
	long error = SBI_SUCCESS;

	if (!find_set(a[0], a[1], &set) || flags & ~(u64)START_FLAGS)
		return SBI_ERR_INVALID_PARAM;
	if (flags & SBI_PMU_START_FLAG_INIT_FROM_SNAPSHOT)
		return SBI_ERR_NO_SHMEM;
	FOR_EACH(number, set)
	if (!vcpu->pmu.counter[number].event)
		return SBI_ERR_INVALID_PARAM; /* nothing to count */
	FOR_EACH(number, set)
	{
		struct hm_counter *counter = &vcpu->pmu.counter[number];

		if (counter->started) {
			error = SBI_ERR_ALREADY_STARTED;
			continue;
		}
		if (flags & SBI_PMU_START_FLAG_SET_INIT_VALUE)
			counter->value = a[3];
		start(vcpu, counter);
	}
	return error;
}

#define STOP_FLAGS (SBI_PMU_STOP_FLAG_RESET | SBI_PMU_STOP_FLAG_TAKE_SNAPSHOT)

/*
 * "Stop a set of counters": Linux stops all at once to stop those that run, and stops again to take
 * the event away.
 */
static long stop_set(struct hm_vcpu *vcpu, const u64 *a)
{
	u64 set, flags = a[2];
	long error = SBI_SUCCESS;

	if (!find_set(a[0], a[1], &set) || flags & ~(u64)STOP_FLAGS)
		return SBI_ERR_INVALID_PARAM;
	if (flags & SBI_PMU_STOP_FLAG_TAKE_SNAPSHOT)
		return SBI_ERR_NO_SHMEM;
	FOR_EACH(number, set)
	{
		struct hm_counter *counter = &vcpu->pmu.counter[number];

		if (counter->started)
			stop(vcpu, counter);
		else
			error = SBI_ERR_ALREADY_STOPPED;
		if (flags & SBI_PMU_STOP_FLAG_RESET && counter->event)
			set_event(vcpu, number, 0, 0);
	}
	return error;
}

static long read_firmware(const struct hm_vcpu *vcpu, u64 number, u64 *value)
{
	if (!is_counter(number) || number < HM_COUNTER_FIRMWARE)
		return SBI_ERR_INVALID_PARAM;
	*value = value_of(vcpu, &vcpu->pmu.counter[number]);
	return SBI_SUCCESS;
}

/* The upper half of 64 bits is in fw_read's answer already. */
static long read_firmware_high(const struct hm_vcpu *vcpu, u64 number, u64 *value)
{
	long error = read_firmware(vcpu, number, value);

	*value = 0;
	return error;
}

/* ---- "Get PMU Event info" ---- */

#define INFO_SIZE 16
#define INFO_MOST 56 /* entries a call, so that none takes long; Linux asks of 52 */

/* Does the word say an event as the specification encodes one? */
static bool is_event(u32 event)
{
	u32 code = event & SBI_PMU_EVENT_IDX_CODE_MASK;

	switch (event >> TYPE_SHIFT) {
	case SBI_PMU_EVENT_TYPE_HW:
	case SBI_PMU_EVENT_TYPE_HW_CACHE:
	case SBI_PMU_EVENT_TYPE_FW: return true;
	case SBI_PMU_EVENT_TYPE_HW_RAW:
	case SBI_PMU_EVENT_TYPE_HW_RAW_V2: return !code;
	default: return false;
	}
}

/* Only raw and firmware events have data there. */
static bool has_data(u32 event)
{
	return event >> TYPE_SHIFT > SBI_PMU_EVENT_TYPE_HW_CACHE;
}

/* The entry at gpa, which lies in one page; the page was found to be the guest's to write. */
static long answer_entry(const struct hm_vcpu *vcpu, u64 gpa)
{
	u64 hpa = ssp_ring_page(&vcpu->space, gpa), now;
	u32 event = hm_load_u64(hpa), output;
	u64 data = hm_load_u64(hpa + 8);

	if (!is_event(event))
		return SBI_ERR_INVALID_PARAM;
	output = find_event(vcpu, event, has_data(event) ? data : 0, &now);
	hm_store_answer(hpa + 4, &output, sizeof(output));
	return SBI_SUCCESS;
}

/* high: of an address of 128 bits. */
static long get_event_info(const struct hm_vcpu *vcpu, const u64 *a)
{
	u64 gpa = a[0], high = a[1], entries = a[2], flags = a[3];
	long error = SBI_SUCCESS;

	if (flags || gpa & (INFO_SIZE - 1))
		return SBI_ERR_INVALID_PARAM;
	if (entries > INFO_MOST)
		return SBI_ERR_FAILED;
	for (u64 i = 0; i < entries; i++)
		if (high || !ssp_ring_page(&vcpu->space, gpa + i * INFO_SIZE))
			return SBI_ERR_INVALID_ADDRESS;
	for (u64 i = 0; i < entries && !error; i++)
		error = answer_entry(vcpu, gpa + i * INFO_SIZE);
	return error;
}

long hm_pmu_call(struct hm_vcpu *vcpu, const u64 *x, u64 *value)
{
	const u64 *a = &x[10];

	switch (x[16]) {
	case SBI_EXT_PMU_NUM_COUNTERS: *value = HM_COUNTERS; return SBI_SUCCESS;
	case SBI_EXT_PMU_COUNTER_GET_INFO: return get_info(a[0], value);
	case SBI_EXT_PMU_COUNTER_CFG_MATCH: return configure(vcpu, a, value);
	case SBI_EXT_PMU_COUNTER_START: return start_set(vcpu, a);
	case SBI_EXT_PMU_COUNTER_STOP: return stop_set(vcpu, a);
	case SBI_EXT_PMU_COUNTER_FW_READ: return read_firmware(vcpu, a[0], value);
	case SBI_EXT_PMU_COUNTER_FW_READ_HI: return read_firmware_high(vcpu, a[0], value);
	case SBI_EXT_PMU_EVENT_GET_INFO: return get_event_info(vcpu, a);
	/* SBI_EXT_PMU_SNAPSHOT_SET_SHMEM is optional. */
	default: return SBI_ERR_NOT_SUPPORTED;
	}
}
