/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cores.h - the cores that one stream of accesses is shown to. */
#ifndef WALKS_CORES_H
#define WALKS_CORES_H

#include <stdio.h>

#include "model.h"

#define MOST_CORES 32

/* NAME:KEY=NUMBER:...; all keys must be given.  NULL, or what is wrong. */
const char *cores_add(const char *text);
const char *cores_start(read_entry *read, void *memory);
unsigned int cores_count(void);

/* The physical address as the first core has it, or UNTRANSLATED. */
uint64_t cores_access(enum access access, const struct space *space, uint64_t va);
/* A load or store of the page that the last one was in: it changes nothing but their number. */
void cores_same_page(void);
void cores_fence(enum fence fence, const struct scope *scope);
void cores_switch(const struct space *old, const struct space *now);

/* Count from zero; what is kept stays. */
void cores_begin(void);
/* An object of a count's name and number for each core. */
void cores_report(FILE *out);

#endif
