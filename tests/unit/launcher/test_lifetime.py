# SPDX-License-Identifier: BSD-2-Clause
"""Between a machine and its console: what is shown, and that no machine outlives its launcher."""

import io
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from hmode import console
from hmode.settings import Settings

PACKAGE = pathlib.Path(console.__file__).resolve().parents[1]
SETTINGS = Settings({"WORKLOAD": "fork", "MODE": "ssp"})
# A stand-in for QEMU that is deaf to what its console's end does.
MACHINE = "import signal, sys, time; signal.signal(signal.SIGPIPE, signal.SIG_IGN); " \
          "print('hmwork: fork ok', flush=True); print(f'pid {__import__(\"os\").getpid()}', file=sys.stderr, flush=True); " \
          "[(time.sleep(0.1), print('hmwork: cow ok', flush=True)) for _ in range(6000)]"


@pytest.mark.parametrize("line, shown", [
    ("[    0.1] hmwork: fork ok", "fork ok"),
    ("hmwork: fork FAILED: no memory", "fork FAILED: no memory"),
    ("hmwork: first hmwork: cow ok, slowly", "cow ok, slowly"),
    ("hmwork: fork ok hmwork: cow FAILED", "cow FAILED"),
    ("hmwork: fork ok hmwork: cow begins", None),
    ("hmwork: fork begins", None),
    ("fork ok", None),
])
def test_of_a_line_the_result_is_shown(capsys, line, shown):
    console.Console(SETTINGS, io.BytesIO()).show(line)
    assert capsys.readouterr().err == (f"  ssp  {shown}\n" if shown else "")


def test_a_line_without_an_end_is_in_the_log_and_costs_no_more_than_others():
    log = io.BytesIO()
    shown = console.Console(SETTINGS, log)
    for _ in range(256):
        shown.take(b"x" * 65536)
    assert len(shown.line) == console.MOST_SHOWN
    shown.take(b"\nhmwork: fork ok\n")
    assert shown.done == 1
    assert len(log.getvalue()) == 256 * 65536 + 17


@pytest.mark.parametrize("line", [b"A", b"hmwork: ", b"hmwork: a", b"hmprog: 1 status "])
def test_a_long_line_costs_no_more_than_many_short_ones(line):
    begin = time.process_time()
    console.Console(SETTINGS, io.BytesIO()).take(line * (1 << 18) + b"\n")
    assert time.process_time() - begin < 2


def launcher(tmp_path, reader=subprocess.DEVNULL):
    """A process that runs the stand-in as the launcher does, with its log, and the stand-in's process number."""
    log = tmp_path / "log"
    code = f"""
import sys
from hmode import cli, console
from hmode.settings import Settings
settings = Settings({{"V": "1", "WORKLOAD": "none", "MODE": "ssp"}})
def work():
    with open({str(log)!r}, "wb") as log:
        console.execute([sys.executable, "-c", {MACHINE!r}], console.Console(settings, log), 500)
sys.exit(cli.ended(work))
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=reader, stderr=reader,
                               env={**os.environ, "PYTHONPATH": str(PACKAGE)})
    while not (log.exists() and b"\n" in log.read_bytes().partition(b"pid ")[2]):
        assert process.poll() is None
        time.sleep(0.02)
    return process, int(log.read_bytes().partition(b"pid ")[2].split()[0])


def is_there(number):
    """A process that has ended and whose parent did not look yet is not."""
    try:
        return pathlib.Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def must_end(machine):
    deadline = time.monotonic() + 50
    while is_there(machine) and time.monotonic() < deadline:
        time.sleep(0.02)
    if is_there(machine):
        os.kill(machine, signal.SIGKILL)
        pytest.fail("the machine runs on")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
def test_no_machine_outlives_its_launcher(tmp_path, number):
    process, machine = launcher(tmp_path)
    assert is_there(machine)
    process.send_signal(number)
    process.wait(30)
    must_end(machine)


def test_a_launcher_ends_when_its_reader_goes(tmp_path):
    """As with `| head`: by itself, with the status of that, and its machine with it."""
    ours, its = os.pipe()
    process, machine = launcher(tmp_path, its)
    os.close(its)
    os.close(ours)
    assert process.wait(30) == 128 + signal.SIGPIPE
    must_end(machine)


def test_a_tool_that_reads_no_further_ends_nothing(tmp_path):
    """zstd is given more than a pipe holds, and gives up at the first byte: its message is shown."""
    broken = tmp_path / "broken.zst"
    broken.write_bytes(b"\x28\xb5\x2f\xfd" + b"\xff" * (1 << 20))
    done = subprocess.run([PACKAGE / "launch", "run", f"KERNEL={broken}", "MODE=native"], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 2 and f"={broken} is truncated or broken" in done.stderr


def test_a_machine_that_does_not_end_is_ended(tmp_path):
    with (tmp_path / "log").open("wb") as log:
        begin = time.monotonic()
        status = console.execute([sys.executable, "-c", MACHINE], console.Console(SETTINGS, log), 1)
    assert status is None and time.monotonic() - begin < 40
