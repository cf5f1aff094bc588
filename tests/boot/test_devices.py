# SPDX-License-Identifier: BSD-2-Clause
"""A guest's devices answer as QEMU's virt machine does: one payload on the bare machine and as a guest."""

import pytest

from launcher import Run


def lines(run):
    """What the payload printed, not the firmware or host-hv."""
    assert run.status == 0, repr(run)
    return [line for line in run.console.replace("\r", "").splitlines()
            if line.startswith(("note ", "ok ", "FAIL ", "payload: ", "printed "))]


@pytest.fixture(scope="module")
def natively(tmp_path_factory, payloads):
    return lines(Run(tmp_path_factory.mktemp("native"), {"MODE": "native", "KERNEL": payloads / "uart.bin", "MEM": "128M"}))


@pytest.mark.parametrize("mode", ["tsp", "ssp", "ssp-hm"])
def test_each_width_reads_and_writes_what_it_does_natively(launch, payloads, natively, mode):
    guest = lines(launch(MODE=mode, KERNEL=payloads / "uart.bin", MEM="128M", TIMEOUT=60))
    assert guest == natively
    assert sum(line.startswith("note registers") for line in guest) == 15
    assert guest.count("printed by the UART") == 4
