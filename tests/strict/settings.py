# SPDX-License-Identifier: BSD-2-Clause
"""Settings of strict harts, and a list of runs in which each pair of settings occurs."""

import itertools

from hmode import modes

SETTINGS = {
    "MODE": ["native", *modes.SHADOWED],
    "QEMU": ["strict", "strict-eager"],
    "ASIDLEN": [0, 6, 16],
    "HARTS": [1, 2],
    "SVVPTC": [0, 1],
}


def pairs(run):
    """What pairs of settings one run covers."""
    return set(itertools.combinations(sorted(run.items()), 2))


def every_pair(settings):
    """Few runs, greedily: each takes, of all there are, the one with the most pairs that are not covered yet."""
    runs = [dict(zip(settings, values)) for values in itertools.product(*settings.values())]
    missing = set().union(*map(pairs, runs))
    chosen = []
    while missing:
        best = max(runs, key=lambda run: len(pairs(run) & missing))
        missing -= pairs(best)
        chosen.append(best)
    return chosen


def name(run):
    return "-".join(str(value) for value in run.values())
