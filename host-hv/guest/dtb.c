/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/dtb.h"

#include <libfdt.h>

#include "fdt_reg.h"
#include "device/finisher.h"
#include "device/plic.h"
#include "guest/seed.h"

static const char *const offered_if_present[] = {
#define OFFERED(extension) #extension,
#define DECIDED(extension)
#include "guest/extensions.h"
#undef OFFERED
#undef DECIDED
};

#define PHANDLE_PLIC       1
#define PHANDLE_FINISHER   2
#define PHANDLE_INTC(hart) (3 + (hart))
#define IRQ_S_EXTERNAL     9
#define IRQ_NONE           UINT32_MAX /* a PLIC context that is not connected */

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
	char string[1024];
	char list[1024];
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
	if (t->svade)
		isa_add(isa, "svade");
	if (t->svadu)
		isa_add(isa, "svadu");
	if (t->svvptc)
		isa_add(isa, "svvptc");
}

/*
 * libfdt's sequential writer, and the first error of any step: a step that ran
 * out of room leaves its part out, and those after it may well succeed.
 */
struct writer {
	void *fdt;
	int error;
};

static void note_error(struct writer *w, int error)
{
	if (!w->error)
		w->error = error;
}

static void property(struct writer *w, const char *name, const void *value, int len)
{
	note_error(w, fdt_property(w->fdt, name, value, len));
}

static void property_string(struct writer *w, const char *name, const char *value)
{
	property(w, name, value, strlen(value) + 1);
}

static void property_flag(struct writer *w, const char *name)
{
	property(w, name, NULL, 0);
}

static void property_u32(struct writer *w, const char *name, uint32_t value)
{
	fdt32_t be = cpu_to_fdt32(value);

	property(w, name, &be, sizeof(be));
}

static void property_u64(struct writer *w, const char *name, uint64_t value)
{
	fdt64_t be = cpu_to_fdt64(value);

	property(w, name, &be, sizeof(be));
}

static void property_reg(struct writer *w, struct range r)
{
	fdt64_t be[2] = { cpu_to_fdt64(r.base), cpu_to_fdt64(r.size) };

	property(w, "reg", be, sizeof(be));
}

static void begin(struct writer *w, const char *name)
{
	note_error(w, fdt_begin_node(w->fdt, name));
}

/* name@unit in hexadecimal */
static void begin_at(struct writer *w, const char *name, uint64_t unit)
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
	begin(w, full);
}

static void end(struct writer *w)
{
	note_error(w, fdt_end_node(w->fdt));
}

/* Left out where the machine has none: a guest would believe in it. */
static void write_rng_seed(struct writer *w)
{
	uint8_t seed[SEED_SIZE];
	unsigned len = seed_next(seed);

	if (len)
		property(w, "rng-seed", seed, (int)len);
}

static void write_chosen(struct writer *w, const struct guest_tree *t)
{
	begin(w, "chosen");
	property_string(w, "bootargs", t->bootargs);
	property_string(w, "stdout-path", "/soc/serial@10000000");
	if (t->initrd.size) {
		property_u64(w, "linux,initrd-start", t->initrd.base);
		property_u64(w, "linux,initrd-end", t->initrd.base + t->initrd.size);
	}
	write_rng_seed(w);
	end(w);
}

static void write_cpu(struct writer *w, const struct guest_tree *t, const struct isa *isa,
		      unsigned hart)
{
	begin_at(w, "cpu", hart);
	property_string(w, "device_type", "cpu");
	property_u32(w, "reg", hart);
	property_string(w, "status", "okay");
	property_string(w, "compatible", "riscv");
	property_string(w, "riscv,isa", isa->string);
	property_string(w, "riscv,isa-base", "rv64i");
	property(w, "riscv,isa-extensions", isa->list, isa->list_len);
	property_string(w, "mmu-type", t->mmu_type);
	if (host_has(t, "zicboz"))
		property_u32(w, "riscv,cboz-block-size",
			     fdt_number(t->host_fdt, t->host_cpu, "riscv,cboz-block-size", 64));
	begin(w, "interrupt-controller");
	property_string(w, "compatible", "riscv,cpu-intc");
	property_u32(w, "#address-cells", 0);
	property_u32(w, "#interrupt-cells", 1);
	property_flag(w, "interrupt-controller");
	property_u32(w, "phandle", PHANDLE_INTC(hart));
	end(w);
	end(w);
}

static void write_cpus(struct writer *w, const struct guest_tree *t)
{
	struct isa isa;

	isa_collect(&isa, t);
	begin(w, "cpus");
	property_u32(w, "#address-cells", 1);
	property_u32(w, "#size-cells", 0);
	property_u32(w, "timebase-frequency", t->timebase_hz);
	for (unsigned hart = 0; hart < t->vcpus; hart++)
		write_cpu(w, t, &isa, hart);
	end(w);
}

static void write_plic(struct writer *w, unsigned harts)
{
	fdt32_t contexts[4 * PLIC_MAX_HARTS];

	for (unsigned h = 0; h < harts; h++) {
		contexts[4 * h] = contexts[4 * h + 2] = cpu_to_fdt32(PHANDLE_INTC(h));
		contexts[4 * h + 1] = cpu_to_fdt32(IRQ_NONE);
		contexts[4 * h + 3] = cpu_to_fdt32(IRQ_S_EXTERNAL);
	}
	begin_at(w, "interrupt-controller", GUEST_PLIC.base);
	property(w, "compatible", "sifive,plic-1.0.0\0riscv,plic0", 30);
	property_reg(w, GUEST_PLIC);
	property_u32(w, "#address-cells", 0);
	property_u32(w, "#interrupt-cells", 1);
	property_flag(w, "interrupt-controller");
	property(w, "interrupts-extended", contexts, 16 * harts);
	property_u32(w, "riscv,ndev", PLIC_SOURCES - 1);
	property_u32(w, "phandle", PHANDLE_PLIC);
	end(w);
}

static void write_uart(struct writer *w)
{
	begin_at(w, "serial", GUEST_UART.base);
	property_string(w, "compatible", "ns16550a");
	property_reg(w, GUEST_UART);
	property_u32(w, "clock-frequency", 3686400);
	property_u32(w, "interrupt-parent", PHANDLE_PLIC);
	property_u32(w, "interrupts", GUEST_UART_IRQ);
	end(w);
}

static void write_rtc(struct writer *w)
{
	begin_at(w, "rtc", GUEST_RTC.base);
	property_string(w, "compatible", "google,goldfish-rtc");
	property_reg(w, GUEST_RTC);
	property_u32(w, "interrupt-parent", PHANDLE_PLIC);
	property_u32(w, "interrupts", GUEST_RTC_IRQ);
	end(w);
}

static void write_virtio(struct writer *w, unsigned number)
{
	struct range where = { GUEST_VIRTIO.base + number * GUEST_VIRTIO_STRIDE,
			       GUEST_VIRTIO_STRIDE };

	begin_at(w, "virtio_mmio", where.base);
	property_string(w, "compatible", "virtio,mmio");
	property_reg(w, where);
	property_u32(w, "interrupt-parent", PHANDLE_PLIC);
	property_u32(w, "interrupts", GUEST_VIRTIO_IRQ + number);
	end(w);
}

static void write_finisher(struct writer *w)
{
	begin_at(w, "test", GUEST_FINISHER.base);
	property(w, "compatible", "sifive,test1\0sifive,test0\0syscon", 33);
	property_reg(w, GUEST_FINISHER);
	property_u32(w, "phandle", PHANDLE_FINISHER);
	end(w);
}

/* What to store there, for kernels that know the device by syscon-poweroff and syscon-reboot. */
static void write_syscon(struct writer *w, const char *name, const char *compatible, uint32_t value)
{
	begin(w, name);
	property_string(w, "compatible", compatible);
	property_u32(w, "regmap", PHANDLE_FINISHER);
	property_u32(w, "offset", 0);
	property_u32(w, "value", value);
	end(w);
}

static void write_soc(struct writer *w, const struct guest_tree *t)
{
	begin(w, "soc");
	property_u32(w, "#address-cells", 2);
	property_u32(w, "#size-cells", 2);
	property_string(w, "compatible", "simple-bus");
	property_flag(w, "ranges");
	write_plic(w, t->vcpus);
	write_uart(w);
	write_finisher(w);
	if (t->rtc)
		write_rtc(w);
	for (unsigned i = 0; i < t->virtio; i++)
		write_virtio(w, i);
	end(w);
}

static void write_memory(struct writer *w, struct range ram)
{
	begin_at(w, "memory", ram.base);
	property_string(w, "device_type", "memory");
	property_reg(w, ram);
	end(w);
}

int dtb_build(const struct guest_tree *t, void *buf)
{
	struct writer w = { .fdt = buf };

	note_error(&w, fdt_create(buf, DTB_MAX_SIZE));
	note_error(&w, fdt_finish_reservemap(buf));
	begin(&w, "");
	property_u32(&w, "#address-cells", 2);
	property_u32(&w, "#size-cells", 2);
	property_string(&w, "compatible", "hmode,guest");
	property_string(&w, "model", "hmode guest");
	write_chosen(&w, t);
	write_memory(&w, t->ram);
	write_cpus(&w, t);
	write_soc(&w, t);
	write_syscon(&w, "poweroff", "syscon-poweroff", FINISHER_PASS);
	write_syscon(&w, "reboot", "syscon-reboot", FINISHER_RESET);
	end(&w);
	note_error(&w, fdt_finish(buf));
	return w.error;
}

/* -- a tree that the guest brings -- */

static int set_chosen(const struct guest_tree *t, void *buf, int chosen)
{
	int error = 0;

	if (*t->bootargs)
		error = fdt_setprop_string(buf, chosen, "bootargs", t->bootargs);
	if (!error && t->initrd.size)
		error = fdt_setprop_u64(buf, chosen, "linux,initrd-start", t->initrd.base);
	if (!error && t->initrd.size)
		error = fdt_setprop_u64(buf, chosen, "linux,initrd-end",
					t->initrd.base + t->initrd.size);
	return error;
}

int dtb_adopt(const struct guest_tree *t, const void *file, uint64_t size, void *buf)
{
	int error = fdt_check_full(file, size), chosen;

	if (!error)
		error = fdt_open_into(file, buf, DTB_MAX_SIZE);
	if (error)
		return error;
	chosen = fdt_path_offset(buf, "/chosen");
	if (chosen == -FDT_ERR_NOTFOUND)
		chosen = fdt_add_subnode(buf, 0, "chosen");
	if (chosen < 0)
		return chosen;
	error = set_chosen(t, buf, chosen);
	return error ? error : fdt_pack(buf);
}
