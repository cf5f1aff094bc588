# SPDX-License-Identifier: BSD-2-Clause
"""Other processes, which must end: a test that waits for them for ever says nothing."""

import contextlib
import os
import pathlib
import signal
import subprocess
import time

import pytest


def is_there(number):
    """A process that has ended and whose parent did not look yet is not: in a container nobody may ever look."""
    try:
        return pathlib.Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def must_end(number, name, seconds=50):
    """Fails where the process is still there after so many seconds, and ends it."""
    deadline = time.monotonic() + seconds
    while is_there(number) and time.monotonic() < deadline:
        time.sleep(0.02)
    if is_there(number):
        os.kill(number, signal.SIGKILL)
        pytest.fail(f"{name} runs on")


@contextlib.contextmanager
def started(words, **options):
    """A process that does not outlive the block, whatever happens there; subprocess's own block would wait for it."""
    process = subprocess.Popen(words, **options)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
