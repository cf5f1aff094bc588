# SPDX-License-Identifier: BSD-2-Clause
"""More forks than there are ASIDs: Linux hands each out again, and no process sees another's pages."""

import re

import pytest

FORKS = 70_000      # 65,536 ASIDs
RUNS = [{"MODE": "native"}, {"MODE": "tsp"}, {"MODE": "ssp"}, {"MODE": "ssp-hm"}, {"MODE": "ssp-hm", "PROFILE": "u74"}]


@pytest.mark.long("forks")
@pytest.mark.parametrize("options", RUNS, ids=["-".join(run.values()) for run in RUNS])
def test_asids_roll_over(launch, options):
    run = launch(WORKLOAD="none", ICOUNT=0, TIMEOUT=1700, APPEND=f"quiet hmwork=stale-fork:{FORKS}", **options)
    assert re.search(r"^hmwork: stale-fork ok", run.console, re.M), repr(run)
    assert run.status == 0, repr(run)
