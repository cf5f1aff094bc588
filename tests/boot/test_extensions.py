# SPDX-License-Identifier: BSD-2-Clause
"""The same extensions natively and in a guest: by the tree, and by what the kernel has made of it."""

import re

import pexpect
import pytest

from launcher import LAUNCH, PROFILES

# What holds in a guest because it holds on its hart (host-hv/guest/extensions.h), on `virt`.
HELD = {"zic64b", "ziccamoa", "ziccif", "zicclsm", "ziccrse", "zmmul", "za64rs"}
COMMANDS = {
    "tree": "tr '\\0' ' ' < /proc/device-tree/cpus/cpu@0/riscv,isa-extensions",
    "string": "cat /proc/device-tree/cpus/cpu@0/riscv,isa",
    "cpuinfo": "grep ^isa /proc/cpuinfo",
}


def reported(mode, profile, tmp_path):
    """Each report as a set of extensions."""
    machine = pexpect.spawn(str(LAUNCH), ["shell", f"MODE={mode}", f"PROFILE={profile}", "MEM=256M",
                                          f"LOG={tmp_path / mode}"], timeout=120, encoding="utf-8")
    machine.expect("# ")
    reports = {}
    for name, command in COMMANDS.items():
        machine.sendline(f"echo be''gin; {command}; echo; echo en''d")
        machine.expect(r"begin\r+\n(.*?)\r+\nend")
        words = re.sub(r"^isa\s*:|[\0\r\n]", " ", machine.match[1])
        reports[name] = set(re.sub(r"rv64([a-z]*)", lambda m: " ".join(m[1]), words).replace("_", " ").split())
        machine.expect("# ")
    machine.close(force=True)
    return reports


@pytest.mark.parametrize("profile", PROFILES)
def test_a_guest_is_told_what_the_bare_machine_is(payloads, tmp_path, profile):
    native, guest = (reported(mode, profile, tmp_path) for mode in ("native", "ssp-hm"))
    assert native == guest
    assert guest["tree"] == guest["string"] >= {"i", "m", "a", "f", "d", "c", "svade"}
    if profile == "virt":
        assert guest["tree"] >= HELD
    assert guest["cpuinfo"] <= guest["tree"]
