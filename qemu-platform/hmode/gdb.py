# SPDX-License-Identifier: BSD-2-Clause
"""gdb on the machine that `make debug` started, with the symbols and the commands of this tree."""

import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys

from hmode import tree
from hmode.messages import Failed

PROGRAM = "gdb-multiarch"
PORT = 1234                     # of QEMU's -s
ESTABLISHED, LISTEN = 1, 10     # Linux, include/net/tcp_states.h
TABLES = ("/proc/net/tcp", "/proc/net/tcp6")


def states(port, tables=TABLES):
    """Of the sockets of this machine that have the port.  To try a connection would stop the guest."""
    found = set()
    for table in filter(os.path.exists, tables):
        for line in pathlib.Path(table).read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            if int(local.rpartition(":")[2], 16) == port:
                found.add(int(state, 16))
    return found


def must_be_free(found):
    if LISTEN in found:
        raise Failed(f"another machine waits for gdb at port {PORT}", "end that one first")


def must_listen(found):
    if LISTEN not in found:
        raise Failed(f"no machine waits for gdb at port {PORT}", "in another terminal: make debug MODE=ssp-hm")
    if ESTABLISHED in found:
        raise Failed(f"another gdb is at port {PORT}", "leave that one by: quit")


def command(more):
    if shutil.which(PROGRAM) is None:
        raise Failed(f"the tool '{PROGRAM}' is missing", f"install Debian's package '{PROGRAM}', or run: make fetch")
    return [PROGRAM, "-q", "-x", str(tree.TOP / "hmcode/gdb/hm.py"), "-ex", f"target remote :{PORT}", *more]


def attend(words):
    """It has the terminal to itself: a Ctrl-c is for the guest, and make would end at the second one."""
    terminal, ours = sys.stdin.fileno(), os.getpgrp()
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)       # the terminal is taken back from the background
    child = subprocess.Popen(words, process_group=0)
    while True:
        os.tcsetpgrp(terminal, child.pid)
        os.killpg(child.pid, signal.SIGCONT)
        _, status = os.waitpid(child.pid, os.WUNTRACED)
        os.tcsetpgrp(terminal, ours)
        if not os.WIFSTOPPED(status):
            return os.waitstatus_to_exitcode(status)
        os.killpg(ours, signal.SIGTSTP)     # Ctrl-z; the shell's `fg` goes on here


def attach(_):
    """GDBARGS: more words for gdb's command line."""
    try:
        more = shlex.split(os.environ.get("GDBARGS", ""))
    except ValueError as error:
        raise Failed(f"GDBARGS: {error}") from error
    words = command(more)
    must_listen(states(PORT))
    # hm.py looks there for the symbols and for OpenSBI's sources.
    os.environ["BUILD"] = str(tree.BUILD.resolve())
    os.environ.setdefault("OPENSBI_SRC", str(tree.current("opensbi") or ""))
    sys.exit(attend(words) if sys.stdin.isatty() else subprocess.run(words, check=False).returncode)
