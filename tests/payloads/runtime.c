// SPDX-License-Identifier: BSD-2-Clause
/* runtime.c - a payload's console, facts, traps and SBI calls. */
#include "hm_abi.h"
#include "payload.h"

#define SRST_SHUTDOWN       0
#define SRST_SYSTEM_FAILURE 1
#define MARK_NUMBER         255 /* no workload's */

static unsigned int held, failed;
static const char *subject = "";

struct sbi sbi_call6(uint64_t eid, uint64_t fid, uint64_t arg0, uint64_t arg1, uint64_t arg2,
		     uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	register uint64_t a0 __asm__("a0") = arg0;
	register uint64_t a1 __asm__("a1") = arg1;
	register uint64_t a2 __asm__("a2") = arg2;
	register uint64_t a3 __asm__("a3") = arg3;
	register uint64_t a4 __asm__("a4") = arg4;
	register uint64_t a5 __asm__("a5") = arg5;
	register uint64_t a6 __asm__("a6") = fid;
	register uint64_t a7 __asm__("a7") = eid;

	__asm__ volatile("ecall"
			 : "+r"(a0), "+r"(a1)
			 : "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a6), "r"(a7)
			 : "memory");
	return (struct sbi){ .error = (int64_t)a0, .value = a1 };
}

/* --- console: one line at a time, so that a line costs one call --- */

static char line[256];
static size_t used;

static void put(const char *text)
{
	while (*text && used < sizeof(line) - 1)
		line[used++] = *text++;
}

static void put_hex(uint64_t value)
{
	char text[19] = "0x";
	int digit = 2;

	for (int shift = 60; shift >= 0; shift -= 4)
		if (value >> shift || shift == 0)
			text[digit++] = "0123456789abcdef"[value >> shift & 15];
	text[digit] = 0;
	put(text);
}

static void put_decimal(unsigned int value)
{
	char text[11];
	int digit = sizeof(text) - 1;

	text[digit] = 0;
	do {
		text[--digit] = '0' + value % 10;
		value /= 10;
	} while (value);
	put(text + digit);
}

static void end_line(void)
{
	line[used++] = '\n';
	sbi_call(SBI_DBCN, 0, used, (uint64_t)line, 0, 0, 0);
	used = 0;
}

void note(const char *text)
{
	put("note ");
	put(text);
	end_line();
}

void note_count(const char *what, unsigned int count)
{
	put("note ");
	put(what);
	put(" ");
	put_decimal(count);
	end_line();
}

void note_csr(const char *what, unsigned int number, uint64_t value)
{
	put("csr ");
	put(what);
	put(" ");
	put_hex(number);
	put(" ");
	put_hex(value);
	end_line();
}

void note_values(const char *what, const uint64_t *value, unsigned int count)
{
	put("note ");
	put(what);
	for (; count; count--) {
		put(" ");
		put_hex(*value++);
	}
	end_line();
}

void note_value(const char *what, uint64_t value)
{
	note_values(what, &value, 1);
}

/* --- facts --- */

void facts_about(const char *what)
{
	subject = what;
}

static void put_fact(bool holds, const char *what)
{
	put(holds ? "ok " : "FAIL ");
	put(subject);
	put(*subject ? ": " : "");
	put(what);
	held += holds;
	failed += !holds;
}

void fact(bool holds, const char *what)
{
	put_fact(holds, what);
	end_line();
}

void fact_equal(uint64_t got, uint64_t expected, const char *what)
{
	put_fact(got == expected, what);
	if (got != expected) {
		put(": got ");
		put_hex(got);
		put(", expected ");
		put_hex(expected);
	}
	end_line();
}

static void __attribute__((noreturn)) power_off(void)
{
	sbi_call(SBI_SRST, 0, SRST_SHUTDOWN, failed ? SRST_SYSTEM_FAILURE : 0, 0, 0, 0);
	for (;;)
		;
}

static void __attribute__((noreturn)) finish(void)
{
	put("payload: ");
	put_decimal(held);
	put(" ok, ");
	put_decimal(failed);
	put(" failed");
	end_line();
	power_off();
}

#define STRING(x)   #x
#define CSR(number) STRING(number)

static uint64_t write_marker(uint64_t value, uint64_t unused)
{
	(void)unused;
	__asm__ volatile("csrw " CSR(HM_CSR_MARK) ", %0" ::"r"(value));
	return 0;
}

/* The whole of a payload is measured; other firmware refuses the marker, which does no harm. */
static void mark(uint64_t what)
{
	attempt(write_marker, what | MARK_NUMBER << 8, 0);
}

void payload_end(void)
{
	mark(HM_MARK_END | (failed ? 0 : HM_MARK_OK));
	finish();
}

void payload_main(uint64_t hart, uint64_t fdt);
void payload_main(uint64_t hart, uint64_t fdt)
{
	options_read(fdt);
	mark(HM_MARK_BEGIN);
	payload(hart);
	payload_end();
}

/* --- traps --- */

extern uint64_t attempt_sp;
uint64_t attempt_call(attempt_fn function, uint64_t a, uint64_t b);
uint64_t user_call(uint64_t pc, uint64_t a, uint64_t b);

static struct outcome last;
volatile unsigned int interrupts_taken[16];

static void __attribute__((noreturn)) unexpected(void)
{
	put("FAIL unexpected trap: cause ");
	put_hex(last.cause);
	put(", pc ");
	put_hex(last.epc);
	put(", value ");
	put_hex(last.tval);
	end_line();
	failed++;
	finish();
}

/* From trap_entry; what it returns becomes attempt_call()'s result. */
uint64_t trap_exception(void);
uint64_t trap_exception(void)
{
	last = (struct outcome){
		.cause = csr_read(scause),
		.tval = csr_read(stval),
		.epc = csr_read(sepc),
		.status = csr_read(sstatus),
	};
	if (!attempt_sp)
		unexpected();
	return 0;
}

/* From trap_entry: count it, and keep the source quiet until it is enabled again. */
void trap_interrupt(void);
void trap_interrupt(void)
{
	uint64_t number = csr_read(scause) & 63;

	if (number < 16)
		interrupts_taken[number]++;
	csr_clear(sie, 1ul << number);
}

struct outcome attempt(attempt_fn function, uint64_t a, uint64_t b)
{
	uint64_t value;

	last = (struct outcome){ .cause = CAUSE_NONE };
	value = attempt_call(function, a, b);
	if (last.cause == CAUSE_NONE)
		last.value = value;
	return last;
}

/* The stub's a0 is lost on the way out: what matters is which trap ended it. */
struct outcome attempt_user(uint64_t pc, uint64_t a, uint64_t b)
{
	last = (struct outcome){ .cause = CAUSE_NONE };
	user_call(pc, a, b);
	return last;
}

uint64_t load_reserved(uint64_t va, uint64_t unused)
{
	uint64_t value;

	(void)unused;
	__asm__ volatile("lr.d %0, (%1)" : "=r"(value) : "r"(va) : "memory");
	return value;
}

uint64_t load_sized(uint64_t at, uint64_t size)
{
	uint32_t word;

	switch (size) {
	case 1: return *(volatile uint8_t *)at;
	case 2: return *(volatile uint16_t *)at;
	case 4: __asm__ volatile("lwu %0, 0(%1)" : "=r"(word) : "r"(at) : "memory"); return word;
	default: return *(volatile uint64_t *)at;
	}
}

static uint64_t do_load(uint64_t va, uint64_t unused)
{
	(void)unused;
	return read64(va);
}

static uint64_t do_store(uint64_t va, uint64_t value)
{
	write64(va, value);
	return 0;
}

static uint64_t do_fetch(uint64_t va, uint64_t unused)
{
	(void)unused;
	return ((uint64_t(*)(void))va)();
}

struct outcome try_load(uint64_t va)
{
	return attempt(do_load, va, 0);
}

struct outcome try_store(uint64_t va, uint64_t value)
{
	return attempt(do_store, va, value);
}

struct outcome try_fetch(uint64_t va)
{
	return attempt(do_fetch, va, 0);
}

uint64_t load_cause(uint64_t va)
{
	return try_load(va).cause;
}

uint64_t store_cause(uint64_t va)
{
	return try_store(va, 0).cause;
}

uint64_t fetch_cause(uint64_t va)
{
	return try_fetch(va).cause;
}

/* The compiler calls these by name. */
void *memset(void *to, int value, size_t size);
void *memset(void *to, int value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((volatile char *)to)[i] = value;
	return to;
}
