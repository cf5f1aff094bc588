# SPDX-License-Identifier: BSD-2-Clause
"""A remote fence has come to the other CPU, which runs on another hart, when its call returns."""

import pytest


@pytest.mark.parametrize("mode", ["native", "tsp", "tsp-in-step", "ssp", "ssp-hm", "hap"])
def test_what_was_fenced_is_seen_by_the_other_cpu(launch, payloads, mode):
    cpus = {} if mode == "native" else {"VCPUS": 2}
    run = launch(MODE=mode, HARTS=2, ICOUNT=0, **cpus,
                 KERNEL=payloads / "bench-remote.bin", MEM="128M", TIMEOUT=120)
    assert "FAIL" not in run.console and "payload: 2 ok, 0 failed" in run.console, repr(run)
