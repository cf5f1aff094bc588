/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * commands.h - where typed characters go: to the guest that has the keyboard, or,
 * after Ctrl-], to a prompt of host-hv's for one line.  All of it belongs to
 * the hart that the UART interrupts.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "core/lib.h"

/* Takes a character, always: what a guest does not read is kept, then dropped (typed.h). */
void keyboard_type(uint8_t c);

#endif
