/* SPDX-License-Identifier: BSD-2-Clause */
#include "boot/modules.h"

#include <libfdt.h>

#include "core/console.h"
#include "fdt_reg.h"
#include "guest/image.h"

static bool compatible(const void *fdt, int node, const char *with)
{
	return fdt_node_check_compatible(fdt, node, with) == 0;
}

static struct guest_config *add_guest(struct guest_config *out, unsigned *count,
				      const struct options *defaults)
{
	struct guest_config *g = &out[*count];

	if (*count == MAX_GUESTS)
		fail("more than %d guests are described", MAX_GUESTS);
	*g = (struct guest_config){
		.bootargs = "",
		.memory = defaults->memory,
		.vcpus = defaults->vcpus,
	};
	(*count)++;
	return g;
}

static void set_kernel(struct guest_config *g, const void *fdt, int node)
{
	const char *bootargs = fdt_getprop(fdt, node, "bootargs", NULL);

	if (!fdt_reg(fdt, node, 0, &g->kernel))
		fail("%s has no usable reg property", fdt_get_name(fdt, node, NULL));
	if (bootargs)
		g->bootargs = bootargs;
}

static void set_ramdisk(struct guest_config *g, struct range module)
{
	if (image_is_tree((void *)module.base, module.size))
		g->tree = module;
	else
		g->initrd = module;
}

/* -- dom0less -- */

static void read_module(struct guest_config *g, const void *fdt, int node)
{
	struct range module;

	if (compatible(fdt, node, "multiboot,kernel"))
		set_kernel(g, fdt, node);
	else if (!fdt_reg(fdt, node, 0, &module))
		return;
	else if (compatible(fdt, node, "multiboot,ramdisk"))
		set_ramdisk(g, module);
	else if (compatible(fdt, node, "multiboot,device-tree"))
		g->tree = module;
}

static void read_domain(struct guest_config *g, const void *fdt, int domain)
{
	uint64_t kib = fdt_number(fdt, domain, "memory", g->memory / KIB);
	uint64_t vcpus = fdt_number(fdt, domain, "cpus", g->vcpus);
	int node;

	g->memory = kib * KIB;
	g->vcpus = vcpus;
	if (!g->memory || g->memory / KIB != kib || g->memory % (2 * MIB) || !vcpus ||
	    vcpus > MAX_VCPUS)
		fail("%s: memory must be a multiple of 2048 (KiB) and cpus 1 to %d",
		     fdt_get_name(fdt, domain, NULL), MAX_VCPUS);
	fdt_for_each_subnode(node, fdt, domain) read_module(g, fdt, node);
	if (!g->kernel.size)
		fail("%s has no multiboot,kernel module", fdt_get_name(fdt, domain, NULL));
}

/* -- guest loader -- */

static struct guest_config *nearest_below(struct guest_config *out, unsigned count, uint64_t addr)
{
	struct guest_config *best = NULL;

	for (unsigned i = 0; i < count; i++)
		if (out[i].kernel.base < addr && (!best || out[i].kernel.base > best->kernel.base))
			best = &out[i];
	return best;
}

static void assign_ramdisks(struct guest_config *out, unsigned count, const struct platform *p)
{
	struct guest_config *g;
	struct range module;
	int node;

	fdt_for_each_subnode(node, p->fdt, p->chosen)
	{
		if (!compatible(p->fdt, node, "multiboot,ramdisk") ||
		    !fdt_reg(p->fdt, node, 0, &module))
			continue;
		g = nearest_below(out, count, module.base);
		if (!g)
			fail("the ramdisk at 0x%lx has no kernel below it", module.base);
		set_ramdisk(g, module);
	}
}

/* QEMU adds nodes at the front, so their order is not the user's; addresses are. */
static void sort_by_kernel(struct guest_config *g, unsigned count)
{
	for (unsigned i = 1; i < count; i++) {
		struct guest_config moving = g[i];
		unsigned at = i;

		for (; at && g[at - 1].kernel.base > moving.kernel.base; at--)
			g[at] = g[at - 1];
		g[at] = moving;
	}
}

unsigned guests_find(const struct platform *p, const struct options *defaults,
		     struct guest_config out[MAX_GUESTS])
{
	unsigned count = 0;
	int node;

	fdt_for_each_subnode(node, p->fdt, p->chosen)
	{
		if (compatible(p->fdt, node, "xen,domain"))
			read_domain(add_guest(out, &count, defaults), p->fdt, node);
		else if (compatible(p->fdt, node, "multiboot,kernel"))
			set_kernel(add_guest(out, &count, defaults), p->fdt, node);
	}
	assign_ramdisks(out, count, p);
	if (!count)
		fail("no guest: /chosen has no multiboot,kernel module (QEMU: -device guest-loader)");
	sort_by_kernel(out, count);
	return count;
}
