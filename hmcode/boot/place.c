/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place.c - where the pool and the device tree lie in RAM.
 *
 *	the largest bank:  firmware, next stage ... [pool] | 256 MB for loaders
 *
 * A loader moves itself to the top of RAM before it reads /reserved-memory (U-Boot 2025.01 takes 34
 * MB there and more), so the pool stays below that.  It is a naturally aligned power of two, for
 * one PMP entry; whoever wants it elsewhere gives it a node of /reserved-memory (docs/porting.md).
 */
#include <libfdt.h>
#include <sbi/sbi_console.h>
#include <sbi/sbi_domain.h>
#include <sbi/sbi_error.h>
#include <sbi/sbi_string.h>

#include "boot/place.h"
#include "core/pool.h"
#include "core/vcpu.h"
#include "fdt_reg.h"

#define MAX_RESERVED 64
#define MB           (1ull << 20)
#define POOL_MIN     (4 * MB)
#define POOL_MAX     (128 * MB)
#define POOL_SHARE   16         /* of the RAM where it may lie: one part in so many, at most */
#define LOADERS      (256 * MB) /* at the top, or half of RAM where that is less */
/* of a next stage that does not tell its size, or a quarter of RAM */
#define NEXT_STAGE   (32 * MB)
#define TREE_ROOM    4096 /* what OpenSBI's changes and ours take at most */
#define COMPATIBLE   "hmode,pool"

/* "boot image header in riscv linux": image_size and the second magic. */
#define IMAGE_SIZE  16
#define IMAGE_MAGIC 56

static struct range reserved[MAX_RESERVED];
static u32 reserved_count;
static bool reserved_overflow;

/* Empty ranges, and those that wrap around, are none. */
void hm_place_reserve(struct range range)
{
	if (!range.size || range.base + range.size < range.base)
		return;
	if (reserved_count == MAX_RESERVED)
		reserved_overflow = true;
	else
		reserved[reserved_count++] = range;
}

static bool is_free(struct range range)
{
	if (reserved_overflow)
		return false;
	for (u32 i = 0; i < reserved_count; i++)
		if (ranges_overlap(range, reserved[i]))
			return false;
	return true;
}

/* ---- what the device tree says ---- */

static void find_banks(const void *fdt)
{
	int node = -1;

	while ((node = fdt_node_offset_by_prop_value(fdt, node, "device_type", "memory", 7)) >= 0)
		for (int i = 0; hm_bank_count < HM_MAX_BANKS &&
				fdt_reg(fdt, node, i, &hm_banks[hm_bank_count]);
		     i++)
			if (hm_banks[hm_bank_count].size)
				hm_bank_count++;
}

static void reserve_node(const void *fdt, int node)
{
	struct range range;

	for (int i = 0; fdt_reg(fdt, node, i, &range); i++)
		hm_place_reserve(range);
}

/* The node that gives the pool its place; it reserves nothing for others. */
static int pool_node(const void *fdt)
{
	int parent = fdt_path_offset(fdt, "/reserved-memory"), node;

	if (parent < 0)
		return parent;
	fdt_for_each_subnode(node, fdt, parent) if (!fdt_node_check_compatible(
							    fdt, node, COMPATIBLE)) return node;
	return -1;
}

static void reserve_reserved_memory(const void *fdt)
{
	int parent = fdt_path_offset(fdt, "/reserved-memory"), own = pool_node(fdt), node;
	struct range range;

	for (int i = 0; i < fdt_num_mem_rsv(fdt); i++)
		if (!fdt_get_mem_rsv(fdt, i, &range.base, &range.size))
			hm_place_reserve(range);
	if (parent < 0)
		return;
	fdt_for_each_subnode(node, fdt, parent) if (node != own) reserve_node(fdt, node);
}

/* An initrd, and modules of whatever depth. */
static void reserve_chosen(const void *fdt)
{
	int chosen = fdt_path_offset(fdt, "/chosen"), node = chosen, depth = 0;
	u64 start = fdt_number(fdt, chosen, "linux,initrd-start", 0),
	    end = fdt_number(fdt, chosen, "linux,initrd-end", 0);

	if (chosen < 0)
		return;
	if (end > start)
		hm_place_reserve((struct range){ start, end - start });
	while ((node = fdt_next_node(fdt, node, &depth)) >= 0 && depth > 0)
		reserve_node(fdt, node);
}

/* An Image says how much it takes, with what it clears. */
static void reserve_next_stage(u64 address)
{
	const struct range *bank = hm_bank_of((struct range){ address, IMAGE_MAGIC + 4 });
	u64 size;

	if (!bank || address & 7)
		return;
	size = *(const u64 *)(address + IMAGE_SIZE);
	if (sbi_memcmp((void *)(address + IMAGE_MAGIC), "RSC\x05", 4) ||
	    size > bank->base + bank->size - address)
		size = bank->size / 4 < NEXT_STAGE ? bank->size / 4 : NEXT_STAGE;
	hm_place_reserve((struct range){ address, size });
}

bool hm_place_read(const void *fdt, const struct sbi_scratch *scratch)
{
	find_banks(fdt);
	hm_place_reserve((struct range){ scratch->fw_start, scratch->fw_size });
	hm_place_reserve((struct range){ (u64)fdt, fdt_totalsize(fdt) });
	reserve_reserved_memory(fdt);
	reserve_chosen(fdt);
	reserve_next_stage(scratch->next_addr);
	return hm_bank_count;
}

/* ---- places ---- */

static const struct range *largest_bank(void)
{
	const struct range *largest = &hm_banks[0];

	for (u32 i = 1; i < hm_bank_count; i++)
		if (hm_banks[i].size > largest->size)
			largest = &hm_banks[i];
	return largest;
}

/* Without the loaders' part at the top. */
static struct range without_loaders(struct range bank)
{
	bank.size -= bank.size / 2 < LOADERS ? bank.size / 2 : LOADERS;
	return bank;
}

/* A loader whose addresses have 32 bits moves itself below 4 GB where RAM reaches further. */
static bool is_below_4gb(const struct range *bank, struct range range)
{
	const u64 limit = 1ull << 32;

	return range_holds(*bank, (struct range){ limit - LOADERS, LOADERS }) &&
	       ranges_overlap(range, (struct range){ limit - LOADERS, LOADERS });
}

/* The highest place of that size in a part of the bank, aligned by `align`; 0: there is none. */
static u64 find_in(struct range part, u64 size, u64 align)
{
	struct range range = { .size = size };

	if (part.size < size)
		return 0;
	range.base = (part.base + part.size - size) & ~(align - 1);
	for (; range_holds(part, range); range.base -= align)
		if (is_free(range) && !is_below_4gb(largest_bank(), range))
			return range.base;
	return 0;
}

static struct range find_pool(struct range part)
{
	struct range pool = { .size = POOL_MAX };

	while (pool.size > POOL_MIN && pool.size > part.size / POOL_SHARE)
		pool.size /= 2;
	for (; pool.size >= POOL_MIN; pool.size /= 2) {
		pool.base = find_in(part, pool.size, pool.size);
		if (pool.base)
			return pool;
	}
	return (struct range){ 0 };
}

/* A next stage may be so large that all below is its own; then it is no loader. */
static struct range choose_pool(void)
{
	struct range pool = find_pool(without_loaders(*largest_bank()));

	if (!pool.size)
		pool = find_pool(*largest_bank());
	if (!pool.size)
		sbi_printf("hmcode: RAM has no room for the pool: no HM extension\n");
	return pool;
}

struct range hm_place_pool(const void *fdt)
{
	struct range pool = { 0 };
	int node = pool_node(fdt);

	if (node < 0)
		return choose_pool();
	if (fdt_reg(fdt, node, 0, &pool) && pool.size >= POOL_MIN &&
	    !(pool.size & (pool.size - 1)) && !(pool.base & (pool.size - 1)) && hm_bank_of(pool) &&
	    is_free(pool))
		return pool;
	sbi_printf(
		"hmcode: the pool of the device tree, 0x%lx bytes at 0x%lx, is no aligned power of two in free RAM: "
		"no HM extension\n",
		(unsigned long)pool.size, (unsigned long)pool.base);
	return (struct range){ 0 };
}

/* ---- the tree ---- */

/*
 * The room behind the tree is its own only if nobody else has it; a tree in ROM can be written
 * nowhere.
 */
static bool may_grow(const void *fdt)
{
	struct range tree = { (u64)fdt, fdt_totalsize(fdt) };
	struct range room = { tree.base + tree.size, TREE_ROOM };
	const struct range *bank = hm_bank_of(tree);

	return bank && bank == hm_bank_of(room) && is_free(room);
}

void *hm_place_tree(void *fdt)
{
	u64 size = fdt_totalsize(fdt), base;

	if (may_grow(fdt))
		return fdt;
	base = find_in(without_loaders(*largest_bank()), size + TREE_ROOM, PAGE_SIZE);
	if (!base)
		base = find_in(*largest_bank(), size + TREE_ROOM, PAGE_SIZE);
	if (!base) {
		sbi_printf(
			"hmcode: the device tree at %p cannot be written, or not grow, and RAM has no room for it\n",
			fdt);
		return NULL;
	}
	sbi_memcpy((void *)base, fdt, size);
	hm_place_reserve((struct range){ base, size + TREE_ROOM });
	return (void *)base;
}

static int append_cells(void *fdt, int node, u64 value, int cells)
{
	return cells == 1 ? fdt_appendprop_u32(fdt, node, "reg", value) :
			    fdt_appendprop_u64(fdt, node, "reg", value);
}

static int make_parent(void *fdt)
{
	int parent = fdt_path_offset(fdt, "/reserved-memory");

	if (parent >= 0)
		return parent;
	parent = fdt_add_subnode(fdt, 0, "reserved-memory");
	if (parent < 0 || fdt_setprop_empty(fdt, parent, "ranges") ||
	    fdt_setprop_u32(fdt, parent, "#size-cells", fdt_size_cells(fdt, 0)) ||
	    fdt_setprop_u32(fdt, parent, "#address-cells", fdt_address_cells(fdt, 0)))
		return -FDT_ERR_NOSPACE;
	return parent;
}

static int make_node(void *fdt)
{
	int parent = make_parent(fdt), node;
	char name[32];

	if (parent < 0)
		return parent;
	sbi_snprintf(name, sizeof(name), "hm-pool@%lx", (unsigned long)hm_pool_base);
	node = fdt_add_subnode(fdt, parent, name);
	if (node < 0 || append_cells(fdt, node, hm_pool_base, fdt_address_cells(fdt, parent)) ||
	    append_cells(fdt, node, hm_pool_size, fdt_size_cells(fdt, parent)))
		return -FDT_ERR_NOSPACE;
	return node;
}

int hm_describe_pool(void *fdt)
{
	int error = fdt_open_into(fdt, fdt, fdt_totalsize(fdt) + 512), node;

	if (error)
		return SBI_ENOSPC;
	node = pool_node(fdt);
	if (node < 0)
		node = make_node(fdt);
	return node < 0 || fdt_setprop_empty(fdt, node, "no-map") ? SBI_ENOSPC : 0;
}
