/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * external.h - the platform's interrupt controller: which of host-hv's own devices interrupt, and
 * who serves them. All of it belongs to the boot hart, whose M-mode context is programmed; the
 * firmware makes S-mode's of it.  In hap it is the S-mode context directly.
 */
#ifndef EXTERNAL_H
#define EXTERNAL_H

#include "core/lib.h"

struct platform;

void external_init(const struct platform *platform, bool direct);

/*
 * serve(whose) is called when the source interrupts.  It returns whether that is done with;
 * otherwise the source interrupts no more until external_done().  False: there is no such
 * controller or source.
 */
bool external_listen(uint32_t source, bool (*serve)(void *whose), void *whose);

/* On any hart: the source that was not done with may interrupt again. */
void external_done(uint32_t source);

/* The hart is ready for interrupts from here on. */
void external_begin(void);

/* Serves what is pending. */
void external_serve(void);

#endif
