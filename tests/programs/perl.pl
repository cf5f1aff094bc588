#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# perl.pl LINES: regular expressions, hashes, sorting.
use strict;
use warnings;

my ($lines, $seed, %seen, @words) = ($ARGV[0], 1);
for my $line (1 .. $lines) {
	$seed = ($seed * 1103515245 + 12345) % 2147483648;
	my $text = sprintf "%s-%d: user%d logged in from 10.%d.%d.%d", "w" . $seed % 1000, $line, $seed % 97,
	    $seed % 256, ($seed >> 8) % 256, ($seed >> 16) % 256;
	next unless $text =~ /^(w\d+)-(\d+): (user\d+) .* from (\d+(?:\.\d+){3})$/;
	$seen{$3}{$4}++;
	push @words, "$1$2";
	(my $other = $text) =~ tr/a-z/b-za/;
	$seen{other} ^= unpack "%32C*", $other;
}
print scalar @words, " ", scalar keys %seen, " ", (sort @words)[int(@words / 2)], " ", $seen{other}, "\n";
print join(" ", map { "$_=" . keys %{ $seen{$_} } } grep { ref $seen{$_} } (sort keys %seen)[0 .. 5]), "\n";
