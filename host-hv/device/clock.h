/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock.h - the platform's real-time clock, a google,goldfish-rtc, of which each guest has its own
 * (rtc.h).
 *
 * Its one alarm is set to the earliest of the guests'.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include "core/lib.h"

struct platform;

/* After external_init().  An alarm of guest number id that has come goes to ring(). */
void clock_init(const struct platform *platform, void (*ring)(unsigned id));

/* Without one guests have none. */
bool clock_exists(void);

/* Nanoseconds since 1970. */
uint64_t clock_now(void);

/* Guest number id has its next alarm then; FOREVER: none. */
void clock_wake(unsigned id, uint64_t due);

#endif
