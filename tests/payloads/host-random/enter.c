// SPDX-License-Identifier: BSD-2-Clause
/*
 * enter.c - one ecall, before which all is at random and after which all but a0 and a1 is as it
 * was.
 */
#include "host-random.h"

struct csrs {
	uint64_t sstatus, sie, stvec, sscratch, sepc, scause, stval, satp, scounteren, senvcfg,
		stimecmp;
};

static bool has_senvcfg, has_stimecmp;
static uint64_t roots[3]; /* of the paged host, by mode */
static const struct mode *modes;
static unsigned int mode_count;
static uint64_t limit;

uint64_t stay_limit(void)
{
	return limit;
}

#define CSR_STIMECMP 0x14d
#define STRING(x)    #x
#define NAME(number) STRING(number)

static uint64_t read_stimecmp(uint64_t a, uint64_t b)
{
	uint64_t value;

	(void)a, (void)b;
	__asm__ volatile("csrr %0, " NAME(CSR_STIMECMP) : "=r"(value));
	return value;
}

static void write_stimecmp(uint64_t value)
{
	__asm__ volatile("csrw " NAME(CSR_STIMECMP) ", %0" ::"r"(value));
}

static uint64_t read_senvcfg(uint64_t a, uint64_t b)
{
	uint64_t value;

	(void)a, (void)b;
	__asm__ volatile("csrr %0, 0x10a" : "=r"(value));
	return value;
}

/* A fourth of a GiB is enough for payload and devices; what is global is the guests' danger. */
static uint64_t host_tables(const struct mode *mode)
{
	uint64_t root = root_new(mode);

	*pte_of(mode, root, 0, 2) |= PTE_G;
	*pte_of(mode, root, GUEST_RAM, 2) |= PTE_G;
	return root;
}

void enter_init(struct hart *me)
{
	(void)me;
	has_stimecmp = attempt(read_stimecmp, 0, 0).cause == CAUSE_NONE;
	has_senvcfg = attempt(read_senvcfg, 0, 0).cause == CAUSE_NONE;
	modes = first_mode();
	mode_count = modes_from(modes);
	for (unsigned int i = 0; i < mode_count; i++)
		roots[i] = host_tables(&modes[i]);
	limit = payload_option("stay", 0);
}

/* The host's own timer ends each guest at last; time alone decides, whatever the page says. */
void host_wakes(struct hart *me, uint64_t ticks)
{
	uint64_t due = ticks == ~0ul ? ticks : csr_read(time) + ticks;

	(void)me;
	if (has_stimecmp)
		write_stimecmp(due);
	else
		sbi_call(SBI_TIME, 0, due, 0, 0, 0, 0);
	csr_set(sie, 1ul << IRQ_TIMER);
}

static void change_paging(struct hart *me)
{
	unsigned int n = below(me, mode_count + 1);

	me->paging = n < mode_count ? &modes[n] : NULL;
	csr_write(satp, me->paging ? satp_value(me->paging, roots[n], below(me, 4)) : 0);
	fence_all();
}

void host_csrs(struct hart *me)
{
	uint64_t status = SSTATUS_SPIE | SSTATUS_SPP | SSTATUS_FS | SSTATUS_SUM | SSTATUS_MXR;

	csr_clear(sstatus, status);
	csr_set(sstatus, random_value(me) & status);
	csr_write(stvec, one_in(me, 2) ? host_vector : host_vector_too);
	csr_write(sscratch, random_value(me));
	csr_write(sepc, any_value(me));
	csr_write(scause, below(me, 16));
	csr_write(stval, any_value(me));
	csr_write(scounteren, below(me, 8));
	csr_write(sie,
		  1ul << IRQ_TIMER | (random_value(me) & (1ul << IRQ_SOFT | 1ul << IRQ_EXTERNAL)));
	csr_clear(sip, 1ul << IRQ_SOFT);
	if (one_in(me, 16))
		csr_set(sip, 1ul << IRQ_SOFT);
	if (one_in(me, 8))
		change_paging(me);
}

bool host_is_interrupted(void)
{
	return csr_read(sip) & csr_read(sie);
}

static void read_csrs(struct csrs *csrs)
{
	csrs->sstatus = csr_read(sstatus);
	csrs->sie = csr_read(sie);
	csrs->stvec = csr_read(stvec);
	csrs->sscratch = csr_read(sscratch);
	csrs->sepc = csr_read(sepc);
	csrs->scause = csr_read(scause);
	csrs->stval = csr_read(stval);
	csrs->satp = csr_read(satp);
	csrs->scounteren = csr_read(scounteren);
	csrs->senvcfg = has_senvcfg ? read_senvcfg(0, 0) : 0;
	csrs->stimecmp = has_stimecmp ? read_stimecmp(0, 0) : 0;
}

static void check_csrs(struct hart *me, const struct csrs *before)
{
	static const struct {
		const char *name;
		bool lent; /* HM_RUN_LENDS_CSRS */
	} csrs[] = {
		{ "sstatus", false }, { "sie", false },      { "stvec", false },
		{ "sscratch", true }, { "sepc", true },      { "scause", true },
		{ "stval", true },    { "satp", false },     { "scounteren", true },
		{ "senvcfg", true },  { "stimecmp", false },
	};
	struct csrs after;
	const uint64_t *old = &before->sstatus, *new = &after.sstatus;

	read_csrs(&after);
	for (unsigned int i = 0; i < sizeof(csrs) / sizeof(csrs[0]); i++) {
		if (old[i] != new[i] && !(me->lends && csrs[i].lent)) {
			note(csrs[i].name);
			violation(me, "a CSR of the host changed");
		}
	}
}

/* SBI 2.0, chapter 3: "All registers except a0 & a1 must be preserved". */
static void check_registers(struct hart *me)
{
	const struct registers *r = &me->registers;

	for (unsigned int i = 1; i < 32; i++)
		if (i != 4 && i != 10 && i != 11 && r->after[i] != r->before[i])
			violation(me, "a register of the host changed");
}

/* What is in M-mode: the cycles that are not instructions below it (Smcntrpmf). */
static uint64_t in_machine_mode(void)
{
	return csr_read(cycle) - csr_read(instret);
}

void enter(struct hart *me)
{
	struct registers *r = &me->registers;
	struct csrs csrs;
	uint64_t begin;

	for (unsigned int i = 1; i < 32; i++)
		r->before[i] = random_value(me);
	r->before[17] = HM_EXT_ID;
	r->before[16] = me->fid;
	for (unsigned int i = 0; i < ARGUMENTS; i++)
		r->before[10 + i] = me->argument[i];
	if (me->races)
		race_gate(me);
	read_csrs(&csrs);
	begin = in_machine_mode();
	enter_ecall(r);
	me->stay = in_machine_mode() - begin;
	me->answer = (struct sbi){ .error = (int64_t)r->after[10], .value = r->after[11] };
	check_registers(me);
	check_csrs(me, &csrs);
}
