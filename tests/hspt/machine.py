# SPDX-License-Identifier: BSD-2-Clause
"""A guest on our QEMU, watched over QMP; conftest.py has the fixtures."""

import contextlib
import json
import os
import pathlib
import re
import resource
import socket
import subprocess
import threading

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


class Machine:
    """A running QEMU: its console and QMP, and gdb's port, which is there from the start."""

    def __init__(self, folder, programs, accel="", words=(), memory=None, command_line=COMMAND_LINE,
                 preload=None):
        ends = {name: socket.socketpair() for name in ("qmp", "gdb")}
        # A pipe has room for all of a console, so that how fast it is read changes nothing.
        self.serial, serial = os.pipe()
        command = [
            str(QEMU), "-M", "virt", "-accel", "tcg" + accel, "-m", "1G", "-nodefaults",
            "-cpu", "rv64,h=false,svade=true,svadu=false", "-display", "none", "-seed", "1",
            "-rtc", "base=2025-01-01,clock=vm", "-no-reboot", "-no-shutdown",
            "-bios", str(FIRMWARE), "-kernel", str(KERNEL),
            "-initrd", str(INITRD), "-append", f"{command_line} hspt={programs}"]
        for name, (_, theirs) in ends.items():
            command += ["-chardev", f"socket,id={name},fd={theirs.fileno()}"]
        # It starts when QMP listens: of what happens before, a monitor is never told, the guest's end included.
        command += ["-serial", f"file:/dev/fd/{serial}", "-qmp", "chardev:qmp", "-S", *words]
        limit = (lambda: resource.setrlimit(resource.RLIMIT_AS, (memory, memory))) if memory else None
        environment = dict(os.environ, LD_PRELOAD=str(preload)) if preload else None
        self.folder = folder
        self.errors = (folder / "messages").open("w+")
        self.qemu = subprocess.Popen(command, stderr=self.errors, preexec_fn=limit, env=environment,
                                     pass_fds=[serial, *(theirs.fileno() for _, theirs in ends.values())])
        os.close(serial)
        for _, theirs in ends.values():
            theirs.close()
        self.control, self.gdb = (ends[name][0] for name in ("qmp", "gdb"))
        self.replies = self.control.makefile()
        self.events = []
        self.console, self.ended = "", False
        self.more = threading.Condition()
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        self.do("qmp_capabilities")
        if "-S" not in words:
            self.do("cont")

    def read(self):
        """Read the console to its end, whatever else a test does."""
        while piece := os.read(self.serial, 65536):
            with self.more:
                self.console += piece.decode(errors="replace").replace("\r", "")
                self.more.notify()
        with self.more:
            self.ended = True
            self.more.notify()

    def do(self, command, **arguments):
        """Run a QMP command; its result, or None if QEMU is gone."""
        with contextlib.suppress(BrokenPipeError):
            self.control.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        while line := self.reply():
            message = json.loads(line)
            if "event" in message:
                self.events.append(message)
            elif "QMP" not in message:
                assert "return" in message, message
                return message["return"]
        return None

    def reply(self):
        """The next line of QMP; nothing if QEMU refused to start or is gone."""
        try:
            return self.replies.readline()
        except ConnectionResetError:
            return None

    def wait_for(self, name, **data):
        """Wait for an event that says so; the events before it are done with."""
        while True:
            while self.events:
                event = self.events.pop(0)
                if event["event"] == name and data.items() <= event.get("data", {}).items():
                    return True
            line = self.reply()
            if not line:
                return False
            message = json.loads(line)
            assert "event" in message, message
            self.events.append(message)

    def wait_until(self, program):
        """Wait for what a program prints; it must appear."""
        line = re.compile(rf"^hspt: {program}\b.*\n", re.M)
        with self.more:
            self.more.wait_for(lambda: line.search(self.console) or self.ended)
        assert line.search(self.console), repr(self)

    def counters(self):
        text = (self.do("x-query-spt") or {}).get("human-readable-text", "")
        pairs = re.findall(r"^(.*\S)  +(\S+)$", text, re.M)
        return {name: int(value) if value.isdigit() else value for name, value in pairs}

    def numbers(self):
        lines = re.findall(r"^hspt: (\S+) ([0-9a-f]{16}) \d+$", self.console, re.M)
        return [line for line in lines if line[0] != "boot"]

    def finish(self):
        """Wait for the guest's end and see the rest of its console."""
        self.wait_for("SHUTDOWN")
        counters = self.counters()
        self.quit()
        return counters

    def quit(self):
        self.do("quit")
        self.status = self.qemu.wait(60)
        self.reader.join()

    def messages(self):
        return (self.folder / "messages").read_text()

    def close(self):
        self.qemu.kill()
        self.qemu.wait()
        self.reader.join()
        for opened in (self.control, self.gdb, self.replies, self.errors):
            opened.close()
        os.close(self.serial)

    def __repr__(self):
        tail = "\n".join(self.console.splitlines()[-20:])
        return f"status {self.qemu.poll()}\n{self.messages()}\n{tail}"


class Guest:
    """One run: what the programs computed, QEMU's messages, the counters of info spt."""

    def __init__(self, folder, *arguments, **options):
        with contextlib.closing(Machine(folder, *arguments, **options)) as machine:
            self.counters = machine.finish()
            self.status, self.messages = machine.status, machine.messages()
            self.console, self.numbers = machine.console, machine.numbers()
        self.failures = re.findall(r".*FAILED.*|.*Kernel panic.*|.*Oops.*", self.console)

    def __repr__(self):
        tail = "\n".join(self.console.splitlines()[-20:])
        return f"status {self.status}\n{self.messages}\n{self.counters}\n{tail}"
