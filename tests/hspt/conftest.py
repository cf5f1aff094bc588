# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of direct guest memory accesses share: one guest on QEMU, watched over QMP."""

import json
import os
import pathlib
import re
import resource
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("HMODE_CACHE") or
                     pathlib.Path(os.environ.get("XDG_CACHE_HOME") or
                                  pathlib.Path.home() / ".cache") / "hmode")
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build"))
QEMU = CACHE / "current" / "qemu-hspt" / "qemu-system-riscv64"
KERNEL = CACHE / "current" / "kernel" / "Image"
FIRMWARE = BUILD / "hmcode" / "hmcode.bin"
INITRD = BUILD / "hspt" / "initramfs.cpio"
COMMAND_LINE = "console=ttyS0 earlycon=sbi no4lvl norandmaps quiet panic=-1"


class Guest:
    """One run: what the programs computed, QEMU's messages, the counters of info spt."""

    def __init__(self, folder, programs, accel="", words=(), memory=None, command_line=COMMAND_LINE):
        console = folder / "console.log"
        command = [
            str(QEMU), "-M", "virt", "-accel", "tcg" + accel, "-m", "1G", "-nodefaults",
            "-cpu", "rv64,h=false,svade=true,svadu=false", "-display", "none", "-seed", "1",
            "-rtc", "base=2025-01-01,clock=vm", "-no-reboot", "-no-shutdown", "-qmp", "stdio",
            "-serial", f"file:{console}", "-bios", str(FIRMWARE), "-kernel", str(KERNEL),
            "-initrd", str(INITRD), "-append", f"{command_line} hspt={programs}", *words]
        self.counters = {}
        self.messages, self.status = self.watch(command, memory)
        self.console = console.read_text(errors="replace").replace("\r", "") if console.exists() else ""
        lines = re.findall(r"^hspt: (\S+) ([0-9a-f]{16}) \d+$", self.console, re.M)
        self.numbers = [line for line in lines if line[0] != "boot"]
        self.failures = re.findall(r".*FAILED.*|.*Kernel panic.*|.*Oops.*", self.console)

    def watch(self, command, memory):
        """Wait for the guest's end, then ask for the counters, then leave."""
        limit = (lambda: resource.setrlimit(resource.RLIMIT_AS, (memory, memory))) if memory else None
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.PIPE, preexec_fn=limit) as qemu:
            self.say(qemu, "qmp_capabilities")
            for line in qemu.stdout:
                message = json.loads(line)
                if message.get("event") == "SHUTDOWN":
                    self.say(qemu, "x-query-spt")
                if "human-readable-text" in str(message):
                    self.counters = self.parse(message["return"]["human-readable-text"])
                    self.say(qemu, "quit")
                    break
            return qemu.stderr.read(), qemu.wait(60)

    @staticmethod
    def say(qemu, command):
        try:
            qemu.stdin.write(json.dumps({"execute": command}) + "\n")
            qemu.stdin.flush()
        except BrokenPipeError:
            pass    # it refused to start

    @staticmethod
    def parse(text):
        pairs = re.findall(r"^(.*\S)  +(\S+)$", text, re.M)
        return {name: int(value) if value.isdigit() else value for name, value in pairs}

    def __repr__(self):
        tail = "\n".join(self.console.splitlines()[-20:])
        return f"status {self.status}\n{self.messages}\n{self.counters}\n{tail}"


@pytest.fixture
def guest(tmp_path):
    """guest(programs, accel, ...): run them on a machine of their own."""
    count = 0

    def run(*arguments, **options):
        nonlocal count
        count += 1
        folder = tmp_path / str(count)
        folder.mkdir()
        return Guest(folder, *arguments, **options)

    return run


@pytest.fixture(scope="session")
def expected(tmp_path_factory):
    """What programs compute under softmmu; each group runs once."""
    known = {}

    def numbers(programs):
        if programs not in known:
            reference = Guest(tmp_path_factory.mktemp("softmmu"), programs)
            assert not reference.failures, reference
            assert len(reference.numbers) > 0, reference
            known[programs] = reference.numbers
        return known[programs]

    return numbers
