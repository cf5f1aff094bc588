// SPDX-License-Identifier: BSD-2-Clause
/*
 * stages.c - what a TLB may keep of two stages, as bare.c has it for one.
 *
 * Machine mode looks at what the VM sees by HLV; what only VS-mode can do it does
 * in VS-mode, where both stages have all RAM as it is.
 */
#include "../hspt/bare.h"

#define SPV                (1ul << 7)
#define SPVP               (1ul << 8)
#define SPP                (1ul << 8)
#define ENTRIES            512
#define SV39X4(root, vmid) SV39(root, vmid)
#define GPA(n)             (GIGA + (u64)(n)*PAGE) /* what the VM has beside RAM */
#define GVA(n)             (0xffffffc000000000ul + (u64)(n)*PAGE)

#define HFENCE_VVMA 0x11
#define HFENCE_GVMA 0x31
#define hfence_all(which) \
	__asm__ volatile(".insn r 0x73, 0, %0, x0, x0, x0" : : "i"(which) : "memory")
#define hfence_addr(which, addr) \
	__asm__ volatile(".insn r 0x73, 0, %0, x0, %1, x0" : : "i"(which), "r"(addr) : "memory")
#define hfence_id(which, id)                               \
	__asm__ volatile(".insn r 0x73, 0, %0, x0, x0, %1" \
			 :                                 \
			 : "i"(which), "r"((u64)(id))      \
			 : "memory")
#define hfence_both(which, addr, id)                             \
	__asm__ volatile(".insn r 0x73, 0, %0, x0, %1, %2"       \
			 :                                       \
			 : "i"(which), "r"(addr), "r"((u64)(id)) \
			 : "memory")

static u64 g_root[4 * ENTRIES] __attribute__((aligned(4 * PAGE)));
static u64 g_mid[2][ENTRIES] __attribute__((aligned(PAGE)));
static u64 g_leaf[2][ENTRIES] __attribute__((aligned(PAGE)));
static u64 root[ENTRIES] __attribute__((aligned(PAGE)));
static u64 mid[2][ENTRIES] __attribute__((aligned(PAGE)));
static u64 leaf[2][ENTRIES] __attribute__((aligned(PAGE)));
static u64 page[8][ENTRIES] __attribute__((aligned(PAGE)));
static volatile u64 next_pte;

/* HLV.D with the rights of VS-mode. */
static u64 load_of_vm(u64 address)
{
	u64 value;

	__asm__ volatile(".insn r 0x73, 4, 0x36, %0, %1, x0"
			 : "=r"(value)
			 : "r"(address)
			 : "memory");
	return value;
}

static u64 see(u64 address)
{
	return call(MACHINE, (u64)load_of_vm, address, 0);
}

/* In HS-mode: go on at sepc, with what call() left in registers. */
__asm__(".text\nto_vm:	sret\n");
extern char to_vm[];

static u64 in_vm(u64 function, u64 a0, u64 a1)
{
	u64 result;

	csr_write(sepc, function);
	csr_set(sstatus, SPP);
	csr_set(hstatus, SPV | SPVP);
	result = call(SUPERVISOR, (u64)to_vm, a0, a1);
	call(MACHINE, (u64)load, (u64)page, 0); /* this MRET clears MPV */
	return result;
}

/* In VS-mode: a fence, which should have come after the change. */
static u64 fence_in_vm(u64 address)
{
	__asm__ volatile("sfence.vma %0" : : "r"(address) : "memory");
	return *(volatile u64 *)address;
}

static u64 early_fence_in_vm(u64 address, u64 pte)
{
	u64 first = *(volatile u64 *)address;

	__asm__ volatile("sfence.vma" : : : "memory");
	*(volatile u64 *)pte = next_pte;
	return first << 8 | *(volatile u64 *)address;
}

static void set(u64 *pte, u64 value)
{
	*(volatile u64 *)pte = value;
}

static u64 guest(u64 gpa, u64 bits)
{
	return gpa >> 12 << 10 | bits;
}

static void use(u64 vmid, u64 asid)
{
	csr_write(hgatp, SV39X4(g_root, vmid));
	csr_write(vsatp, SV39(root, asid));
}

static void switch_away(void)
{
	csr_write(hgatp, 0);
	csr_write(vsatp, 0);
	use(1, 1);
}

static void build_tables(void)
{
	g_root[RAM / GIGA] = (u64)RAM >> 12 << 10 | LEAF | X | U;
	root[RAM / GIGA] = (u64)RAM >> 12 << 10 | LEAF | X;
	g_root[1] = entry(g_mid[0], TABLE);
	root[256] = entry(mid[0], TABLE);
	for (int i = 0; i < 2; i++) {
		g_mid[i][0] = entry(g_leaf[i], TABLE);
		mid[i][0] = entry(leaf[i], TABLE);
	}
	for (int i = 0; i < 8; i++) {
		page[i][0] = i;
		g_leaf[0][i] = entry(page[i], LEAF | U);
		leaf[0][i] = guest(GPA(i), LEAF);
	}
	csr_write(hstatus, SPVP);
	switch_away();
	hfence_all(HFENCE_GVMA);
	hfence_all(HFENCE_VVMA);
}

static void g_stage(void)
{
	u64 gpa = GPA(1) >> 2, va = GVA(1);

	see(va);
	set(&g_leaf[0][1], entry(page[2], LEAF | U));
	switch_away();
	print("g-leaf-kept", see(va));
	hfence_addr(HFENCE_GVMA, GPA(2) >> 2);
	print("g-leaf-fence-elsewhere", see(va));
	hfence_both(HFENCE_GVMA, gpa, 2);
	print("g-leaf-fence-other-vm", see(va));
	hfence_all(HFENCE_VVMA);
	print("g-leaf-fence-vvma", see(va));
	hfence_both(HFENCE_GVMA, gpa, 1);
	print("g-leaf-fence-gpa-vm", see(va));
	set(&g_leaf[0][1], entry(page[1], LEAF | U));
	hfence_addr(HFENCE_GVMA, gpa);
	print("g-leaf-fence-gpa", see(va));

	set(&g_leaf[1][1], entry(page[3], LEAF | U));
	set(&g_root[1], entry(g_mid[1], TABLE));
	switch_away();
	hfence_addr(HFENCE_GVMA, gpa);
	print("g-pointer-fence-gpa", see(va));
	hfence_id(HFENCE_GVMA, 2);
	print("g-pointer-fence-other-vm", see(va));
	hfence_id(HFENCE_GVMA, 1);
	print("g-pointer-fence-vm", see(va));
	set(&g_root[1], entry(g_mid[0], TABLE));
	hfence_all(HFENCE_GVMA);
	print("g-pointer-fence-all", see(va));
}

static void vs_stage(void)
{
	u64 va = GVA(4);

	see(va);
	set(&leaf[0][4], guest(GPA(5), LEAF));
	switch_away();
	print("vs-leaf-kept", see(va));
	fence();
	print("vs-leaf-fence-hs", see(va));
	hfence_addr(HFENCE_GVMA, GPA(4) >> 2);
	print("vs-leaf-fence-gpa", see(va));
	hfence_both(HFENCE_VVMA, va, 2);
	print("vs-leaf-fence-other-asid", see(va));
	hfence_both(HFENCE_VVMA, va, 1);
	print("vs-leaf-fence-va-asid", see(va));
	set(&leaf[0][4], guest(GPA(4), LEAF | G));
	hfence_addr(HFENCE_VVMA, va);
	print("vs-leaf-fence-va", see(va));
	set(&leaf[0][4], guest(GPA(5), LEAF | G));
	hfence_id(HFENCE_VVMA, 1);
	print("vs-global-fence-asid", see(va));
	hfence_all(HFENCE_VVMA);
	print("vs-global-fence-all", see(va));
}

static void vms(void)
{
	u64 va = GVA(6);

	see(va);
	set(&leaf[0][6], guest(GPA(7), LEAF));
	use(2, 1);
	print("vm-other", see(va));
	hfence_all(HFENCE_VVMA);
	use(1, 1);
	print("vm-other-fenced", see(va));
	hfence_id(HFENCE_GVMA, 1);
	print("vm-fenced", see(va));
}

static void in_vs_mode(void)
{
	u64 va = GVA(3);

	see(va);
	set(&leaf[0][3], guest(GPA(4), LEAF));
	switch_away();
	print("vs-mode-kept", in_vm((u64)load, va, 0));
	print("vs-mode-fence", in_vm((u64)fence_in_vm, va, 0));
	next_pte = guest(GPA(5), LEAF);
	print("vs-mode-early-fence", in_vm((u64)early_fence_in_vm, va, (u64)&leaf[0][3]));
}

__attribute__((noreturn, used)) void main(void)
{
	csr_write(pmpaddr0, ~0ul);
	csr_write(pmpcfg0, 0x1f);
	build_tables();
	g_stage();
	vs_stage();
	vms();
	in_vs_mode();
	*FINISHER = 0x5555;
	for (;;)
		;
}
