# SPDX-License-Identifier: BSD-2-Clause
"""host-hv knows each mode of the launcher but `native`, where there is no host-hv."""

import subprocess

from hmode import abi, modes, tree

PROGRAM = """
#include <stdio.h>
#include "core/policy.h"
#define MODE(name, policy) puts(name);
int main(void) { POLICY_MODES(MODE) return 0; }
"""


def test_modes_of_host_hv_are_the_launchers(tmp_path):
    (tmp_path / "modes.c").write_text(PROGRAM)
    subprocess.run(["cc", "-I", tree.TOP / "host-hv", "-I", abi.HEADER.parent,
                    "-o", tmp_path / "modes", tmp_path / "modes.c"],
                   check=True)
    printed = subprocess.run([tmp_path / "modes"], capture_output=True, text=True, check=True).stdout.split()
    assert printed == [name for name in modes.NAMES if name != "native"]
