# SPDX-License-Identifier: BSD-2-Clause
"""Between a machine and its console: what is shown, and that no machine outlives its launcher."""

import errno
import io
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from hmode import cli, console, outputs, walks
from hmode.messages import naming
from hmode.settings import Settings
from processes import is_there, must_end, started

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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
def test_no_machine_outlives_its_launcher(tmp_path, number):
    process, machine = launcher(tmp_path)
    assert is_there(machine)
    process.send_signal(number)
    process.wait(30)
    must_end(machine, "the machine")


# ---- a fetch ----

FETCH = (PACKAGE / "fetch").read_text()
FETCHER = r"""#!/bin/sh
set -eu
work_of_fetch
deep()
{
	setsid --wait sh -c 'trap "" TERM; sleep 600 & echo $$ $! > "$0.new"; mv "$0.new" "$0"; wait; wait' "$1"
}
at_work deep "$1"
"""


@pytest.fixture(name="fetcher")
def fixture_fetcher(tmp_path, monkeypatch):
    """A fetch whose work is deaf to what ends it, in a group of its own; and the file that has their numbers."""
    own = FETCH[FETCH.index("trap 'end_work"):FETCH.index("# One fetch at a time")]
    (tmp_path / "fetch").write_text(FETCHER.replace("work_of_fetch", own))
    (tmp_path / "fetch").chmod(0o755)
    return tmp_path / "fetch", tmp_path / "numbers"


def numbers_in(file):
    while not file.exists():
        time.sleep(0.02)
    return [int(word) for word in file.read_text().split()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_fetch_ends_all_that_it_has_started(fetcher, number):
    program, file = fetcher
    with started([program, file]) as fetching:
        there = numbers_in(file)
        assert all(map(is_there, there))
        fetching.send_signal(number)
        assert fetching.wait(30) == 130
    assert not any(map(is_there, there))


def test_a_fetch_ends_with_the_launcher(fetcher, tmp_path):
    program, file = fetcher
    code = f"""
import pathlib, sys
from hmode import cli, debs, tree
tree.PLATFORM = pathlib.Path({str(tmp_path)!r})
sys.exit(cli.ended(debs.fetch, {str(file)!r}))
"""
    with started([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(PACKAGE)}) as process:
        there = numbers_in(file)
        process.terminate()
        assert process.wait(30) == 128 + signal.SIGTERM
    assert not any(map(is_there, there))


def test_the_status_of_a_fetch_is_its_works(tmp_path, fetcher):
    program, _ = fetcher
    program.write_text(program.read_text().replace('at_work deep "$1"', "fails() { (exit 3); }; at_work true; at_work fails; echo on"))
    done = subprocess.run([program], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (3, b"")


# ---- a full disk ----

def test_a_full_disk_is_told_with_the_file_and_what_to_do(capsys):
    def work():
        with naming("/some/file"):
            raise OSError(errno.ENOSPC, "No space left on device")

    assert cli.ended(work) == 1
    assert capsys.readouterr().err == "hmode: /some/file: No space left on device\n       make room on its disk\n"


def test_a_name_that_the_system_gave_stays():
    with pytest.raises(OSError) as caught, naming("/outer"):
        open("/nowhere/inner", encoding="ascii")
    assert caught.value.filename == "/nowhere/inner"


@pytest.mark.parametrize("words", [["help"], ["page"], ["version"]])
def test_what_is_printed_to_a_full_disk_fails_once(words):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([PACKAGE / "launch", *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "hmode: what is printed: No space left on device\n       make room on its disk\n"


class Full(type(pathlib.Path())):
    def write_bytes(self, data):
        super().write_bytes(data[:1])
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_that_is_not_whole_is_not_left(tmp_path):
    (tmp_path / "file").write_text("before")
    with pytest.raises(OSError) as caught:
        outputs.write_whole(Full(tmp_path / "new"), tmp_path / "file", b"after")
    assert caught.value.filename == str(tmp_path / "file")
    assert [each.name for each in tmp_path.iterdir()] == ["file"] and (tmp_path / "file").read_text() == "before"


def test_a_result_on_a_full_disk_is_told_by_its_option(tmp_path):
    told = outputs.cannot_write("RESULT", "x", OSError(errno.ENOSPC, "No space left on device"))
    assert f"{told} | {told.remedy}" == "RESULT=x cannot be written: No space left on device | make room on its disk"


def test_what_the_model_of_walks_leaves_goes_with_the_run(tmp_path):
    modelled, log = Settings({"WORKLOAD": "fork", "WALKS": "u74"}), tmp_path / "log"
    walks.out_file(log).write_text("half")
    with pytest.raises(KeyboardInterrupt), walks.taken(modelled, log):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
    walks.out_file(log).write_text("a user's")
    with walks.taken(SETTINGS, log):
        pass
    assert list(tmp_path.iterdir())


def test_a_launcher_ends_when_its_reader_goes(tmp_path):
    """As with `| head`: by itself, with the status of that, and its machine with it."""
    ours, its = os.pipe()
    process, machine = launcher(tmp_path, its)
    os.close(its)
    os.close(ours)
    assert process.wait(30) == 128 + signal.SIGPIPE
    must_end(machine, "the machine")


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
