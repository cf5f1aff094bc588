/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * console.h - the machine's one console, shared by host-hv and its guests.
 *
 * One guest gets it raw.  With several, each line says whose it is, and no line has two authors: a
 * guest's is shown when it ends, when its guest does, when it is long, or when nothing has come for
 * 20 to 30 ms.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include "core/hart.h"
#include "core/lib.h"

void console_init(uint64_t timebase_hz);

/* Writes one character of guest number speaker. */
void console_guest_putc(int speaker, char c);

/*
 * Several guests: lines are prefixed with their guest's name from now on, which they cannot write
 * over.
 */
void console_name_speakers(void);

/* Shows what a guest, or each, has written of a line that it did not end. */
void console_end_line(int speaker);
void console_end_lines(void);

/*
 * This hart shows what its guests wrote and leave as it is; gives the time at which to call again.
 */
uint64_t console_show_quiet(struct hart *h);

static inline uint64_t console_show_quiet_if_due(struct hart *h)
{
	return h->console_look ? console_show_quiet(h) : FOREVER;
}

/* Nobody looks for records on this console: the byte that begins one is a guest's as any other. */
void console_pass_all(void);

/* Writes a piece of the line that is typed at host-hv's prompt. */
void console_edit(const char *piece);

/* %c %s %d %u %x %lu %lx %%; what one call prints stays together. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same in several calls, between a beginning and an end. */
void print_begin(void);
void print_more(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_end(void);

/*
 * Says what is wrong and what to do, records the end of all, and shuts the machine down as failed.
 */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
