#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# gcc.sh FUNCTIONS [assembly]: compiles as many functions by -O1, links them with main(), and runs that; or only compiles.
set -eu

{
	echo '#include <stdio.h>'
	echo '#include <stdlib.h>'
	seq "$1" | while read -r n; do
		cat <<C
struct s$n { unsigned long a[$((n % 7 + 2))]; struct s$n *next; };
static unsigned long f$n(const char *text, unsigned long seed)
{
	struct s$n first = { { $n }, NULL }, *s = &first;
	for (; *text; text++) {
		switch ((*text + seed) % 8) {
		case 0: seed = seed * $((n * 2 + 1)) + *text; break;
		case 1: seed ^= seed >> $((n % 13 + 1)); break;
		case 2: s->a[seed % $((n % 7 + 2))] += seed; break;
		case 3: for (int i = 0; i < $((n % 5 + 1)); i++) seed += s->a[0] << i; break;
		default: seed += *text * ${n}ul;
		}
	}
	return seed + s->a[0];
}
C
	done
	echo 'int main(int count, char **words) { unsigned long sum = count; (void)words;'
	seq "$1" | sed 's/.*/	sum = f&("a program of many functions", sum);/'
	echo '	printf("%lx\n", sum); return 0; }'
} > many.c
if [ "${2:-}" = assembly ]; then
	gcc-14 -O1 -S -o - many.c | md5sum
	exit
fi
gcc-14 -O1 -o many many.c
./many
