# SPDX-License-Identifier: BSD-2-Clause
"""A run under the plugin m-stay, which counts each hart's own instructions in M-mode."""

import json
import os
import subprocess

from hmode import qemu
from launcher import BUILD, M_STAY_LIMIT

WRAPPER = """#!/bin/sh
case $1 in --version) exec {qemu} "$@" ;; esac
exec {qemu} "$@" -plugin {plugin},out={out},lock={lock}
"""


def lock_range():
    """Where the firmware takes a lock and gives it back; it is linked to 0 and runs at the start of RAM."""
    symbols = subprocess.run(["riscv64-linux-gnu-nm", "-S", BUILD / "hmcode/hmcode.elf"], check=True,
                             capture_output=True, text=True).stdout
    where = {words[-1]: (0x80000000 + int(words[0], 16), int(words[1], 16))
             for words in map(str.split, symbols.splitlines()) if len(words) == 4}
    (begin, size), (unlock, _) = where["spin_lock"], where["spin_unlock"]
    return f"{begin:#x}-{begin + size:#x}-{unlock:#x}"


class Watched:
    """QEMU=... for a run of the launcher; afterwards the stays of each hart."""

    def __init__(self, folder, plugins):
        self.out, self.path = folder / "stays.json", folder / "qemu"
        found = qemu.find(os.environ.get("QEMU", "")).program
        self.path.write_text(WRAPPER.format(qemu=found, plugin=plugins / "m-stay.so", out=self.out, lock=lock_range()))
        self.path.chmod(0o755)

    def harts(self):
        return json.loads(self.out.read_text())["harts"]

    def check(self, count):
        """So many harts ran, and none stayed for long."""
        harts = self.harts()
        assert len(harts) == count
        for hart in harts:
            assert 0 < hart["longest"] <= M_STAY_LIMIT, hart
