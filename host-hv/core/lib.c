/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of <string.h> that the compiler, libfdt and host-hv call. */
#include "core/lib.h"

void *memcpy(void *to, const void *from, size_t n)
{
	unsigned char *t = to;
	const unsigned char *f = from;

	/* Kernels and ramdisks are copied here: by words where that is legal. */
	if ((((uintptr_t)t | (uintptr_t)f) & 7) == 0)
		for (; n >= 8; n -= 8, t += 8, f += 8)
			*(uint64_t *)t = *(const uint64_t *)f;
	while (n--)
		*t++ = *f++;
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	unsigned char *t = to;
	const unsigned char *f = from;

	if (t <= f)
		return memcpy(to, from, n);
	while (n--)
		t[n] = f[n];
	return to;
}

void *memset(void *to, int byte, size_t n)
{
	unsigned char *t = to;
	uint64_t word = 0x0101010101010101UL * (unsigned char)byte;

	for (; n && ((uintptr_t)t & 7); n--)
		*t++ = (unsigned char)byte;
	for (; n >= 8; n -= 8, t += 8)
		*(uint64_t *)t = word;
	while (n--)
		*t++ = (unsigned char)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

void *memchr(const void *s, int byte, size_t n)
{
	const unsigned char *p = s;

	for (; n; n--, p++)
		if (*p == (unsigned char)byte)
			return (void *)(uintptr_t)p;
	return NULL;
}

size_t strlen(const char *s)
{
	return strnlen(s, SIZE_MAX);
}

size_t strnlen(const char *s, size_t n)
{
	size_t len = 0;

	while (len < n && s[len])
		len++;
	return len;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (*a != *b || !*a)
			return (unsigned char)*a - (unsigned char)*b;
	return 0;
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)(uintptr_t)s;
}

char *strrchr(const char *s, int c)
{
	char *last = NULL;

	for (s = strchr(s, c); s; s = *s ? strchr(s + 1, c) : NULL)
		last = (char *)(uintptr_t)s;
	return last;
}
