// SPDX-License-Identifier: BSD-2-Clause
/*
 * ram.c - RAM that is mapped twice: where the firmware uses it, what it must not touch during a
 * step is not accessible, and any access there ends the run.  The fuzzer uses the other mapping.
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/pool.h"
#include "core/ram.h"

#define SIZE       (FUZZ_END - RAM_BASE)
/* In one stay of M-mode, reads of what is not its own; a drain of a full ring twice is 512. */
#define MOST_READS 3000

struct machine machine;
struct fuzz_written fuzz_written;

static int file = -1;
static enum { CALL_VIEW, ENTRY_VIEW, TRAP_VIEW } view;
static unsigned int viewer;
static unsigned int countdown;

/* What is accessible beside the page of answers; each a range.  LENDERS: lenders_page(). */
enum part { OF_POOL, RUN_PAGE, LENDERS, OF_GUEST, PARTS };
#define POOL ((struct range){ POOL_BASE, POOL_END - POOL_BASE })
static struct range shown[PARTS];

/* Pages that an input left something in, to be empty for the next. */
#define MOST_DIRTY 512
static u64 dirty[MOST_DIRTY];
static unsigned int dirty_count;

static void map(u64 at)
{
	if (mmap((void *)at, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_NORESERVE,
		 file, 0) != (void *)at)
		fail_msg("no memory at %#lx", at);
}

static void protect(struct range range, bool accessible)
{
	if (range.size)
		assert_true(!mprotect((void *)range.base, range.size,
				      accessible ? PROT_READ | PROT_WRITE : PROT_NONE));
}

/* Most often nothing changes. */
static void show(const struct range want[PARTS])
{
	bool same = true;

	for (unsigned int i = 0; i < PARTS; i++) {
		if (shown[i].base == want[i].base && shown[i].size == want[i].size)
			continue;
		protect(shown[i], false);
		same = false;
	}
	for (unsigned int i = 0; i < PARTS && !same; i++)
		protect(want[i], true);
	protect((struct range){ ANSWERS, same ? 0 : PAGE_SIZE }, true);
	memcpy(shown, want, sizeof(shown));
}

static void begin_once(void)
{
	file = memfd_create("ram", 0);
	assert_true(!ftruncate(file, SIZE));
	map(RAM_BASE);
	map((u64)ALIAS(RAM_BASE));
	protect((struct range){ RAM_BASE, SIZE }, false);
	hm_banks[0] = (struct range){ RAM_BASE, SIZE };
	hm_bank_count = 1;
	hm_pool_init(POOL_BASE, POOL_END - POOL_BASE);
}

void ram_begin(void)
{
	static u64 last_delta;

	if (file < 0)
		begin_once();
	for (; dirty_count; dirty_count--)
		memset(ALIAS(dirty[dirty_count - 1]), 0, PAGE_SIZE);
	for (unsigned int n = 0; n < REGIONS; n++)
		memset(ALIAS(REGION(n) + last_delta), 0, (GUEST_TABLES + FUZZ_VCPUS) * PAGE_SIZE);
	last_delta = fuzz.delta;
	ram_for_call();
}

u64 ram_home(unsigned int vm, u64 gpa)
{
	return REGION(REGION_OF(vm)) + fuzz.delta + gpa - RAM_GPA;
}

/* Where the fuzzer may write, other than to a guest's tables and rings. */
void *ram_dirty(u64 hpa)
{
	if (dirty_count && dirty[dirty_count - 1] == (hpa & -PAGE_SIZE))
		return ALIAS(hpa);
	if (dirty_count == MOST_DIRTY)
		return NULL;
	dirty[dirty_count++] = hpa & -PAGE_SIZE;
	return ALIAS(hpa);
}

/* All of its own.  A guest's memory is looked after by the seam (check_slot()). */
void ram_for_call(void)
{
	struct range want[PARTS] = { [OF_POOL] = POOL };

	want[RUN_PAGE] = shown[RUN_PAGE];
	want[LENDERS] = shown[LENDERS];
	want[OF_GUEST] = shown[OF_GUEST];
	countdown = 0;
	machine.reads = 0;
	view = CALL_VIEW;
	show(want);
}

static void show_guest(unsigned int vcpu, struct range pool, struct range lenders, bool hosts)
{
	struct range want[PARTS] = {
		[OF_POOL] = pool,
		[RUN_PAGE] = { fuzz.vcpu[vcpu].run, PAGE_SIZE },
		[LENDERS] = lenders,
		[OF_GUEST] = { REGION(REGION_OF(fuzz.vcpu[vcpu].vm)), REGION_SIZE },
	};

	if (hosts) {
		want[RUN_PAGE] = (struct range){ FIRMWARE_END, POOL_BASE - FIRMWARE_END };
		want[OF_GUEST] = (struct range){ POOL_END, FUZZ_END - POOL_END };
	}
	countdown = 0;
	machine.reads = 0;
	fuzz_written.bytes = 0;
	viewer = vcpu;
	show(want);
}

/* The run page of another vCPU, whose CSRs are in the hart: a stay in which they are saved. */
static struct range lenders_page(unsigned int vcpu)
{
	const struct hm_vcpu *lender = machine.hart->lent_to;

	for (unsigned int i = 0; lender && i < HM_MAX_VCPUS; i++)
		if (i != vcpu && hm_entries[i].vcpu == lender)
			return (struct range){ fuzz.vcpu[i].run, PAGE_SIZE };
	return (struct range){ 0 };
}

void ram_for_entry(unsigned int vcpu)
{
	view = ENTRY_VIEW;
	show_guest(vcpu, POOL, lenders_page(vcpu), false);
}

/*
 * Of its own the vCPU's alone: the object and the shadow tables behind it.  That costs much, so some
 * inputs do it.  A host may let its own tables lead to all that is its own.
 */
void ram_for_trap(unsigned int vcpu)
{
	const struct hm_vcpu *object = ALIAS((u64)hm_entries[vcpu].vcpu);
	u64 base = (u64)hm_entries[vcpu].vcpu,
	    end = object->space.pool_hpa + object->space.table_count * PAGE_SIZE;

	view = TRAP_VIEW;
	show_guest(vcpu, fuzz.guarded ? (struct range){ base, end - base } : POOL,
		   (struct range){ 0 }, hm_host_tables(object));
}

void ram_race(unsigned int reads)
{
	countdown = reads;
}

/* ---- what the firmware reads and writes ---- */

static bool is_guests(u64 hpa)
{
	return hpa >= REGION(0) && hpa < FUZZ_END;
}

/* The guest that runs, or another of its harts, stores at once to what was read. */
static void race(u64 hpa)
{
	struct fuzz_vcpu *vcpu = &fuzz.vcpu[viewer];
	u64 table = (hpa - ram_home(vcpu->vm, RAM_GPA)) >> PAGE_SHIFT, value = any_number();

	if (view == CALL_VIEW || (!is_guests(hpa) && hpa - vcpu->run >= PAGE_SIZE))
		return;
	if (!vcpu->checked) {
		if (ram_dirty(hpa))
			*(u64 *)ALIAS(hpa & -8ull) = value;
		return;
	}
	for (unsigned int i = 0; i < ORACLE_INDICES && table < GUEST_TABLES; i++)
		if (oracle_indices[i] == hpa / 8 % PTES_PER_TABLE)
			spec_write(vcpu, table, i, value);
}

static void was_read(u64 hpa)
{
	if (++machine.reads > MOST_READS)
		fail_msg("a stay of M-mode does not end");
	if (countdown && !--countdown)
		race(hpa);
}

/* Whatever a guest's is, the firmware finds it by the slots that it was told of. */
static void check_slot(u64 hpa, u64 size, u64 rights)
{
	const struct fuzz_vm *vm = &fuzz.vm[fuzz.vcpu[viewer].vm];

	if (view == CALL_VIEW)
		fail_msg("a guest's memory at %#lx during a call", hpa);
	for (unsigned int i = 0; i < HM_MAX_SLOTS; i++) {
		const struct ssp_slot *slot = &vm->slot[i];
		u64 offset = hpa - slot->delta - slot->gpa;

		if (slot->size && offset < slot->size && size <= slot->size - offset &&
		    !(rights & ~slot->rights))
			return;
	}
	fail_msg("%lu bytes at %#lx are in no slot of the guest", size, hpa);
}

uint64_t fuzz_port_load(uint64_t hpa)
{
	u64 value;

	check_slot(hpa, 8, PTE_R);
	value = *(const volatile u64 *)hpa;
	was_read(hpa);
	return value;
}

/* The engine's own words of a ring. */
void fuzz_port_store(uint64_t hpa, uint64_t value)
{
	if (hpa % PAGE_SIZE != offsetof(struct hm_ring, tail))
		fail_msg("a store at %#lx is not to a ring's tail", hpa);
	check_slot(hpa, 8, PTE_R | PTE_W);
	*(volatile u64 *)hpa = value;
}

/* A and D of a guest's PTE. */
bool fuzz_port_swap(uint64_t hpa, uint64_t old, uint64_t new)
{
	struct fuzz_vcpu *vcpu = &fuzz.vcpu[viewer];

	check_slot(hpa, 8, PTE_R | PTE_W);
	if ((old ^ new) & ~(PTE_A | PTE_D) || old & ~new)
		fail_msg("an entry changes beyond its A and D: %#lx to %#lx", old, new);
	if (*(volatile u64 *)hpa != old) {
		fuzz.forestalled++;
		return false;
	}
	if (vcpu->checked && !spec_mark(vcpu, hpa, old, new))
		return false;
	*(volatile u64 *)hpa = new;
	was_read(hpa);
	return true;
}

uint64_t *fuzz_port_table(uint64_t hpa)
{
	if (hpa < POOL_BASE || hpa >= POOL_END || hpa % PAGE_SIZE)
		fail_msg("a table at %#lx, which is not in the pool", hpa);
	return (uint64_t *)hpa;
}

/* unit/hmcode/core/untrusted.h */
void model_was_read(u64 hpa, u64 size)
{
	if (is_guests(hpa) && (view == CALL_VIEW || !hm_host_tables(hm_entries[viewer].vcpu)))
		check_slot(hpa, size, PTE_R);
	was_read(hpa);
}

void model_will_write(u64 hpa, u64 size)
{
	if (hpa == ANSWERS && view == CALL_VIEW && size <= PAGE_SIZE)
		return;
	if (view == CALL_VIEW)
		fail_msg("an answer at %#lx, where none is wanted", hpa);
	if (!hm_host_tables(hm_entries[viewer].vcpu))
		check_slot(hpa, size, PTE_R | PTE_W);
	if (fuzz_written.bytes == MOST_WRITTEN)
		fail_msg("an access of more than %u bytes", MOST_WRITTEN);
	fuzz_written.byte[fuzz_written.bytes].hpa = hpa;
	fuzz_written.byte[fuzz_written.bytes++].before = *(u8 *)ALIAS(hpa);
}

void model_copy(u64 hpa, const void *from, u64 size)
{
	memcpy((void *)hpa, from, size);
}

/* The hart walks what satp names, in the pool. */
void *fuzz_walked(u64 hpa);
void *fuzz_walked(u64 hpa)
{
	if (hpa < POOL_BASE || hpa >= POOL_END)
		fail_msg("the hart walks a table at %#lx, which is not in the pool", hpa);
	return ALIAS(hpa);
}
