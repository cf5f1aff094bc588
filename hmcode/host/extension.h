/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef HM_EXTENSION_H
#define HM_EXTENSION_H

/* Offer the HM extension to S-mode; an SBI error code. */
int hm_register_host_extension(void);

/* Traps of the host world come here once a hart is ready (host_vector.S). */
extern const char hm_host_vector[];

#endif
