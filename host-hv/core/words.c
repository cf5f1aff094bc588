/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/words.h"

#include "core/lib.h"

char *next_word(char **rest, char separator)
{
	char *word = *rest, *end;

	if (!word)
		return NULL;
	end = strchr(word, separator);
	*rest = end ? end + 1 : NULL;
	if (end)
		*end = 0;
	return word;
}

int find_word(const char *word, const char *const *names, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (!strcmp(word, names[i]))
			return i;
	return -1;
}
