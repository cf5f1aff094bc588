/* SPDX-License-Identifier: BSD-2-Clause */
#include "boot/probe.h"

#include <libfdt.h>

#include "core/console.h"
#include "fdt_reg.h"
#include "core/serial.h"

#define IRQ_S_EXTERNAL    9     /* a PLIC context's interrupt line at the hart */
#define VIRTIO_MMIO_BYTES 0x200 /* of registers and configuration */

static bool usable_cpu(const void *fdt, int node)
{
	const char *type = fdt_getprop(fdt, node, "device_type", NULL);
	const char *status = fdt_getprop(fdt, node, "status", NULL);

	return type && !strcmp(type, "cpu") && (!status || !strcmp(status, "okay"));
}

static void read_cpus(struct platform *p, uint64_t boot_hart)
{
	int cpus = fdt_path_offset(p->fdt, "/cpus"), node;
	struct range reg;

	p->timebase_hz = fdt_number(p->fdt, cpus, "timebase-frequency", 0);
	p->hart_id[0] = boot_hart;
	p->hart_count = 1;
	fdt_for_each_subnode(node, p->fdt, cpus)
	{
		if (!usable_cpu(p->fdt, node) || !fdt_reg(p->fdt, node, 0, &reg))
			continue;
		if (reg.base == boot_hart)
			p->boot_cpu = node;
		else if (p->hart_count < MAX_HARTS)
			p->hart_id[p->hart_count++] = reg.base;
	}
	if (p->boot_cpu < 0 || !p->timebase_hz)
		fail("the device tree does not describe hart %lu and its time base", boot_hart);
	p->zero_block = fdt_number(p->fdt, p->boot_cpu, "riscv,cboz-block-size", 64);
	if (!p->zero_block || p->zero_block > PAGE || p->zero_block & (p->zero_block - 1))
		fail("the device tree has cbo.zero clear %u bytes", p->zero_block);
}

/*
 * 16550s of boards are a register a word, and may want accesses of its width ("8250 UART",
 * reg-shift, reg-io-width).
 */
static bool read_uart_registers(struct platform *p, int node)
{
	static const char *const names[] = { "ns16550a", "ns16550", "snps,dw-apb-uart" };
	bool found = false;

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		found = found || !fdt_node_check_compatible(p->fdt, node, names[i]);
	p->uart_shift = fdt_number(p->fdt, node, "reg-shift", 0);
	p->uart_width = fdt_number(p->fdt, node, "reg-io-width", 1);
	return found && p->uart_shift <= 3 &&
	       (p->uart_width == 1 || p->uart_width == 2 || p->uart_width == 4) &&
	       p->uart_width <= 1u << p->uart_shift;
}

/* The UART that /chosen/stdout-path names, if it is one that serial.c can drive. */
static void read_uart(struct platform *p)
{
	const char *path = fdt_getprop(p->fdt, p->chosen, "stdout-path", NULL), *colon;
	int node;

	if (!path)
		return;
	colon = strchr(path, ':');
	node = fdt_path_offset_namelen(p->fdt, path, colon ? colon - path : (int)strlen(path));
	if (node < 0 || !read_uart_registers(p, node) || !fdt_reg(p->fdt, node, 0, &p->uart))
		return;
	p->uart_irq = fdt_number(p->fdt, node, "interrupts", 0);
}

/*
 * Contexts are numbered by their place in interrupts-extended, a list of
 * (interrupt controller of a hart, line).  The firmware may have written -1
 * over the line of M-mode contexts, so ours is the one that is not S-mode's.
 */
static void read_plic(struct platform *p)
{
	int node = fdt_node_offset_by_compatible(p->fdt, -1, "sifive,plic-1.0.0");
	int intc = fdt_subnode_offset(p->fdt, p->boot_cpu, "interrupt-controller");
	const fdt32_t *entry;
	int len, i;

	if (node < 0)
		node = fdt_node_offset_by_compatible(p->fdt, -1, "riscv,plic0");
	if (node < 0 || intc < 0)
		return;
	entry = fdt_getprop(p->fdt, node, "interrupts-extended", &len);
	for (i = 0; entry && i < len / 8; i++) {
		if (fdt32_to_cpu(entry[2 * i]) != fdt_get_phandle(p->fdt, intc))
			continue;
		if (fdt32_to_cpu(entry[2 * i + 1]) == IRQ_S_EXTERNAL) {
			p->plic_s_context = i;
			continue;
		}
		p->plic_context = i;
		fdt_reg(p->fdt, node, 0, &p->plic);
	}
}

/* Without an interrupt it could not show a guest's alarms, and drivers refuse it. */
static void read_rtc(struct platform *p)
{
	int node = fdt_node_offset_by_compatible(p->fdt, -1, "google,goldfish-rtc");

	p->rtc_irq = node < 0 ? 0 : fdt_number(p->fdt, node, "interrupts", 0);
	if (p->rtc_irq)
		fdt_reg(p->fdt, node, 0, &p->rtc);
}

/* By their addresses, whatever the order of the nodes. */
static void add_virtio(struct platform *p, struct range where, uint32_t irq)
{
	unsigned i;

	if (p->virtio_count == MAX_VIRTIO || where.size < VIRTIO_MMIO_BYTES)
		return;
	for (i = p->virtio_count++; i && p->virtio[i - 1].where.base > where.base; i--)
		p->virtio[i] = p->virtio[i - 1];
	p->virtio[i].where = where;
	p->virtio[i].irq = irq;
}

static void read_virtio(struct platform *p)
{
	struct range where;
	int node = -1;

	while ((node = fdt_node_offset_by_compatible(p->fdt, node, "virtio,mmio")) >= 0)
		if (fdt_reg(p->fdt, node, 0, &where))
			add_virtio(p, where, fdt_number(p->fdt, node, "interrupts", 0));
}

void platform_read(struct platform *p, const void *fdt, uint64_t boot_hart)
{
	*p = (struct platform){ .fdt = fdt, .boot_cpu = -1 };
	if (fdt_check_header(fdt))
		fail("the firmware passed no device tree in a1");
	p->chosen = fdt_path_offset(fdt, "/chosen");
	read_uart(p);
	serial_init(p);
	read_cpus(p, boot_hart);
	read_plic(p);
	read_rtc(p);
	read_virtio(p);
}
