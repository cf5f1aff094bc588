// SPDX-License-Identifier: BSD-2-Clause
/*
 * hm-mark.c - the same for scripts: hm-mark begin NAME, hm-mark end NAME.
 *
 * The command is a process: what starts it counts before the mark, what ends it behind.
 */
#include <stdio.h>

#include "hm-mark.h"

int main(int argc, char **argv)
{
	int begins = argc == 3 && !strcmp(argv[1], "begin");

	if (!begins && (argc != 3 || strcmp(argv[1], "end"))) {
		fprintf(stderr, "usage: hm-mark begin NAME | hm-mark end NAME\n");
		return 2;
	}
	if (!hm_mark(begins ? '+' : '-', argv[2]))
		return 0;
	if (errno == EINVAL)
		fprintf(stderr, "hm-mark: '%s' is no name: 1 to %d of A-Z a-z 0-9 _ . -\n", argv[2],
			HM_MARK_NAME_MAX);
	else
		perror("hm-mark");
	return errno == EINVAL ? 2 : 1;
}
