/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hm-mark.h - regions of a program that `make run PROGRAM=` measures, each by a name of its own.
 *
 *	if (hm_mark_begin("sort"))
 *		perror("sort");
 *	...
 *	hm_mark_end("sort");
 *
 * A name has 1 to 32 of the letters A-Z a-z 0-9 _ . and -.  Regions may lie in each other or overlap,
 * 16 at a time, and one may come as often as it likes.  What a mark does is counted in no region.
 * Of two marks that are made at the same moment the launcher says so, and makes no figure.
 *
 * Everywhere else a mark does nothing: HM_MARKS is there only in a run that counts, in the
 * environment or as a word of the kernel's command line.  There a mark ends what is counted, notes
 * the name in the file or on the terminal that HM_MARKS names, and begins anew; the launcher adds up
 * the pieces.  So neither firmware nor hypervisor sees a name.
 */
#ifndef HM_MARK_REGIONS_H
#define HM_MARK_REGIONS_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/auxv.h>
#endif

/* Of POSIX, and not declared in plain C. */
#ifndef O_CLOEXEC
#define O_CLOEXEC 0
#endif

#define HM_MARK_NAME_MAX 32
#define HM_MARK_TOLD     "hmmark: " /* before a note on a terminal, where others write as well */

/* hm_abi.h has these as HM_CSR_MARK, HM_MARK_BEGIN, and HM_MARK_END with HM_MARK_OK. */
#define HM_MARK_REGISTER "0x8e0"
#define HM_MARK_STARTS   1ul
#define HM_MARK_STOPS    0x10002ul

static inline void hm_mark_write(unsigned long value)
{
#ifdef __riscv
	__asm__ volatile("csrw " HM_MARK_REGISTER ", %0" ::"r"(value) : "memory");
#else
	(void)value;
#endif
}

static inline int hm_mark_name_is_good(const char *name)
{
	size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789_.-");

	return length > 0 && length <= HM_MARK_NAME_MAX && !name[length];
}

/* Until the terminal has sent all: its interrupts are in no region.  Who is in the background may wait as well. */
static inline int hm_mark_drain(int terminal)
{
#ifdef SIG_BLOCK
	sigset_t stops, before;
	int result;

	sigemptyset(&stops);
	sigaddset(&stops, SIGTTOU);
	sigprocmask(SIG_BLOCK, &stops, &before);
	result = tcdrain(terminal);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
#else
	return tcdrain(
		terminal); /* plain C cannot block a signal: who is in the background is stopped by it */
#endif
}

/* A line: one write, so that it is whole. */
static inline int hm_mark_note(const char *path, char what, const char *name)
{
	char line[sizeof(HM_MARK_TOLD) + HM_MARK_NAME_MAX + 2] = HM_MARK_TOLD;
	size_t told = sizeof(HM_MARK_TOLD) - 1, length = strlen(name);
	int file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY), is_terminal, result;
	const char *begin;

	if (file < 0)
		return -1;
	is_terminal = isatty(file);
	line[told] = what;
	memcpy(line + told + 1, name, length);
	line[told + 1 + length] = '\n';
	begin = line + (is_terminal ? 0 : told);
	length += 2 + (is_terminal ? told : 0);
	result = write(file, begin, length) == (ssize_t)length ? 0 : -1;
	if (!result && is_terminal)
		result = hm_mark_drain(file);
	close(file);
	return result;
}

/* Where to, or no path: nothing is counted here. */
static struct {
	const char *path;
	unsigned long number;
} hm_marks;

/* What the kernel was told; processes of a service have none of it in their environment. */
static inline const char *hm_marks_of_kernel(void)
{
	static char line[4096];
	int file = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t length = file < 0 ? -1 : read(file, line + 1, sizeof(line) - 2);
	char *word;

	if (file >= 0)
		close(file);
	if (length <= 0)
		return NULL;
	line[0] = ' ';
	line[1 + length] = '\0';
	word = strstr(line, " HM_MARKS=");
	if (!word)
		return NULL;
	word += strlen(" HM_MARKS=");
	word[strcspn(word, " \n")] = '\0';
	return word;
}

/*
 * As secure_getenv(), which only _GNU_SOURCE declares: a program that has more rights than its caller
 * opens no file that he names.
 */
static inline const char *hm_marks_of_environment(void)
{
#ifdef __linux__
	return getauxval(AT_SECURE) ? NULL : getenv("HM_MARKS");
#else
	return NULL;
#endif
}

/* Once, before main(), so that no region has it. */
static void __attribute__((constructor, unused)) hm_marks_look(void)
{
	const char *marks = hm_marks_of_environment(); /* NUMBER:PATH */
	char *end;

	if (!marks)
		marks = hm_marks_of_kernel();
	if (!marks)
		return;
	hm_marks.number = strtoul(marks, &end, 10);
	if (*end == ':' && hm_marks.number <= 255)
		hm_marks.path = end + 1;
}

/* 0, or -1 with errno: the name is none, or it could not be noted.  A name that is none is a note as well. */
static inline int hm_mark(char what, const char *name)
{
	int is_good, result = 0;

	if (hm_marks.path)
		hm_mark_write(HM_MARK_STOPS | hm_marks.number << 8);
	is_good = hm_mark_name_is_good(name);
	if (hm_marks.path)
		result = hm_mark_note(hm_marks.path, is_good ? what : '~', is_good ? name : "");
	if (!is_good) {
		errno = EINVAL;
		result = -1;
	}
	if (hm_marks.path)
		hm_mark_write(HM_MARK_STARTS | hm_marks.number << 8);
	return result;
}

static inline int hm_mark_begin(const char *name)
{
	return hm_mark('+', name);
}

static inline int hm_mark_end(const char *name)
{
	return hm_mark('-', name);
}

#endif /* HM_MARK_REGIONS_H */
