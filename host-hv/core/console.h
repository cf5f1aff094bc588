/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * console.h - the machine's one console, shared by host-hv and its guests.
 *
 * One guest gets it raw.  With several, each line says whose it is.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include "core/lib.h"

/* Writes one character of guest number speaker. */
void console_guest_putc(int speaker, char c);

/* Several guests: lines are prefixed with their guest's name from now on, which they cannot write over. */
void console_name_speakers(void);

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

/* Says what is wrong and what to do, records the end of all, and shuts the machine down as failed. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
