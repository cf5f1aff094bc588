// SPDX-License-Identifier: BSD-2-Clause
/* traps.c - what a guest does beside accesses: instructions that trap, calls, interrupts. */
#include <sbi/sbi_types.h>

#include "guest.h"

#include <sbi/sbi_ecall_interface.h>

#include "../../unit/ssp/guest.h"
#include "core/insn.h"
#include "mmu/flush.h"

#define A0 10
#define A1 11
#define A2 12

#define SINVAL_VMA(rs1, rs2)      (0x16000073u | (u32)(rs1) << 15 | (u32)(rs2) << 20)
#define CSR_INSN(op, csr, rd, rs) ((u32)(csr) << 20 | (rs) << 15 | (op) << 12 | (rd) << 7 | 0x73u)
#define WFI                       0x10500073u

static u64 *x(void)
{
	return machine.frame->x;
}

/* An instruction that traps as illegal, at an address where it may stand. */
static enum hm_next instruction(struct fuzz_vcpu *vcpu, u32 insn, bool race)
{
	u64 pc = guest_address(vcpu) & -2ull;
	enum hm_next next;

	model.csr[CSR_MEPC] = pc;
	next = guest_take(vcpu, CAUSE_ILLEGAL_INSTRUCTION, insn, race);
	if (next == HM_RESUME && !guest_was_raised() && model_read(CSR_MEPC) != pc + 4)
		fail_msg("after %#x at %#lx the pc is %#lx", insn, pc, (u64)model_read(CSR_MEPC));
	return next;
}

/* ---- fences ---- */

static void expect_fence_exit(const struct fuzz_vcpu *vcpu, u64 start, u64 size, u64 asid)
{
	const struct hm_run *run = guest_run_page(vcpu);

	if (run->exit_reason != HM_EXIT_FLUSH)
		fail_msg("exit %lu for a fence", run->exit_reason);
	if (run->fence_start != start || run->fence_size != size || run->fence_asid != asid)
		fail_msg("a fence of %#lx, %#lx, %#lx is told as one of %#lx, %#lx, %#lx", start,
			 size, asid, run->fence_start, run->fence_size, run->fence_asid);
}

static bool fence(struct fuzz_vcpu *vcpu, const u64 *va, const u64 *asid)
{
	u64 start = va ? *va & -PAGE_SIZE : 0, size = va ? PAGE_SIZE : 0,
	    number = asid ? *asid & SATP_ASID_MASK : HM_ALL_ASIDS;
	u32 insn = rarely(8) ? SINVAL_VMA(va ? A0 : 0, asid ? A1 : 0) :
			       INSN_SFENCE_VMA(va ? A0 : 0, asid ? A1 : 0);

	model.priv = PRV_S;
	x()[A0] = va ? *va : 0;
	x()[A1] = asid ? *asid : 0;
	spec_fence(vcpu, start, size, number);
	if (instruction(vcpu, insn, true) == HM_RESUME)
		return false;
	expect_fence_exit(vcpu, start, size, number);
	return true;
}

bool guest_fence_everything(struct fuzz_vcpu *vcpu)
{
	vcpu->pending = 0;
	return fence(vcpu, NULL, NULL);
}

static bool step_fence(struct fuzz_vcpu *vcpu)
{
	u64 va = guest_address(vcpu);
	u64 asid = pick(2) ? satp_asid(vcpu->satp) : pick(4);
	bool by_va = pick(8), by_asid = pick(2);

	if (rarely(8))
		asid |= 1ull << 40; /* bits above ASIDMAX are ignored */
	return fence(vcpu, by_va ? &va : NULL, by_asid ? &asid : NULL);
}

/* ---- satp ---- */

u64 guest_any_satp(const struct fuzz_vcpu *vcpu)
{
	unsigned int mode = rarely(8) ? SATP_SV39 + pick(3) : fuzz.mode;
	unsigned int few = pick(4), level = mode - SATP_SV39 + 2;
	struct choices same = { .state = few };
	unsigned int table = guest_table_of_level(pick(8) ? &same : &fuzz.choices, level);
	u64 asid = rarely(16) ? pick(65536) : pick(4);

	if (rarely(16))
		return 0;
	if (!vcpu->checked && rarely(8))
		return any_number();
	return satp_make(rarely(32) ? pick(16) : mode, asid,
			 rarely(64) ? 0x10000000 : guest_table(table));
}

/* "Supervisor Address Translation and Protection"; bare mode has no other field in hmcode. */
static u64 satp_after(const struct fuzz_vcpu *vcpu, u64 value)
{
	if (satp_mode(value) == SATP_BARE)
		return 0;
	return guest_object(vcpu)->space.satp_modes >> satp_mode(value) & 1 ? value : vcpu->satp;
}

/* A ring ends with paging, and everything is fenced. */
static void expect_ring_end(struct fuzz_vcpu *vcpu)
{
	if (vcpu->ring)
		spec_fence_all(vcpu);
	vcpu->ring = false;
	vcpu->pending = 0;
}

static bool step_satp(struct fuzz_vcpu *vcpu)
{
	u64 value = guest_any_satp(vcpu), old = vcpu->satp, after = satp_after(vcpu, value);
	unsigned int op = pick(8) ? 1 : 1 + pick(3), rd = pick(2) ? A1 : 0;

	model.priv = PRV_S;
	x()[A0] = op == 2 ? value & ~old : op == 3 ? old & ~value : value;
	if (op == 2)
		after = satp_after(vcpu, old | value);
	if (op == 3)
		after = satp_after(vcpu, old & value);
	if (satp_mode(after) == SATP_BARE)
		expect_ring_end(vcpu);
	x()[A1] = 0;
	if (instruction(vcpu, CSR_INSN(op, CSR_SATP, rd, A0), false) == HM_EXIT) {
		const struct hm_run *run = guest_run_page(vcpu);

		if ((run->exit_reason != HM_EXIT_SATP && run->exit_reason != HM_EXIT_ROOT_MISS) ||
		    run->exit_value != after)
			fail_msg("exit %lu with %#lx for satp %#lx", run->exit_reason,
				 run->exit_value, after);
		return true;
	}
	if (rd && x()[A1] != old)
		fail_msg("satp is read as %#lx, and was %#lx", x()[A1], old);
	if (hm_guest_satp(guest_object(vcpu)) != after)
		fail_msg("satp is %#lx after %#lx", hm_guest_satp(guest_object(vcpu)), after);
	if (after != old)
		spec_satp(vcpu, after);
	return false;
}

/* One address space after the other, more than there are roots, and something in each. */
static bool step_spaces(struct fuzz_vcpu *vcpu)
{
	for (unsigned int n = pick(2 * SSP_ROOTS); n; n--) {
		struct access access = { guest_address(vcpu), SSP_LOAD, 0 };

		if (spec_is_full(vcpu))
			break;
		if (step_satp(vcpu) || guest_access(vcpu, &access))
			return true;
	}
	return false;
}

/* ---- the ring ---- */

static struct hm_ring *ring(const struct fuzz_vcpu *vcpu)
{
	return ALIAS(ram_home(vcpu->vm, RING_OF(vcpu)));
}

static enum hm_next call(struct fuzz_vcpu *vcpu, u64 extension, u64 function, bool race)
{
	model.priv = PRV_S;
	model.csr[CSR_MEPC] = guest_address(vcpu) & -2ull;
	x()[17] = extension;
	x()[16] = function;
	return guest_take(vcpu, CAUSE_SUPERVISOR_ECALL, 0, race);
}

static bool set_ring(struct fuzz_vcpu *vcpu)
{
	if (!vcpu->ring) /* as an older ring had left it */
		ring(vcpu)->head = ring(vcpu)->tail = pick(65536) << pick(17);
	x()[A0] = rarely(8) ? HM_RING_NONE : rarely(8) ? any_number() : RING_OF(vcpu);
	x()[A1] = RING_GVA;
	x()[A2] = rarely(16) ? any_number() : HM_RING_VERSION;
	if (vcpu->checked && x()[A0] != HM_RING_NONE)
		x()[A0] = RING_OF(vcpu);
	if (call(vcpu, HM_GUEST_EXT_ID, HM_GUEST_FID_RING_SET, false) == HM_EXIT)
		return true;
	if (x()[A0])
		return false;
	/* Which ends what was there, and that fences everything. */
	if (vcpu->ring)
		spec_fence_all(vcpu);
	vcpu->ring = guest_object(vcpu)->ring_gpa == RING_OF(vcpu);
	vcpu->pending = 0;
	return false;
}

static bool commit(struct fuzz_vcpu *vcpu)
{
	model.priv = PRV_S;
	x()[A0] = RING_GVA;
	spec_pushed(vcpu);
	return instruction(vcpu, INSN_SFENCE_VMA(A0, 0), true) == HM_EXIT;
}

static void push_words(struct fuzz_vcpu *vcpu, u64 va_op, u64 asid_pages)
{
	struct hm_ring *page = ring(vcpu);

	page->entry[page->head % HM_RING_ENTRIES] = (struct hm_ring_entry){ va_op, asid_pages };
	page->head++;
}

static void push(struct fuzz_vcpu *vcpu, unsigned int op, u64 va, u64 pages, u64 asid)
{
	push_words(vcpu, (va & -PAGE_SIZE) | op, asid << HM_RING_ASID_SHIFT | pages);
}

static u64 any_pages(void)
{
	if (rarely(16))
		return 0;
	return rarely(16) ? pick(1200) : 1 + pick(3);
}

/* Without CACHED nothing has to be committed. */
static void push_flush(struct fuzz_vcpu *vcpu)
{
	unsigned int op = rarely(4) ? HM_RING_OP_FLUSH_GLOBAL : HM_RING_OP_FLUSH;
	u64 va = guest_address(vcpu) & -PAGE_SIZE, pages = any_pages();
	u64 asid = pick(2) ? satp_asid(vcpu->satp) : pick(4);

	if (op == HM_RING_OP_FLUSH_GLOBAL)
		asid = 0;
	push(vcpu, op, va, pages, asid);
	if (va + pages * PAGE_SIZE - 1 < va && pages)
		pages = asid = 0, op = HM_RING_OP_FLUSH_GLOBAL; /* which wraps: everything */
	vcpu->pushed[vcpu->pending].op = op;
	vcpu->pushed[vcpu->pending].va = va;
	vcpu->pushed[vcpu->pending].pages = pages;
	vcpu->pushed[vcpu->pending++].asid = asid;
	if (!(ring(vcpu)->flags & HM_RING_CACHED))
		spec_pushed(vcpu);
}

static bool is_full(const struct fuzz_vcpu *vcpu)
{
	return ring(vcpu)->head - ring(vcpu)->tail >= HM_RING_ENTRIES ||
	       vcpu->pending == HM_RING_ENTRIES;
}

/* What makes no sense is a flush of everything, whatever else there is. */
static bool push_nonsense(struct fuzz_vcpu *vcpu)
{
	u64 word = any_number();

	switch (pick(5)) {
	case 0: ring(vcpu)->head += HM_RING_ENTRIES + 1 + pick(65536) * 32768; break;
	case 1: push_words(vcpu, (word << 16) | pick(0xfff0) << 4 | 0x10, 1); break;
	case 2: push_words(vcpu, word << 12 | (pick(2) ? 0 : 4 + pick(12)), 1); break;
	case 3: push_words(vcpu, HM_RING_OP_FLUSH, word | 1ull << 63); break;
	case 4: push_words(vcpu, -PAGE_SIZE | HM_RING_OP_FLUSH, 2); break;
	}
	vcpu->pending = 0;
	spec_fence_all(vcpu);
	return commit(vcpu);
}

static bool step_ring(struct fuzz_vcpu *vcpu)
{
	unsigned int kind = pick(8);

	if (!vcpu->ring || kind == 7)
		return set_ring(vcpu);
	if (kind == 6)
		return rarely(4) ? push_nonsense(vcpu) : commit(vcpu);
	if (kind == 5 || is_full(vcpu))
		return commit(vcpu);
	if (kind < 3)
		push_flush(vcpu);
	else
		for (unsigned int n = 1 + pick(4); n && !is_full(vcpu); n--)
			push(vcpu, HM_RING_OP_MAP, guest_address(vcpu), any_pages(),
			     rarely(8) ? pick(4) : satp_asid(vcpu->satp));
	return false;
}

/* ---- SBI ---- */

static bool fences_itself(const struct fuzz_vcpu *vcpu)
{
	const struct hm_vcpu *object = guest_object(vcpu);

	return ((struct hm_vm *)object->vm)->vcpus == 1 &&
	       !(hm_host_tables(object) && !hm_finishes(object, HM_POLICY_FLUSH));
}

static bool step_remote_fence(struct fuzz_vcpu *vcpu)
{
	bool legacy = pick(2), by_asid = pick(2);
	u64 start = guest_address(vcpu) - (rarely(4) ? 0 : pick(4096)), asid = pick(4),
	    size = rarely(4) ? any_number() : PAGE_SIZE * pick(80);

	x()[A0] = legacy ? 0 : 1;
	x()[A1] = legacy ? start : 0;
	x()[A2] = legacy ? size : start;
	x()[13] = legacy ? asid : size;
	x()[14] = asid;
	if (!legacy && rarely(8))
		x()[A1] = -1ull;
	if (fences_itself(vcpu))
		spec_fence(vcpu, start, size, by_asid ? asid : ~0ull);
	if (legacy)
		return call(vcpu,
			    by_asid ? SBI_EXT_0_1_REMOTE_SFENCE_VMA_ASID :
				      SBI_EXT_0_1_REMOTE_SFENCE_VMA,
			    0, true) == HM_EXIT;
	return call(vcpu, SBI_EXT_RFENCE,
		    by_asid ? SBI_EXT_RFENCE_REMOTE_SFENCE_VMA_ASID :
			      SBI_EXT_RFENCE_REMOTE_SFENCE_VMA,
		    true) == HM_EXIT;
}

static bool step_call(struct fuzz_vcpu *vcpu)
{
	static const u32 extensions[] = {
		SBI_EXT_BASE,
		SBI_EXT_TIME,
		SBI_EXT_IPI,
		SBI_EXT_RFENCE,
		SBI_EXT_HSM,
		SBI_EXT_DBCN,
		SBI_EXT_FWFT,
		SBI_EXT_PMU,
		HM_GUEST_EXT_ID,
		SBI_EXT_0_1_SET_TIMER,
		SBI_EXT_0_1_CLEAR_IPI,
		SBI_EXT_0_1_SEND_IPI,
		SBI_EXT_0_1_REMOTE_FENCE_I,
		SBI_EXT_0_1_REMOTE_SFENCE_VMA,
	};
	u64 extension = rarely(16) ? any_number() : extensions[pick(COUNT(extensions))];
	u64 function = rarely(8) ? any_number() : pick(9);
	bool own = extension == SBI_EXT_RFENCE || extension == HM_GUEST_EXT_ID ||
		   extension == SBI_EXT_0_1_REMOTE_SFENCE_VMA ||
		   (extension == SBI_EXT_PMU && function == SBI_EXT_PMU_EVENT_GET_INFO);

	if (rarely(4) || (vcpu->checked && own))
		return step_remote_fence(vcpu);
	for (unsigned int i = A0; i < 16; i++)
		x()[i] = pick(2) ? any_number() : pick(4);
	if (rarely(4))
		x()[A0] = guest_address(vcpu);
	return call(vcpu, extension, function, true) == HM_EXIT;
}

/* ---- misaligned accesses ---- */

struct misaligned {
	u32 insn; /* of or to a0 or s1, from a1 or sp */
	bool store, fp;
};

/* clang-format off */
static const struct misaligned misaligneds[] = {
	{ 0x00059503, false, false }, /* lh */
	{ 0x0005d503, false, false }, /* lhu */
	{ 0x0005a503, false, false }, /* lw */
	{ 0x0005e503, false, false }, /* lwu */
	{ 0x0005b503, false, false }, /* ld */
	{ 0x00058503, false, false }, /* lb: never misaligned */
	{ 0x00a59023, true, false },  /* sh */
	{ 0x00a5a023, true, false },  /* sw */
	{ 0x00a5b023, true, false },  /* sd */
	{ 0x0005a507, false, true },  /* flw */
	{ 0x0005b507, false, true },  /* fld */
	{ 0x00a5a027, true, true },   /* fsw */
	{ 0x00a5b027, true, true },   /* fsd */
	{ 0x4188, false, false },     /* c.lw */
	{ 0x6188, false, false },     /* c.ld */
	{ 0x2188, false, true },      /* c.fld */
	{ 0xc188, true, false },      /* c.sw */
	{ 0xe188, true, false },      /* c.sd */
	{ 0xa188, true, true },	      /* c.fsd */
	{ 0x4502, false, false },     /* c.lwsp */
	{ 0x6502, false, false },     /* c.ldsp */
	{ 0x2502, false, true },      /* c.fldsp */
	{ 0xc02a, true, false },      /* c.swsp */
	{ 0xe02a, true, false },      /* c.sdsp */
	{ 0xa02a, true, true },	      /* c.fsdsp */
	{ 0x0405a52f, false, false }, /* amoadd.w: the guest's own */
	{ 0x0205d507, false, false }, /* vle16.v: likewise */
	{ 0x00000013, false, false }, /* nop: another instruction by now */
};
/* clang-format on */

/* Where the guest's tables say that an instruction is, if they let it be fetched; 0: nowhere. */
static u64 code_at(const struct fuzz_vcpu *vcpu, u64 pc)
{
	struct access fetch = { pc, SSP_FETCH, guest_state() };
	struct outcome found = { PAGE_FAULT, 0 };

	if (!vcpu->checked)
		return satp_mode(vcpu->satp) == SATP_BARE && pc - RAM_GPA < RAM_SIZE ?
			       ram_home(vcpu->vm, pc) :
			       0;
	found = oracle_walk(&vcpu->oracle, &fetch);
	/* Not in a table: what stands there is the oracle's. */
	if (found.kind != MAPPED ||
	    found.address - ram_home(vcpu->vm, RAM_GPA) < (GUEST_TABLES + FUZZ_VCPUS) * PAGE_SIZE)
		return 0;
	return found.address;
}

/* What was stored is right, and then taken back: nobody else looks at it. */
static void expect_stored(struct fuzz_vcpu *vcpu, u64 va, u64 value)
{
	for (unsigned int n = fuzz_written.bytes; n--;) {
		struct access store = { va + n, SSP_STORE, guest_state() };
		u8 *byte = ALIAS(fuzz_written.byte[n].hpa);

		if (vcpu->checked && *byte != (u8)(value >> 8 * n))
			fail_msg("byte %u of a misaligned store is %#x", n, *byte);
		spec_expect(vcpu, &store, (struct outcome){ MAPPED, fuzz_written.byte[n].hpa },
			    "a misaligned store went elsewhere");
		*byte = fuzz_written.byte[n].before;
	}
}

static bool step_misaligned(struct fuzz_vcpu *vcpu)
{
	const struct misaligned *kind = &misaligneds[pick(COUNT(misaligneds))];
	u64 va = guest_address(vcpu) | 1 | pick(PAGE_SIZE), pc = guest_address(vcpu) & -2ull;
	u64 code = pc % PAGE_SIZE < PAGE_SIZE - 4 ? code_at(vcpu, pc) : 0, before = 0;
	enum hm_next next;

	if (code) {
		memcpy(&before, ALIAS(code), 4);
		memcpy(ALIAS(code), &kind->insn, 4);
	}
	x()[A1] = x()[2] = va;
	x()[A0] = model.f[A0] = any_number();
	model.csr[CSR_MEPC] = pc;
	model_change(CSR_MSTATUS, MSTATUS_FS, rarely(4) ? 0 : MSTATUS_FS);
	next = guest_take(vcpu, kind->store ? CAUSE_MISALIGNED_STORE : CAUSE_MISALIGNED_LOAD,
			  rarely(4) ? 0 : va, false);
	if (next == HM_RESUME && !guest_was_raised())
		expect_stored(vcpu, va, kind->fp ? model.f[A0] : x()[A0]);
	if (code)
		memcpy(ALIAS(code), &before, 4);
	return next == HM_EXIT;
}

/* ---- everything else ---- */

static bool step_interrupt(struct fuzz_vcpu *vcpu)
{
	static const u8 causes[] = { IRQ_M_SOFT, IRQ_M_TIMER, IRQ_M_EXT };
	unsigned int n = pick(COUNT(causes));
	enum hm_next next;

	model.time += pick(512);
	if (rarely(4))
		model.time = machine.timer;
	model.lines |= 1ull << causes[n];
	model.csr[CSR_MEPC] = guest_address(vcpu) & -2ull;
	next = guest_take(vcpu, MCAUSE_IRQ_MASK | causes[n], 0, false);
	model.lines = 0;
	return next == HM_EXIT;
}

/* What a guest's own instructions do to its CSRs. */
static bool step_csrs(void)
{
	static const u32 csrs[] = { CSR_STVEC,   CSR_SSCRATCH, CSR_SEPC,       CSR_STVAL,
				    CSR_SIE,     CSR_SIP,      CSR_SCOUNTEREN, CSR_SENVCFG,
				    CSR_SSTATUS, CSR_SCAUSE,   CSR_STIMECMP };
	u32 csr = csrs[pick(COUNT(csrs))];

	if (csr != CSR_STIMECMP || model.sstc)
		model_write(csr, any_number());
	return false;
}

static bool step_instruction(struct fuzz_vcpu *vcpu)
{
	static const u32 insns[] = { WFI,
				     CSR_INSN(2, CSR_TIME, A0, 0),
				     CSR_INSN(1, HM_CSR_MARK, 0, A0),
				     CSR_INSN(1, CSR_MSTATUS, 0, A0),
				     0x30200073 /* mret */,
				     0xffffffff,
				     0 /* mtval says nothing */ };
	u32 insn = insns[pick(COUNT(insns))];
	u64 pc = guest_address(vcpu) & -2ull, code;
	enum hm_next next;

	model.priv = pick(2) ? PRV_U : PRV_S;
	if (!vcpu->checked && rarely(4))
		insn = any_number();
	model.csr[CSR_MEPC] = pc;
	code = insn ? 0 : code_at(vcpu, pc);
	if (code && pc % PAGE_SIZE < PAGE_SIZE - 4)
		memcpy(ALIAS(code), &insns[pick(COUNT(insns))], 4);
	next = guest_take(vcpu, CAUSE_ILLEGAL_INSTRUCTION, insn, false);
	if (code)
		memset(ALIAS(code), 0, 4);
	return next == HM_EXIT;
}

/* A cause that no guest's trap has, or that the hart has for reasons of its own. */
static bool step_cause(struct fuzz_vcpu *vcpu)
{
	u64 cause = pick(32);

	if (cause == CAUSE_ILLEGAL_INSTRUCTION || cause == CAUSE_SUPERVISOR_ECALL ||
	    cause - CAUSE_FETCH_PAGE_FAULT < 4)
		return false;
	model.csr[CSR_MEPC] = guest_address(vcpu) & -2ull;
	return guest_take(vcpu, cause, guest_address(vcpu), false) == HM_EXIT;
}

bool guest_step_trap(struct fuzz_vcpu *vcpu, unsigned int kind)
{
	switch (kind) {
	case 0 ... 6: return step_fence(vcpu);
	case 7 ... 13: return step_satp(vcpu);
	case 14 ... 19: return step_ring(vcpu);
	case 20 ... 22: return step_call(vcpu);
	case 23 ... 24: return step_misaligned(vcpu);
	case 25: return step_interrupt(vcpu);
	case 26: return step_csrs();
	case 27: return step_instruction(vcpu);
	case 28: return step_cause(vcpu);
	default: return step_spaces(vcpu);
	}
}
