# SPDX-License-Identifier: BSD-2-Clause
"""The QEMU command that each combination of options makes, word for word: the file `commands` lists them."""

import os
import pathlib
import shlex

import pytest

from hmode import cli, guest, machine, options, tree
from hmode.qemu import DIRECT, Qemu
from hmode.settings import Settings

# {all} stands for the names of all workloads, {all,,} for the same in a value of QEMU's.
LISTED = pathlib.Path(__file__).with_name("commands").read_text().replace("{all}", ",".join(options.WORKLOADS)) \
    .replace("{all,,}", ",,".join(options.WORKLOADS)).split("\n")
COMMANDS = list(zip(LISTED[2::2], LISTED[3::2]))
# As large as they were when the commands were listed: what is loaded behind them begins there.
SIZES = {"FILES/Image": 5_000_000, "FILES/initrd": 2_000_001, "FILES/tree.dtb": 72,
         "CACHE/current/kernel/Image": 31_167_488, "CACHE/current/kernel-patched/Image": 13_181_160,
         "BUILD/guest/initramfs.cpio": 3_000_000}
TERMINAL = {"run": ["-serial", "stdio", "-monitor", "none"], "show": ["-serial", "stdio", "-monitor", "none"],
            "shell": ["-serial", "mon:stdio"], "debug": ["-serial", "mon:stdio", "-S", "-s"]}


@pytest.fixture
def files(tmp_path, monkeypatch):
    for name, size in SIZES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(size)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tree, "BUILD", pathlib.Path("BUILD"))
    monkeypatch.setattr(tree, "CACHE", pathlib.Path("CACHE"))
    monkeypatch.setattr(machine, "native_tree", lambda words, path: path)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)        # of root's SHARE test_disks.py has more


def settings_of(command, words):
    given = dict(word.split("=", 1) for word in words)
    if command in ("shell", "debug"):
        given["WORKLOAD"] = "none"
    return Settings(given, interactive=command == "shell", stopped=command == "debug")


def path_or_none(name):
    return pathlib.Path(name) if name and name != "none" else None


@pytest.mark.parametrize("line, expected", COMMANDS, ids=[line for line, _ in COMMANDS])
def test_the_command_is_the_one_that_is_listed(files, line, expected):
    command, *words = shlex.split(line)
    settings = settings_of(command, words)
    found = guest.Guest(path_or_none(settings.kernel), path_or_none(settings.initrd), path_or_none(settings.dtb))
    direct = DIRECT.get(settings.qemu)
    qemu = Qemu("QEMU", f"tcg,thread=single,spt={direct}" if direct else "")
    log = f"BUILD/log/{'show' if command == 'show' else f'{settings.mode}-{settings.profile}'}.log"
    assert machine.command(settings, qemu, found, log) + TERMINAL[command] == shlex.split(expected)


def test_every_mode_profile_and_width_is_among_them():
    said = " ".join(line for line, _ in COMMANDS)
    for name, words in [("MODE", options.modes.NAMES), ("PROFILE", ["virt-v", "u74"]), ("WIDTH", ["sv48", "sv57"]),
                        ("QEMU", [*options.STRICT, *DIRECT])]:
        assert [word for word in words if f"{name}={word}" not in said] == []


def test_a_comma_is_doubled_in_a_value_of_qemus_alone(files):
    for mode, words in [("native", "a=1,2 "), ("ssp-hm", "a=1,,2 ")]:
        settings = Settings({"MODE": mode, "WORKLOAD": "none", "APPEND": "a=1,2 "})
        found = guest.Guest(pathlib.Path("FILES/Image"), None, None)
        assert any(word.endswith(words) for word in machine.command(settings, Qemu("QEMU"), found, "LOG"))


def test_a_comma_in_a_path_is_doubled_for_a_loader_alone(files):
    path = pathlib.Path("FILES/a,b")
    path.write_bytes(bytes(4096))
    found = guest.Guest(path, path, path)
    for mode, kinds in [("native", ["FILES/a,b"]), ("ssp-hm", ["kernel=FILES/a,,b,bootargs", "initrd=FILES/a,,b"])]:
        words = machine.command(Settings({"MODE": mode, "WORKLOAD": "none"}), Qemu("QEMU"), found, "LOG")
        assert all(any(kind in word for word in words) for kind in kinds), words
        assert ("FILES/a,b" in words) == (mode == "native")


def test_what_a_guest_is_offered_is_host_hvs_list():
    assert {"i", "m", "a", "f", "d", "c", "sstc"} <= machine.offered() and "smcntrpmf" not in machine.offered()


def test_every_command_is_named():
    assert {"run", "show", "shell", "debug", "gdb", "measure", "tour", "debian", "bench-events", "count-pt-writes"} == \
        set(cli.COMMANDS)
