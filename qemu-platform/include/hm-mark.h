/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hm-mark.h - regions of a program that `make run PROGRAM=` measures, each by a name of its own.
 *
 *	if (hm_mark_begin("sort"))
 *		perror("sort");
 *	...
 *	hm_mark_end("sort");
 *
 * A name has 1 to 32 of the letters A-Z a-z 0-9 _ . and -.  Regions may lie in each other, 16 deep,
 * and one may come as often as it likes.  What a mark does is counted in no region.  Only one thread
 * or process may mark at a time.
 *
 * Everywhere else a mark does nothing: the environment has HM_MARKS only in a run that counts.
 * There a mark ends what is counted, notes the name in the file that HM_MARKS names, and begins
 * anew; the launcher adds up the pieces.  So neither firmware nor hypervisor sees a name.
 */
#ifndef HM_MARK_REGIONS_H
#define HM_MARK_REGIONS_H

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HM_MARK_NAME_MAX 32

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

/* A line of the file: one write, so that it is whole. */
static inline int hm_mark_note(const char *path, char what, const char *name)
{
	char line[HM_MARK_NAME_MAX + 2];
	size_t length = strlen(name);
	int file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC), result;

	if (file < 0)
		return -1;
	line[0] = what;
	memcpy(line + 1, name, length);
	line[length + 1] = '\n';
	result = write(file, line, length + 2) == (ssize_t)length + 2 ? 0 : -1;
	close(file);
	return result;
}

/* Where to, or no path: nothing is counted here. */
static struct {
	const char *path;
	unsigned long number;
} hm_marks;

/* Once, before main(), so that no region has it. */
static void __attribute__((constructor, unused)) hm_marks_look(void)
{
	const char *marks = getenv("HM_MARKS"); /* NUMBER:PATH */
	char *end;

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
