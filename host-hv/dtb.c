/* SPDX-License-Identifier: BSD-2-Clause */
#include "dtb.h"

#include <libfdt.h>

#include "platform.h"
#include "plic.h"

/*
 * What a guest may be offered if the hart has it: unprivileged extensions
 * without state that the world switch does not move.  Not offered, because it
 * is neither emulated nor tested: H and V; anything that changes translation
 * (Svnapot, Svpbmt, Svinval, Svadu); cache-block management, which works on
 * lines that the shadow hides from the firmware; AIA; counters beyond Zicntr;
 * the entropy source.
 */
static const char *const offered_if_present[] = {
	"i", "m", "a", "f", "d", "c",
	"zicboz", "zicntr", "zicond", "zicsr", "zifencei", "zihintntl", "zihintpause",
	"zaamo", "zalrsc", "zacas", "zfa", "zfh", "zfhmin",
	"zca", "zcb", "zcd", "zba", "zbb", "zbc", "zbs",
	"zbkb", "zbkc", "zbkx", "zknd", "zkne", "zknh",
};

#define PHANDLE_PLIC		1
#define PHANDLE_INTC(hart)	(2 + (hart))
#define IRQ_S_EXTERNAL		9
#define IRQ_NONE		UINT32_MAX	/* a PLIC context that is not connected */

/* Is ext in a string like rv64imafdc_zicsr_zifencei? */
static bool in_isa_string(const char *isa, const char *ext)
{
	const char *rest = strchr(isa, '_');
	size_t len = strlen(ext);

	if (len == 1) {
		const char *letter = strlen(isa) > 4 ? strchr(isa + 4, *ext) : NULL;

		return letter && (!rest || letter < rest);
	}
	for (; rest; rest = strchr(rest + 1, '_'))
		if (!strncmp(rest + 1, ext, len) && (rest[len + 1] == '_' || !rest[len + 1]))
			return true;
	return false;
}

/* The list of extensions is the modern form; older firmware has only the string. */
static bool host_has(const struct guest_tree *t, const char *ext)
{
	const char *isa;

	if (fdt_getprop(t->host_fdt, t->host_cpu, "riscv,isa-extensions", NULL))
		return fdt_stringlist_search(t->host_fdt, t->host_cpu, "riscv,isa-extensions",
					     ext) >= 0;
	isa = fdt_getprop(t->host_fdt, t->host_cpu, "riscv,isa", NULL);
	return isa && in_isa_string(isa, ext);
}

/* The two forms of the same list, as they grow. */
struct isa {
	char string[512];
	char list[512];
	unsigned string_len, list_len;
};

static void isa_add(struct isa *isa, const char *ext)
{
	unsigned len = strlen(ext);

	if (isa->string_len + len + 2 > sizeof(isa->string))
		return;
	if (len > 1)
		isa->string[isa->string_len++] = '_';
	memcpy(isa->string + isa->string_len, ext, len);
	isa->string_len += len;
	isa->string[isa->string_len] = 0;
	memcpy(isa->list + isa->list_len, ext, len + 1);
	isa->list_len += len + 1;
}

static void isa_collect(struct isa *isa, const struct guest_tree *t)
{
	*isa = (struct isa){ .string = "rv64", .string_len = 4 };
	for (unsigned i = 0; i < ARRAY_SIZE(offered_if_present); i++)
		if (host_has(t, offered_if_present[i]))
			isa_add(isa, offered_if_present[i]);
	if (t->sstc)
		isa_add(isa, "sstc");
	isa_add(isa, "svade");
	if (t->svvptc)
		isa_add(isa, "svvptc");
}

/*
 * libfdt's sequential writer keeps an error of any step (running out of room)
 * until fdt_finish() reports it, so the steps are not checked one by one.
 */
static void property_cells(void *fdt, const char *name, const uint32_t *cells, unsigned count)
{
	fdt32_t be[4 * PLIC_MAX_HARTS];

	for (unsigned i = 0; i < count; i++)
		be[i] = cpu_to_fdt32(cells[i]);
	fdt_property(fdt, name, be, count * sizeof(be[0]));
}

static void property_reg(void *fdt, struct range r)
{
	fdt64_t be[2] = { cpu_to_fdt64(r.base), cpu_to_fdt64(r.size) };

	fdt_property(fdt, "reg", be, sizeof(be));
}

static void property_flag(void *fdt, const char *name)
{
	fdt_property(fdt, name, NULL, 0);
}

/* name@unit in hexadecimal */
static void begin_node(void *fdt, const char *name, uint64_t unit)
{
	char full[48], digits[16];
	unsigned len = strlen(name), n = 0;

	memcpy(full, name, len);
	full[len++] = '@';
	do
		digits[n++] = "0123456789abcdef"[unit % 16];
	while (unit /= 16);
	while (n)
		full[len++] = digits[--n];
	full[len] = 0;
	fdt_begin_node(fdt, full);
}

/* A fixed seed, so that two runs are alike; a guest that needs secrets must not rely on it. */
static void write_rng_seed(void *fdt)
{
	uint8_t seed[64];

	for (unsigned i = 0; i < sizeof(seed); i++)
		seed[i] = (uint8_t)(i * 167 + 13);
	fdt_property(fdt, "rng-seed", seed, sizeof(seed));
}

static void write_chosen(void *fdt, const struct guest_tree *t)
{
	fdt_begin_node(fdt, "chosen");
	fdt_property_string(fdt, "bootargs", t->bootargs);
	fdt_property_string(fdt, "stdout-path", "/soc/serial@10000000");
	if (t->initrd.size) {
		fdt_property_u64(fdt, "linux,initrd-start", t->initrd.base);
		fdt_property_u64(fdt, "linux,initrd-end", t->initrd.base + t->initrd.size);
	}
	write_rng_seed(fdt);
	fdt_end_node(fdt);
}

static void write_cpu(void *fdt, const struct guest_tree *t, const struct isa *isa, unsigned hart)
{
	begin_node(fdt, "cpu", hart);
	fdt_property_string(fdt, "device_type", "cpu");
	fdt_property_u32(fdt, "reg", hart);
	fdt_property_string(fdt, "status", "okay");
	fdt_property_string(fdt, "compatible", "riscv");
	fdt_property_string(fdt, "riscv,isa", isa->string);
	fdt_property_string(fdt, "riscv,isa-base", "rv64i");
	fdt_property(fdt, "riscv,isa-extensions", isa->list, isa->list_len);
	fdt_property_string(fdt, "mmu-type", t->mmu_type);
	if (host_has(t, "zicboz"))
		fdt_property_u32(fdt, "riscv,cboz-block-size",
				 fdt_number(t->host_fdt, t->host_cpu, "riscv,cboz-block-size", 64));
	fdt_begin_node(fdt, "interrupt-controller");
	fdt_property_string(fdt, "compatible", "riscv,cpu-intc");
	fdt_property_u32(fdt, "#interrupt-cells", 1);
	property_flag(fdt, "interrupt-controller");
	fdt_property_u32(fdt, "phandle", PHANDLE_INTC(hart));
	fdt_end_node(fdt);
	fdt_end_node(fdt);
}

static void write_cpus(void *fdt, const struct guest_tree *t)
{
	struct isa isa;

	isa_collect(&isa, t);
	fdt_begin_node(fdt, "cpus");
	fdt_property_u32(fdt, "#address-cells", 1);
	fdt_property_u32(fdt, "#size-cells", 0);
	fdt_property_u32(fdt, "timebase-frequency", t->timebase_hz);
	for (unsigned hart = 0; hart < t->vcpus; hart++)
		write_cpu(fdt, t, &isa, hart);
	fdt_end_node(fdt);
}

static void write_plic(void *fdt, unsigned harts)
{
	uint32_t contexts[4 * PLIC_MAX_HARTS];

	for (unsigned h = 0; h < harts; h++) {
		contexts[4 * h] = contexts[4 * h + 2] = PHANDLE_INTC(h);
		contexts[4 * h + 1] = IRQ_NONE;
		contexts[4 * h + 3] = IRQ_S_EXTERNAL;
	}
	begin_node(fdt, "interrupt-controller", GUEST_PLIC.base);
	fdt_property(fdt, "compatible", "sifive,plic-1.0.0\0riscv,plic0", 30);
	property_reg(fdt, GUEST_PLIC);
	fdt_property_u32(fdt, "#address-cells", 0);
	fdt_property_u32(fdt, "#interrupt-cells", 1);
	property_flag(fdt, "interrupt-controller");
	property_cells(fdt, "interrupts-extended", contexts, 4 * harts);
	fdt_property_u32(fdt, "riscv,ndev", PLIC_SOURCES - 1);
	fdt_property_u32(fdt, "phandle", PHANDLE_PLIC);
	fdt_end_node(fdt);
}

static void write_uart(void *fdt)
{
	begin_node(fdt, "serial", GUEST_UART.base);
	fdt_property_string(fdt, "compatible", "ns16550a");
	property_reg(fdt, GUEST_UART);
	fdt_property_u32(fdt, "clock-frequency", 3686400);
	fdt_property_u32(fdt, "interrupt-parent", PHANDLE_PLIC);
	fdt_property_u32(fdt, "interrupts", GUEST_UART_IRQ);
	fdt_end_node(fdt);
}

static void write_soc(void *fdt, const struct guest_tree *t)
{
	fdt_begin_node(fdt, "soc");
	fdt_property_u32(fdt, "#address-cells", 2);
	fdt_property_u32(fdt, "#size-cells", 2);
	fdt_property_string(fdt, "compatible", "simple-bus");
	property_flag(fdt, "ranges");
	write_plic(fdt, t->vcpus);
	write_uart(fdt);
	fdt_end_node(fdt);
}

static void write_memory(void *fdt, struct range ram)
{
	begin_node(fdt, "memory", ram.base);
	fdt_property_string(fdt, "device_type", "memory");
	property_reg(fdt, ram);
	fdt_end_node(fdt);
}

int dtb_build(const struct guest_tree *t, void *buf)
{
	fdt_create(buf, DTB_MAX_SIZE);
	fdt_finish_reservemap(buf);
	fdt_begin_node(buf, "");
	fdt_property_u32(buf, "#address-cells", 2);
	fdt_property_u32(buf, "#size-cells", 2);
	fdt_property_string(buf, "compatible", "hmode,guest");
	fdt_property_string(buf, "model", "hmode guest");
	write_chosen(buf, t);
	write_memory(buf, t->ram);
	write_cpus(buf, t);
	write_soc(buf, t);
	fdt_end_node(buf);
	return fdt_finish(buf);
}
