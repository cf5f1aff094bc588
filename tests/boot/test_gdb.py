# SPDX-License-Identifier: BSD-2-Clause
"""The gdb commands of hmcode/gdb/hm.py on a machine that is stopped while a guest runs."""

import re
import subprocess

import pytest

from launcher import BUILD, LAUNCH, ROOT

COMMANDS = """
set pagination off
target remote :1234
break hm_trap_slow if (long)$mcause > 0
continue
delete
hm-vcpu
hm-roots
hm-walk $mepc
break exit_route
continue
hm-vcpu 0
"""


@pytest.mark.parametrize("mode", ["ssp", "ssp-hm"])
def test_a_stopped_machine_is_shown(payloads, tmp_path, mode):
    script = tmp_path / "commands"
    script.write_text(COMMANDS)
    machine = subprocess.Popen([LAUNCH, "debug", f"MODE={mode}", "MEM=128M",
                                f"KERNEL={payloads / 'sharing.bin'}"],
                               stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    try:
        while ":1234" not in machine.stderr.readline():
            assert machine.poll() is None
        gdb = subprocess.run(["gdb-multiarch", "-q", "-batch", "-x", ROOT / "hmcode/gdb/hm.py", "-x", script],
                             capture_output=True, text=True, timeout=60,
                             env={"BUILD": str(BUILD), "PATH": "/usr/bin:/bin"})
    finally:
        machine.terminate()
        machine.wait()
    assert "Breakpoint 2, exit_route" in gdb.stdout, gdb
    in_firmware, at_host = gdb.stdout.split("Breakpoint 2, exit_route", 1)
    assert re.search(r"in the firmware, gdb thread 1: a trap of cause 0x[0-9a-f]+", in_firmware), gdb
    assert re.search(r"^\* +\d guest Bare; shadow Sv39", in_firmware, re.M), gdb
    assert ("tables of the host" in in_firmware) == (mode == "ssp"), gdb
    assert re.search(r"^  [012]  HPA \S+  \S+ VRWX--AD  leaf: HPA", in_firmware, re.M), gdb
    assert re.search(r"not running: S-mode, pc 0x[0-9a-f]+; last exit: [a-z_]+, cause", at_host), gdb
