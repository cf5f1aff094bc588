/* SPDX-License-Identifier: BSD-2-Clause */
/* machine.c - harts, host and shadow of a guest, in memory. */
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "tsp_port.h"

#define MAX_CALLS  12 /* until an access that may proceed does */
#define ZERO_BLOCK 8  /* cbo.zero is a store like others */
#define ALL_MODES  (1u << SATP_SV39 | 1u << SATP_SV48 | 1u << SATP_SV57)

uint64_t machine_fp;

static uint64_t nowhere[PTES_PER_TABLE]; /* pages without contents */
static void *book;                       /* memory of tsp_init() */
static uint64_t book_size;

void *tsp_port_guest(uint64_t hpa)
{
	uint64_t offset = hpa - memory.ram_delta - RAM_GPA;

	if (offset < sizeof(memory.guest))
		return (uint8_t *)memory.guest + offset;
	return (uint8_t *)nowhere + hpa % PAGE_SIZE;
}

uint64_t tsp_port_fp(unsigned int n)
{
	(void)n;
	return machine_fp;
}

/* -- what the host does after each call -- */

/* A host looks at what is marked, and at nothing else. */
static void refresh_roots(struct machine *m, struct machine_vcpu *vcpu)
{
	for (unsigned int i = 0; i < TSP_ROOTS; i++) {
		if (vcpu->generation[i] != vcpu->tsp.root[i].generation &&
		    !(vcpu->tsp.changed >> i & 1))
			m->broken = "a root has changed and is not marked";
		if (vcpu->generation[i] != vcpu->tsp.root[i].generation)
			hart_fence_asid(&vcpu->hart, i + 1);
		vcpu->generation[i] = vcpu->tsp.root[i].generation;
	}
	vcpu->tsp.changed = 0;
	vcpu->hart.satp = vcpu->tsp.root[vcpu->tsp.current].satp | (uint64_t)(vcpu->tsp.current + 1)
									   << SATP_ASID_SHIFT;
}

static void fence(struct hart *hart, enum ssp_fence fence, uint64_t va)
{
	switch (fence) {
	case SSP_FENCE_NONE: break;
	case SSP_FENCE_PAGE: hart_fence_page(hart, va); break;
	case SSP_FENCE_ASID: hart_fence_asid(hart, satp_asid(hart->satp)); break;
	case SSP_FENCE_ALL: hart_fence_all(hart); break;
	}
}

static struct tsp_result settle(struct machine *m, unsigned int v, struct tsp_result result,
				uint64_t va)
{
	m->result = result;
	fence(&m->vcpu[v].hart, result.fence, va);
	for (unsigned int i = 0; i < m->vcpus; i++) {
		if (i != v && result.remote)
			hart_fence_all(&m->vcpu[i].hart);
		if (i == v || result.remote)
			m->vcpu[i].tells = m->tsp.out_count;
		refresh_roots(m, &m->vcpu[i]);
	}
	return result;
}

void machine_satp(struct machine *m, unsigned int v, uint64_t satp)
{
	struct machine_vcpu *vcpu = &m->vcpu[v];

	vcpu->gsatp = ssp_satp_legal(&m->guest, vcpu->gsatp, satp);
	for (unsigned int calls = 0; calls < MAX_CALLS; calls++)
		if (settle(m, v, tsp_load_root(&m->tsp, &vcpu->tsp, vcpu->gsatp), 0).verdict !=
		    TSP_AGAIN)
			return;
	m->broken = "a root cannot be loaded";
}

/* What an exit for the fence does. */
static void flush(struct machine *m, unsigned int v, const uint64_t *va, const uint16_t *asid)
{
	m->flushes++;
	for (unsigned int calls = 0; calls < MAX_CALLS; calls++)
		if (settle(m, v,
			   tsp_fence(&m->tsp, va ? *va : 0, !!va, asid ? *asid : TSP_ALL_ASIDS), 0)
			    .verdict != TSP_AGAIN)
			return;
	m->broken = "a fence does not end";
}

void machine_fence(struct machine *m, unsigned int v, const uint64_t *va, const uint16_t *asid)
{
	struct machine_vcpu *vcpu = &m->vcpu[v];

	if (vcpu->tells)
		flush(m, v, va, asid);
	if (va)
		hart_fence_page(&vcpu->hart, *va);
	else if (!asid)
		hart_fence_all(&vcpu->hart);
	if (va || !asid)
		return;
	for (unsigned int i = 0; i < TSP_ROOTS; i++)
		if (satp_asid(vcpu->tsp.root[i].gsatp) == *asid)
			hart_fence_asid(&vcpu->hart, i + 1);
}

/* -- accesses -- */

static struct machine_access outcome(enum machine_outcome outcome, uint64_t address)
{
	return (struct machine_access){ .outcome = outcome, .address = address };
}

static struct machine_access guest_fault(const struct tsp_result *result)
{
	switch (result->fault) {
	case SSP_TRUE_FAULT: return outcome(PAGE_FAULT_AT, result->va);
	case SSP_ACCESS_FAULT: return outcome(ACCESS_FAULT_AT, result->va);
	default: return outcome(OUTSIDE_AT, result->gpa);
	}
}

static void note_access(struct machine *m, unsigned int v, uint64_t first, uint64_t last,
			enum ssp_access access, unsigned int state)
{
	m->accessing = v;
	m->access = access;
	m->state = state;
	m->first = first;
	m->last = last;
}

static struct tsp_result fault(struct machine *m, unsigned int v, uint64_t va,
			       enum ssp_access access, unsigned int state)
{
	m->faults++;
	return settle(m, v, tsp_fault(&m->tsp, &m->vcpu[v].tsp, va, access, state), va);
}

struct machine_access machine_load(struct machine *m, unsigned int v, uint64_t va,
				   enum ssp_access access, unsigned int state)
{
	note_access(m, v, va, va, access, state);
	for (unsigned int calls = 0; calls < MAX_CALLS; calls++) {
		uint64_t hpa;
		struct tsp_result result;

		if (hart_access(&m->vcpu[v].hart, va, access, state, &hpa))
			return outcome(DONE, hpa);
		result = fault(m, v, va, access, state);
		if (result.verdict == TSP_FAULT)
			return guest_fault(&result);
		if (result.verdict == TSP_PT_WRITE && access != SSP_STORE)
			m->broken = "a load is taken for a store to a table";
		if (result.verdict == TSP_PT_WRITE)
			return outcome(TO_TABLE, va);
	}
	return outcome(STUCK, va);
}

/* -- stores -- */

#define RS1 10
#define RS2 11
#define RD  12

static const uint8_t funct5[] = { 0x01, 0x00, 0x04, 0x0c, 0x08, 0x10, 0x14, 0x18, 0x1c };

unsigned int machine_store_size(enum machine_store kind)
{
	if (kind <= SD)
		return 1 << kind;
	return kind >= AMOSWAP_W && kind <= FSW ? 4 : 8;
}

/* The instruction; 0xsize of it in *len. */
static uint32_t encode(enum machine_store kind, unsigned int *len)
{
	unsigned int amo = kind >= AMOSWAP_W ? kind - AMOSWAP_W : kind - AMOSWAP;

	*len = kind == C_SD || kind == C_FSD ? 2 : 4;
	if (kind <= SD)
		return 0x23 | kind << 12 | RS1 << 15 | RS2 << 20;
	if (kind <= C_SD)
		return 0xe000 | (RS1 - 8) << 7 | (RS2 - 8) << 2;
	if (kind <= AMOMAXU_W)
		return 0x2f | (kind < AMOSWAP_W ? 3 : 2) << 12 | RD << 7 | RS1 << 15 | RS2 << 20 |
		       (uint32_t)funct5[amo] << 27;
	switch (kind) {
	case CAS_W: return 0x2f | 2 << 12 | RD << 7 | RS1 << 15 | RS2 << 20 | 5u << 27;
	case CAS: return 0x2f | 3 << 12 | RD << 7 | RS1 << 15 | RS2 << 20 | 5u << 27;
	case FSW: return 0x27 | 2 << 12 | RS1 << 15 | RS2 << 20;
	case FSD: return 0x27 | 3 << 12 | RS1 << 15 | RS2 << 20;
	case C_FSD: return 0xa000 | (RS1 - 8) << 7 | (RS2 - 8) << 2;
	case CBO_ZERO: return 0x0040200f | RS1 << 15;
	default: return 0x2f | 3 << 12 | RD << 7 | RS1 << 15 | RS2 << 20 | 3u << 27;
	}
}

static uint64_t word_result(enum machine_store kind, uint32_t old, uint32_t value)
{
	switch (kind) {
	case AMOADD_W: return old + value;
	case AMOXOR_W: return old ^ value;
	case AMOAND_W: return old & value;
	case AMOOR_W: return old | value;
	case AMOMIN_W: return (int32_t)old < (int32_t)value ? old : value;
	case AMOMAX_W: return (int32_t)old > (int32_t)value ? old : value;
	case AMOMINU_W: return old < value ? old : value;
	case AMOMAXU_W: return old > value ? old : value;
	case CAS_W: return old == CAS_EXPECTS ? value : old;
	default: return value;
	}
}

uint64_t machine_store_result(enum machine_store kind, uint64_t old, uint64_t value)
{
	switch (kind) {
	case AMOADD: return old + value;
	case AMOXOR: return old ^ value;
	case AMOAND: return old & value;
	case AMOOR: return old | value;
	case AMOMIN: return (int64_t)old < (int64_t)value ? old : value;
	case AMOMAX: return (int64_t)old > (int64_t)value ? old : value;
	case AMOMINU: return old < value ? old : value;
	case AMOMAXU: return old > value ? old : value;
	case CAS: return old == CAS_EXPECTS ? value : old;
	default:
		if (machine_store_size(kind) == 8)
			return kind == CBO_ZERO ? 0 : value;
		return word_result(kind, old, value);
	}
}

bool machine_is_table(const struct machine *m, uint64_t hpa)
{
	uint64_t gfn = (hpa - m->guest.slots[0].delta) >> PAGE_SHIFT;

	for (uint32_t n = m->tsp.oldest; n != TSP_NONE; n = m->tsp.tables[n].newer)
		if (m->tsp.tables[n].gfn == gfn && !m->tsp.tables[n].role &&
		    m->tsp.tables[n].step != TSP_OUT_OF_STEP)
			return true;
	return false;
}

static void check_not_a_table(struct machine *m, uint64_t hpa)
{
	if (machine_is_table(m, hpa))
		m->broken = "a store reaches a guest table unseen";
}

/* The hart lets the store through: byte by byte, on one page or two. */
static struct machine_access store_directly(struct machine *m, enum machine_store kind,
					    uint64_t value, const uint64_t *hpa, unsigned int first)
{
	unsigned int size = machine_store_size(kind);
	uint64_t old = 0;

	for (unsigned int i = 0; i < size; i++) {
		uint64_t at = i < first ? hpa[0] + i : hpa[1] + i - first;

		check_not_a_table(m, at);
		old |= (uint64_t) * (uint8_t *)tsp_port_guest(at) << 8 * i;
	}
	value = machine_store_result(kind, old, value);
	for (unsigned int i = 0; i < size; i++)
		*(uint8_t *)tsp_port_guest(i < first ? hpa[0] + i : hpa[1] + i - first) =
			value >> 8 * i;
	return (struct machine_access){
		.outcome = DONE,
		.address = hpa[0],
		.loaded = kind == SC ? 0 :
			  size == 4  ? (uint64_t)(int32_t)old :
				       old,
	};
}

/* Both pages of a store, from the hart; false: it faults at *va. */
static bool let_through(struct machine *m, unsigned int v, uint64_t *va, unsigned int size,
			unsigned int state, uint64_t *hpa)
{
	uint64_t last = *va + size - 1;

	if (!hart_access(&m->vcpu[v].hart, *va, SSP_STORE, state, &hpa[0]))
		return false;
	if (!((*va ^ last) >> PAGE_SHIFT))
		return true;
	*va = last & ~(PAGE_SIZE - 1);
	return hart_access(&m->vcpu[v].hart, *va, SSP_STORE, state, &hpa[1]);
}

static struct tsp_result emulate(struct machine *m, unsigned int v, uint64_t va, uint64_t fault_va,
				 uint64_t fault_gpa, enum machine_store kind, uint64_t value,
				 unsigned int state, uint64_t *loaded)
{
	bool fp = kind == FSW || kind == FSD || kind == C_FSD;
	uint64_t x[32] = { [RS1] = va, [RS2] = fp ? ~value : value, [RD] = CAS_EXPECTS };
	unsigned int len;
	uint32_t insn = encode(kind, &len);
	struct tsp_result result;

	machine_fp = fp ? value : ~value;
	m->pt_writes++;
	result = tsp_store(&m->tsp, &m->vcpu[v].tsp, fault_va, fault_gpa, insn, len, state, x);
	*loaded = x[RD];
	return settle(m, v, result, fault_va);
}

struct machine_access machine_store(struct machine *m, unsigned int v, uint64_t va,
				    enum machine_store kind, uint64_t value, unsigned int state)
{
	unsigned int first = PAGE_SIZE - va % PAGE_SIZE;

	note_access(m, v, va, va + machine_store_size(kind) - 1, SSP_STORE, state);
	for (unsigned int calls = 0; calls < MAX_CALLS; calls++) {
		uint64_t hpa[2], at = va, loaded = 0;
		struct tsp_result result;

		if (let_through(m, v, &at, machine_store_size(kind), state, hpa))
			return store_directly(m, kind, value, hpa, first);
		result = fault(m, v, at, SSP_STORE, state);
		if (result.verdict == TSP_PT_WRITE)
			result = emulate(m, v, va, at, result.gpa, kind, value, state, &loaded);
		switch (result.verdict) {
		case TSP_FAULT: return guest_fault(&result);
		case TSP_MISALIGNED: return outcome(MISALIGNED, result.va);
		case TSP_STORED:
			return (struct machine_access){ .outcome = DONE, .loaded = loaded };
		default: break;
		}
	}
	return outcome(STUCK, va);
}

/* -- set-up -- */

void machine_set_ad(struct machine *m, unsigned int v, bool on)
{
	ssp_set_ad(&m->vcpu[v].guest, on);
}

static void start(struct machine *m, uint32_t tables, bool fence_after_fill)
{
	uint64_t needed = tsp_memory_size(&m->guest, tables);

	if (needed > book_size) {
		free(book);
		book = malloc(needed);
		book_size = needed;
		memset(book, 0xa5, needed); /* it need not be clean */
	}
	if (!tsp_init(&m->tsp, &m->guest, POOL_HPA, book, tables, fence_after_fill, ZERO_BLOCK))
		m->broken = "tsp_init() refuses";
	m->tsp.lets_go = m->lets_go;
	for (unsigned int v = 0; v < m->vcpus; v++) {
		bool sets_ad = m->vcpu[v].guest.sets_ad;

		m->vcpu[v].guest = m->guest;
		machine_set_ad(m, v, sets_ad);
		tsp_add_vcpu(&m->tsp, &m->vcpu[v].tsp, &m->vcpu[v].guest);
		hart_fence_all(&m->vcpu[v].hart);
	}
	for (unsigned int v = 0; v < m->vcpus; v++)
		machine_satp(m, v, m->vcpu[v].gsatp);
}

void machine_init(struct machine *m, uint64_t delta, uint32_t tables, unsigned int vcpus,
		  bool fence_after_fill)
{
	struct choices choices = m->choices;
	bool lets_go = m->lets_go;

	memset(m, 0, sizeof(*m));
	m->choices = choices;
	m->lets_go = lets_go;
	memory_reset(delta, tables);
	m->guest.bare_mode = SATP_SV39;
	m->guest.satp_modes = ALL_MODES;
	m->guest.slot_count = 1;
	m->guest.slots[0] = (struct ssp_slot){ RAM_GPA, RAM_SIZE, delta, PTE_RWX };
	m->vcpus = vcpus;
	for (unsigned int v = 0; v < vcpus; v++)
		m->vcpu[v].hart.choices = &m->choices;
	start(m, tables, fence_after_fill);
}

void machine_slot(struct machine *m, unsigned int n, struct ssp_slot slot)
{
	m->guest.slots[n] = slot;
	m->guest.slot_count = n < m->guest.slot_count ? m->guest.slot_count : n + 1;
	start(m, m->tsp.table_count, m->tsp.fence_after_fill);
}

void machine_reset(struct machine *m)
{
	settle(m, 0, tsp_reset(&m->tsp), 0);
	for (unsigned int v = 0; v < m->vcpus; v++)
		machine_satp(m, v, m->vcpu[v].gsatp);
}

void machine_check(struct machine *m)
{
	const char *broken = tsp_check(&m->tsp);

	for (unsigned int v = 0; v < m->vcpus; v++)
		broken = broken ? broken : m->vcpu[v].hart.broken;
	broken = broken ? broken : memory.broken;
	m->broken = m->broken ? m->broken : broken;
}
