/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recorder.h - the stream of accesses as a text, for whoever wants to count again.
 *
 *   r GUEST SATP HGATP       the registers of a space
 *   m PHYSICAL VALUE         what a walk may read from here on
 *   a ACCESS GUEST VA        enum access
 *   f FENCE GUEST PAGE ASID VMID    enum fence; what is not given is "-"
 *
 * Numbers are hexadecimal.  Of memory it has what a walk without any cache reads, as it changes.
 */
#ifndef WALKS_RECORDER_H
#define WALKS_RECORDER_H

#include "model.h"

/* false: the file cannot be written. */
bool recorder_open(const char *path, uint64_t most_accesses);
void recorder_begin(read_entry *read, const struct space spaces[2]);
void recorder_access(enum access access, const struct space *space, uint64_t va);
void recorder_switch(const struct space *space);
void recorder_fence(enum fence fence, const struct scope *scope);

#endif
