// SPDX-License-Identifier: BSD-2-Clause
/* access.c - one access: made, found again by what was read or written, and judged. */
#include "guest.h"

/* What is executed: in S-mode, and in U-mode if there is another way. */
struct form {
	const char *supervisor, *user;
	bool word; /* at FRAME_WORD, as the device needs it */
};

static const struct form loads[] = {
	{ supervisor_load, user_load_stub, false },
	{ supervisor_load_reserved, user_load_reserved_stub, false },
	{ supervisor_load_word, user_load_word_stub, true },
};
static const struct form stores[] = {
	{ supervisor_store, user_store_stub, false },
	{ supervisor_swap, user_swap_stub, false },
	{ supervisor_store_word, user_store_word_stub, true },
};
static const struct form fetch = { NULL, user_jump_stub, false };

/* One access on its way; `end` is where the tables lead it. */
struct trial {
	struct access access;
	const struct form *form;
	uint64_t end, value, epc;
	/* What came of it */
	uint64_t got;
	struct trap trap;
};

#define MOST 8 /* made together */

static uint64_t device_value; /* of its register */

/* Stores are told apart by their values, none of which is a PTE (RESERVED_BITS). */
static uint64_t fresh_value(const struct trial *trial)
{
	static uint32_t count;

	if (trial->form->word && trial->end == DEVICE_PAGE)
		return (device_value + 1 + choose(DEVICE_VALUES - 1)) % DEVICE_VALUES;
	count = count % 0x3fffffff + 1;
	return RESERVED_BITS | 0x40000000u | count;
}

/* The address in the page goes with the form, and the form with what is there. */
static void choose_form(struct trial *trial, unsigned int number)
{
	struct access *access = &trial->access;
	bool device = (trial->end & -PAGE) == DEVICE_PAGE;
	const struct form *forms = access->kind == LOAD ? loads : stores;
	uint64_t offset;

	if (access->kind == FETCH) {
		trial->form = &fetch;
		offset = one_in(2) ? FRAME_CODE : FRAME_CODE_END;
	} else {
		trial->form = &forms[device ? 2 : choose(2)];
		offset = trial->form->word ? FRAME_WORD :
					     (access->kind == LOAD ? FRAME_IDS : FRAME_DATA) +
						     (choose(16) * MOST + number) * 8;
	}
	access->va = (access->va & -PAGE) | offset;
}

/* Several that are made together have different numbers, and store to different words. */
static void prepare(struct trial *trial, const struct hart *hart, struct access access,
		    unsigned int number)
{
	trial->access = access;
	trial->end = model_walk(hart->satp, &trial->access);
	choose_form(trial, number);
	trial->end = model_walk(hart->satp, &trial->access);
	trial->value = fresh_value(trial);
}

/* ---- making it ---- */

static uint64_t status_of(const struct access *access)
{
	return (access->state & STATE_SUM ? SSTATUS_SUM : 0) |
	       (access->state & STATE_MXR ? SSTATUS_MXR : 0);
}

/* On its hart, with SIE set now and then, to be found in SPIE: nothing is enabled in sie. */
static uint64_t make(struct hart *hart, uint64_t at, uint64_t unused1, uint64_t unused2)
{
	struct trial *trial = (struct trial *)at;
	bool user = trial->access.state & STATE_USER, is_fetch = trial->access.kind == FETCH;
	uint64_t sie = trial->value & 1 ? SSTATUS_SIE : 0, va = trial->access.va;
	uint64_t bits = status_of(&trial->access) | (user ? sie << 4 : sie);
	uint64_t pc = user     ? world_user(hart->satp, trial->form->user) :
		      is_fetch ? va :
				 (uint64_t)trial->form->supervisor;

	(void)unused1, (void)unused2;
	trial->epc = is_fetch ? va : pc;
	trial->got = user ? probe_user(va, trial->value, pc, bits) :
			    probe_supervisor(va, trial->value, pc, bits);
	csr_clear(sstatus, SSTATUS_SIE | SSTATUS_SPIE | SSTATUS_SUM | SSTATUS_MXR);
	trial->trap = hart->trap;
	return 0;
}

/* ---- finding it again ---- */

/* The frame whose number was read, if it is one. */
static uint64_t in_frame(uint64_t number, uint64_t va)
{
	return number < FRAMES ? frames[number] | (va & (PAGE - 1)) : ENDED_NOWHERE;
}

static uint64_t where_loaded(const struct trial *trial)
{
	uint64_t va = trial->access.va, got = trial->got, number = got >> 16 & 0xffff;

	if (trial->access.kind == FETCH)
		return in_frame(got - 1, va);
	if (trial->form->word)
		return got == device_value ? DEVICE_PAGE : in_frame(got - FRAME_WORD_FIRST, va);
	return got == frame_id(number, va & (PAGE - 1)) ? in_frame(number, va) : ENDED_NOWHERE;
}

static bool has_value(uint64_t pa, const struct trial *trial)
{
	if (trial->form->word)
		return *(volatile uint32_t *)pa == (uint32_t)trial->value;
	return read64(pa) == trial->value;
}

static uint64_t where_stored(const struct trial *trial)
{
	uint64_t offset = trial->access.va & (PAGE - 1);

	if (is_ram(trial->end) && has_value(trial->end, trial))
		return trial->end;
	if (trial->form->word && has_value(DEVICE_PAGE, trial))
		return DEVICE_PAGE;
	for (unsigned int n = 0; n < FRAMES; n++)
		if (has_value(frames[n] | offset, trial))
			return frames[n] | offset;
	return ENDED_NOWHERE;
}

/* A store of a word that went to a frame hit its number. */
static void repair_word(uint64_t pa)
{
	for (unsigned int n = 0; n < FRAMES; n++)
		if (pa == (frames[n] | FRAME_WORD))
			*(volatile uint32_t *)pa = FRAME_WORD_FIRST + n;
}

static uint64_t where(const struct trial *trial)
{
	static const uint8_t page_fault[] = { CAUSE_LOAD_PAGE, CAUSE_STORE_PAGE, CAUSE_FETCH_PAGE };
	static const uint8_t access_fault[] = { CAUSE_LOAD_ACCESS, CAUSE_STORE_ACCESS,
						CAUSE_FETCH_ACCESS };
	unsigned int kind = trial->access.kind;
	uint64_t none = trial->access.state & STATE_USER ? CAUSE_USER_ECALL : CAUSE_NONE, pa;

	if (trial->trap.cause == page_fault[kind])
		return ENDED_PAGE_FAULT;
	if (trial->trap.cause == access_fault[kind])
		return ENDED_ACCESS_FAULT;
	if (trial->trap.cause != none)
		return ENDED_NOWHERE;
	if (kind != STORE)
		return where_loaded(trial);
	pa = where_stored(trial);
	if (pa == DEVICE_PAGE)
		device_value = trial->value;
	if (trial->form->word)
		repair_word(pa);
	return pa;
}

/* ---- judging it ---- */

/* "Supervisor Trap Handling": sepc, stval, SPP, SPIE; the trap leaves SIE clear. */
static void check_trap(const struct hart *hart, const struct trial *trial)
{
	const struct trap *trap = &trial->trap;
	bool user = trial->access.state & STATE_USER;
	uint64_t bits = SSTATUS_SIE | SSTATUS_SPIE | SSTATUS_SPP | SSTATUS_SUM | SSTATUS_MXR;
	uint64_t status = status_of(&trial->access) | (user ? 0 : SSTATUS_SPP);

	if (trial->value & 1)
		status |= SSTATUS_SPIE;
	if (trap->cause == CAUSE_NONE || trap->cause == CAUSE_USER_ECALL)
		return;
	if (trap->epc != trial->epc)
		broken(hart, "sepc", trap->epc, trial->epc, &trial->access);
	if (trap->tval != trial->access.va)
		broken(hart, "stval", trap->tval, trial->access.va, &trial->access);
	if ((trap->status & bits) != status)
		broken(hart, "sstatus", trap->status & bits, status, &trial->access);
}

/*
 * QEMU without parallel harts makes an AMO of a load and a store: the load may have failed first.
 */
static bool read_first(const struct hart *hart, const struct trial *trial, uint64_t end,
		       uint64_t since)
{
	struct access load = { trial->access.va, LOAD, trial->access.state };

	return trial->form->supervisor == supervisor_swap && end == ENDED_ACCESS_FAULT &&
	       model_allows(hart, &load, end, since);
}

static void judge(const struct hart *hart, const struct trial *trial, uint64_t since)
{
	uint64_t end = where(trial);

	checks_made++;
	trace("access (address; kind, state; end)", hart, trial->access.va,
	      trial->access.kind | trial->access.state << 4, end);
	if (end == trial->end)
		goto good;
	if (!model_allows(hart, &trial->access, end, since) && !read_first(hart, trial, end, since))
		broken(hart, "an access ended where it cannot", end, trial->end, &trial->access);
	stale_seen += trial->end != ENDED_EITHER_FAULT;
good:
	check_trap(hart, trial);
}

void access_check(struct hart *hart, const struct access *access)
{
	static struct trial trial;

	prepare(&trial, hart, *access, 0);
	on(hart, make, (uint64_t)&trial, 0, 0);
	judge(hart, &trial, model_now());
}

static uint64_t make_all(struct hart *hart, uint64_t trials, uint64_t count, uint64_t unused)
{
	for (struct trial *trial = (struct trial *)trials; count; count--, trial++)
		make(hart, (uint64_t)trial, unused, unused);
	return 0;
}

/*
 * On the other hart, while this one changes tables and fences; it may see each change early or
 * late.
 */
void access_race(const struct access *access, unsigned int count, void (*meanwhile)(void))
{
	static struct trial trials[MOST];
	struct hart *hart = &harts[1];
	uint64_t since = model_now();

	for (unsigned int n = 0; n < count; n++)
		prepare(&trials[n], hart, access[n], n);
	post(make_all, (uint64_t)trials, count, 0);
	meanwhile();
	collect();
	for (unsigned int n = 0; n < count; n++)
		judge(hart, &trials[n], since);
}

/* ---- what is illegal ---- */

static uint64_t make_illegal(struct hart *hart, uint64_t stub, uint64_t user, uint64_t va)
{
	uint64_t pc = user ? world_user(hart->satp, (const char *)stub) : stub;

	if (user)
		probe_user(va, va, pc, 0);
	else
		probe_supervisor(va, va, pc, 0);
	csr_clear(sstatus, SSTATUS_SPIE);
	return pc;
}

void illegal_check(struct hart *hart)
{
	bool user = one_in(2);
	const char *stub = user ? user_illegal + choose(USER_ILLEGAL) * 8 :
				  supervisor_illegal + choose(SUPERVISOR_ILLEGAL) * 8;
	struct access access = random_access(hart);
	uint64_t pc = on(hart, make_illegal, (uint64_t)stub, user, access.va);

	if (hart->trap.cause != CAUSE_ILLEGAL)
		broken(hart, "an illegal instruction's cause", hart->trap.cause, CAUSE_ILLEGAL,
		       NULL);
	if (hart->trap.epc != pc)
		broken(hart, "an illegal instruction's sepc", hart->trap.epc, pc, NULL);
}

/* The device's register holds what the guest believes. */
void access_settle(void)
{
	*(volatile uint32_t *)DEVICE_PAGE = 0;
}
