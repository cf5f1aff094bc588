# SPDX-License-Identifier: BSD-2-Clause
"""The console of a running machine: into the log as it comes, and of it to the user what he wants to see."""

import os
import re
import select
import subprocess
import sys
import time

from hmode.records import SEPARATOR


HUNG = "---[ end Kernel panic"      # Linux's last line, where panic= has not had it reboot before
MOST_SHOWN = 4096           # bytes of a line that does not end; the log has all of it


class Console:
    """Between a machine and its log."""

    def __init__(self, settings, log):
        self.settings, self.log = settings, log
        self.whole = bool(settings.v) or not settings.measured
        self.begin, self.done, self.line = time.monotonic(), 0, b""
        self.hung = False
        self.counts = sys.stderr.isatty() and not self.whole
        self.count = f"{len(settings.measured)} {settings.measures.lower()}s"

    def take(self, data):
        self.log.write(data)
        self.log.flush()
        *whole, rest = (self.line + data).split(b"\n")
        for line in whole:
            self.show(line.decode(errors="replace").rstrip("\r"))
        self.line = rest[:MOST_SHOWN]

    def show(self, line):
        self.hung |= HUNG in line
        if self.whole:
            if SEPARATOR not in line:
                print(line, file=sys.stderr, flush=True)
            return
        _, worked, told = line.rpartition("hmwork: ")
        worked = worked and (re.match("[a-z]* ok", told) or "FAILED" in told)
        ended = re.search(r"hmprog: ([0-9]{1,3}) ((?:status|signal|not begun) .*)", line)
        if worked or ended:
            self.done += 1
            self.erase()
            name = ended and self.settings.marks_of.get(int(ended[1]))
            print(f"  {self.settings.mode}  {f'{name}: {ended[2]}' if ended else told}", file=sys.stderr, flush=True)

    def tick(self):
        """A line that tells how far it is, on a terminal."""
        if self.counts:
            seconds = time.monotonic() - self.begin
            print(f"\r  {self.settings.mode}  {self.done} of {self.count}, {seconds:.0f} s",
                  end="", file=sys.stderr, flush=True)

    def erase(self):
        if self.counts:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def end(self):
        if self.line:
            self.show(self.line.decode(errors="replace").rstrip("\r"))
        self.erase()


def read_until(machine, console, deadline):
    """Whether the machine closed its console before then, or before its guest hung."""
    while (left := deadline - time.monotonic()) > 0 and not console.hung:
        if select.select([machine.stdout], [], [], min(left, 1))[0]:
            data = os.read(machine.stdout.fileno(), 1 << 16)
            if not data:
                return True
            console.take(data)
        console.tick()
    return False


def stop(machine, console):
    """End it as `timeout` does, and take what it still says."""
    machine.terminate()
    console.hung = False
    try:
        if read_until(machine, console, time.monotonic() + 10):
            machine.wait(1)
    except subprocess.TimeoutExpired:
        pass
    finally:
        machine.kill()      # does nothing to a machine that has ended


def execute(command, console, seconds):
    """QEMU's status, negative for a signal; None: it was still running after so many seconds, and was stopped."""
    deadline = time.monotonic() + seconds
    # A machine does not outlive the launcher, whatever ends that.
    with subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as machine:
        try:
            if not read_until(machine, console, deadline):
                return None
            return machine.wait(max(0, deadline - time.monotonic()) + 1)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if machine.poll() is None:
                stop(machine, console)
            console.end()
