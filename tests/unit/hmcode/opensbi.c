// SPDX-License-Identifier: BSD-2-Clause
/*
 * opensbi.c - all that the rooms of the firmware need of OpenSBI, by its own headers: RAM is the
 * machine's, locks are looked at, the rest does as little as its contract allows.  What is not here
 * does not link.
 */
#include "test.h"

#include <libfdt.h>
#include <sbi/riscv_atomic.h>
#include <sbi/riscv_locks.h>
#include <sbi/sbi_console.h>
#include <sbi/sbi_domain.h>
#include <sbi/sbi_ecall.h>
#include <sbi/sbi_error.h>
#include <sbi/sbi_hartmask.h>
#include <sbi/sbi_hsm.h>
#include <sbi/sbi_ipi.h>
#include <sbi/sbi_pmu.h>
#include <sbi/sbi_scratch.h>
#include <sbi/sbi_string.h>
#include <sbi/sbi_system.h>
#include <sbi/sbi_timer.h>
#include <sbi/sbi_unpriv.h>

/* libfdt's header makes the C library's names OpenSBI's. */
#undef memcmp
#undef memcpy
#undef memset
#undef strlen

#include "hart.h"
#include "machine.h"

struct sbi_scratch *hartindex_to_scratch_table[SBI_HARTMASK_MAX_BITS];
u32 last_hartindex_having_scratch;

/* ---- locks and memory ---- */

void spin_lock(spinlock_t *lock)
{
	assert_int_equal(lock->owner, lock->next); /* one hart: it would wait for ever */
	lock->next++;
}

void spin_unlock(spinlock_t *lock)
{
	assert_int_not_equal(lock->owner, lock->next);
	lock->owner++;
}

long atomic_add_return(atomic_t *atom, long value)
{
	return __atomic_add_fetch(&atom->counter, value, __ATOMIC_SEQ_CST);
}

void *sbi_memset(void *s, int c, size_t count)
{
	return memset(s, c, count);
}

void *sbi_memcpy(void *dest, const void *src, size_t count)
{
	return memcpy(dest, src, count);
}

int sbi_memcmp(const void *s1, const void *s2, size_t count)
{
	return memcmp(s1, s2, count);
}

/* ---- the machine ---- */

u32 sbi_hartid_to_hartindex(u32 hartid)
{
	return hartid;
}

struct sbi_domain *sbi_hartindex_to_domain(u32 hartindex)
{
	(void)hartindex;
	return NULL;
}

/* All but the pool and the firmware, as the root domain: it does not know where RAM ends. */
bool __real_sbi_domain_check_addr_range(const struct sbi_domain *dom, unsigned long addr,
					unsigned long size, unsigned long mode,
					unsigned long access_flags);
bool __real_sbi_domain_check_addr_range(const struct sbi_domain *dom, unsigned long addr,
					unsigned long size, unsigned long mode,
					unsigned long access_flags)
{
	(void)dom;
	(void)access_flags;
	assert_int_equal(mode, PRV_S);
	return addr + size >= addr && (addr >= FIRMWARE_END || addr + size <= RAM_BASE) &&
	       (addr >= POOL_END || addr + size <= POOL_BASE);
}

static void start_timer(u64 due)
{
	machine.timer = due;
}

const struct sbi_timer_device *sbi_timer_get_device(void)
{
	static const struct sbi_timer_device device = { .timer_event_start = start_timer };

	return &device;
}

u64 sbi_timer_value(void)
{
	return model.time;
}

int __sbi_hsm_hart_get_state(u32 hartindex)
{
	(void)hartindex;
	return 0;
}

int sbi_ipi_raw_send(u32 hartindex)
{
	(void)hartindex;
	return 0;
}

/* ---- what hooks.c and fatal.c wrap ---- */

void __real_sbi_ipi_process(void);
void __real_sbi_ipi_process(void)
{
	if (machine.ipi)
		machine.ipi();
	model.lines &= ~(u64)MIP_MSIP;
}

struct sbi_trap_context *__real_sbi_trap_handler(struct sbi_trap_context *context);
struct sbi_trap_context *__real_sbi_trap_handler(struct sbi_trap_context *context)
{
	machine.traps_of_opensbi++;
	if (machine.opensbi)
		machine.opensbi();
	return context;
}

void __real_sbi_timer_event_start(u64 due);
void __real_sbi_timer_event_start(u64 due)
{
	machine.timer = due;
}

/* Both stop the counters and set them to leave M-mode out, as for a kernel that asks so. */
static int stop_counters(void)
{
	model_write(CSR_MCOUNTINHIBIT, ~0ull);
	model_write(CSR_MINSTRETCFG, ~0ull);
	if (model.counter_bits)
		model_write(CSR_MHPMEVENT18, 0);
	return 0;
}

int __real_sbi_hart_reinit(struct sbi_scratch *scratch);
int __real_sbi_hart_reinit(struct sbi_scratch *scratch)
{
	(void)scratch;
	model_write(CSR_MCOUNTEREN, ~0ull);
	return stop_counters();
}

unsigned int __real_sbi_hart_mhpm_mask(struct sbi_scratch *scratch);
unsigned int __real_sbi_hart_mhpm_mask(struct sbi_scratch *scratch)
{
	(void)scratch;
	return machine.counters;
}

int misa_extension_imp(char extension)
{
	return machine.has_h && extension == 'H';
}

/* One, behind what machine.c keeps there. */
unsigned long sbi_scratch_alloc_offset(unsigned long size)
{
	return size <= 8 ? OFFSET_FREE : 0;
}

unsigned long sbi_pmu_num_ctr(void)
{
	return (machine.hart_counters ? machine.hart_counters : 3) + SBI_PMU_FW_CTR_MAX;
}

/* Its arrays end where its counters do; it looks no further than here. */
static void ask(u64 base, u64 mask)
{
	assert_true(mask && base < sbi_pmu_num_ctr() && !(mask >> (sbi_pmu_num_ctr() - base)));
	machine.asked.base = base;
	machine.asked.mask = mask;
	machine.asked.calls++;
}

int __real_sbi_pmu_ctr_start(unsigned long base, unsigned long mask, unsigned long flags,
			     uint64_t value);
int __real_sbi_pmu_ctr_start(unsigned long base, unsigned long mask, unsigned long flags,
			     uint64_t value)
{
	u64 stopped = model_read(CSR_MCOUNTINHIBIT), wanted = mask << base;

	(void)flags;
	ask(base, mask);
	if (wanted & ~stopped)
		return SBI_ERR_ALREADY_STARTED;
	if (wanted & 1)
		model_write(CSR_MCYCLE, value);
	if (wanted & 4)
		model_write(CSR_MINSTRET, value);
	model_write(CSR_MCOUNTINHIBIT, stopped & ~wanted);
	return 0;
}

int __real_sbi_pmu_ctr_stop(unsigned long base, unsigned long mask, unsigned long flags);
int __real_sbi_pmu_ctr_stop(unsigned long base, unsigned long mask, unsigned long flags)
{
	(void)flags;
	ask(base, mask);
	return stop_counters();
}

int __real_sbi_pmu_ctr_cfg_match(unsigned long base, unsigned long mask, unsigned long flags,
				 unsigned long event, u64 data);
int __real_sbi_pmu_ctr_cfg_match(unsigned long base, unsigned long mask, unsigned long flags,
				 unsigned long event, u64 data)
{
	(void)flags, (void)event, (void)data;
	ask(base, mask);
	return stop_counters();
}

int __real_sbi_pmu_ctr_fw_read(uint32_t counter, uint64_t *value);
int __real_sbi_pmu_ctr_fw_read(uint32_t counter, uint64_t *value)
{
	(void)counter, (void)value;
	return SBI_EINVAL;
}

int __real_sbi_pmu_event_get_info(unsigned long low, unsigned long high, unsigned long count,
				  unsigned long flags);
int __real_sbi_pmu_event_get_info(unsigned long low, unsigned long high, unsigned long count,
				  unsigned long flags)
{
	(void)low, (void)high, (void)count, (void)flags;
	machine.asked.calls++;
	return 0;
}

/* ---- calls and the console ---- */

int sbi_ecall_register_extension(struct sbi_ecall_extension *ext)
{
	machine.extension = ext;
	return 0;
}

ulong sbi_get_insn(ulong mepc, struct sbi_trap_info *trap)
{
	(void)mepc;
	trap->cause = 0;
	return machine.insn;
}

void sbi_puts(const char *str)
{
	strncat(machine.said, str, sizeof(machine.said) - strlen(machine.said) - 1);
}

int sbi_printf(const char *format, ...)
{
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	sbi_puts(text);
	return 0;
}

int sbi_snprintf(char *out, u32 out_sz, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(out, out_sz, format, arguments);
	va_end(arguments);
	return length;
}

const struct sbi_console_device *sbi_console_get_device(void)
{
	return NULL;
}

const struct sbi_system_reset_device *sbi_system_reset_get_device(u32 reset_type, u32 reset_reason)
{
	(void)reset_type, (void)reset_reason;
	return NULL;
}

/* The tree has one property, /chosen's bootargs. */
int fdt_path_offset(const void *fdt, const char *path)
{
	(void)fdt;
	assert_string_equal(path, "/chosen");
	return 0;
}

const void *fdt_getprop(const void *fdt, int nodeoffset, const char *name, int *lenp)
{
	(void)nodeoffset, (void)name;
	*lenp = fdt ? (int)strlen(fdt) + 1 : 0;
	return fdt;
}
