/* SPDX-License-Identifier: BSD-2-Clause */
/* words.h - lines that people write: options and commands. */
#ifndef WORDS_H
#define WORDS_H

/* Cuts the next word off *rest at a separator; NULL after the last. */
char *next_word(char **rest, char separator);

/* An index into names, or -1. */
int find_word(const char *word, const char *const *names, unsigned count);

#endif
