# SPDX-License-Identifier: BSD-2-Clause
"""Runs are made once, kept by what they were made of, and go on where one fails; a script stands in for the launcher."""

import errno
import json
import os
import pathlib
import shutil
import signal
import time

import pytest

from made import record
from report import cli, plan, runs

LAUNCHER = """#!/bin/sh
echo "$*" >> {folder}/calls
[ -z "$GUEST$HMODE_GIVEN" ] || exit 9
for word; do
	case $word in
	MODE=*) mode=${{word#*=}} ;;
	RESULT=*) result=${{word#*=}} ;;
	LOG=*) log=${{word#*=}} ;;
	esac
done
echo "  RUN     a machine" >&2
echo "note event fill 10 140" > "$log"
[ ! -e {folder}/lack-$mode ] || {{ echo "hmode: this QEMU runs no guest by the H extension: it is old" >&2; exit 1; }}
[ ! -e {folder}/fail-$mode ] || {{ echo "hmode: the guest's kernel panicked" >&2; exit 1; }}
[ -z "$result" ] || cp {folder}/record-$mode "$result"
"""
WANTED = [plan.Run(f"virt-{mode}", "virt", (f"MODE={mode}", "WORKLOAD=all"), 60) for mode in ("native", "tsp", "ssp")]


class Fake:
    """A launcher, its folder, and the runs of a report."""

    def __init__(self, folder):
        self.folder = folder
        self.launcher = folder / "launch"
        self.launcher.write_text(LAUNCHER.format(folder=folder))
        self.launcher.chmod(0o755)
        for mode, count in (("native", 0), ("tsp", 40), ("ssp", 30)):
            self.says(mode, [record(mode, "fork", 1000 + count, {"flush": count})])

    def says(self, mode, found):
        (self.folder / f"record-{mode}").write_text("".join(json.dumps(each) + "\n" for each in found))

    def run(self, wanted=WANTED, jobs=1):
        return runs.all_of(runs.Execution(self.folder / "report", self.launcher), list(wanted), jobs)

    def calls(self):
        file = self.folder / "calls"
        found = [line.split()[1] for line in file.read_text().splitlines()] if file.exists() else []
        file.unlink(missing_ok=True)
        return found


@pytest.fixture(name="fake")
def fixture_fake(tmp_path, monkeypatch):
    monkeypatch.setenv("GUEST", "patched")              # of the user's: no run takes it
    monkeypatch.setattr(runs.versions, "commit", lambda: "0123456789ab")
    monkeypatch.setattr(runs.versions, "changed", lambda: None)
    return Fake(tmp_path)


def test_runs_are_made_once(fake):
    first = fake.run()
    assert fake.calls() == ["MODE=native", "MODE=tsp", "MODE=ssp"]
    assert [each["results"][0]["vm_exits"]["memory"] for each in first] == [0, 40, 30]
    assert fake.run() == first
    assert fake.calls() == []


def test_what_was_interrupted_goes_on(fake):
    fake.run(WANTED[:2])
    fake.calls()
    assert len(fake.run()) == 3
    assert fake.calls() == ["MODE=ssp"]


@pytest.mark.parametrize("name", ["commit", "changed", "compiler"])
def test_runs_of_another_build_are_made_again(fake, monkeypatch, name):
    fake.run()
    fake.calls()
    monkeypatch.setattr(runs.versions, name, lambda: "another")
    fake.run()
    assert len(fake.calls()) == 3


@pytest.mark.parametrize("name", ["of_qemu", "of_kernel"])
def test_runs_on_another_machine_are_made_again(fake, monkeypatch, name):
    fake.run()
    fake.calls()
    monkeypatch.setattr(runs.versions, name, lambda settings: "another")
    fake.run()
    assert len(fake.calls()) == 3


def test_a_file_that_was_cut_off_is_none(fake):
    fake.run()
    fake.calls()
    for path in (fake.folder / "report/runs").glob("virt-tsp-*.json"):
        path.write_text(path.read_text()[:100])
    fake.run()
    assert fake.calls() == ["MODE=tsp"]


def test_one_that_fails_is_kept_as_that_and_the_others_go_on(fake, capsys):
    (fake.folder / "fail-tsp").touch()
    found = {each["run"]: each for each in fake.run()}
    assert found["virt-tsp"]["failed"] == "the guest's kernel panicked" and found["virt-tsp"]["results"] == []
    assert found["virt-ssp"]["failed"] is None and found["virt-ssp"]["results"]
    assert "FAILED" in capsys.readouterr().err
    fake.calls()
    (fake.folder / "fail-tsp").unlink()
    assert fake.run()[1]["failed"] is None
    assert fake.calls() == ["MODE=tsp"]                 # it alone is made again


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_launcher_ends_with_the_report_and_is_not_kept(fake, jobs):
    fake.launcher.write_text(f"#!/bin/sh\ntrap 'touch {fake.folder}/ended-$2; exit 143' TERM\nsleep 20 & wait\n")

    def stop(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 3)
    try:
        with pytest.raises(KeyboardInterrupt):
            fake.run(jobs=jobs)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert len(list(fake.folder.glob("ended-*"))) == jobs and not list((fake.folder / "report/runs").iterdir())


def meets(fake, count):
    """Each launcher goes on once so many have begun."""
    told = f'until [ "$(wc -l < {fake.folder}/calls)" -ge {count} ]; do sleep 0.05; done\n'
    fake.launcher.write_text(fake.launcher.read_text().replace("for word; do", told + "for word; do", 1))


def test_several_run_at_once_and_stand_in_the_order_of_the_plan(fake):
    meets(fake, 3)
    assert [each["run"] for each in fake.run(jobs=3)] == ["virt-native", "virt-tsp", "virt-ssp"]
    assert sorted(fake.calls()) == ["MODE=native", "MODE=ssp", "MODE=tsp"]


@pytest.mark.parametrize("kind", plan.BENCHES)
def test_what_works_in_real_time_is_alone(fake, monkeypatch, kind):
    """It begins when the others have ended."""
    there = []

    def execute(execution, command):
        there.append((command[0], len(list((execution.folder / "runs").iterdir()))))
        return 0, ""

    monkeypatch.setattr(runs.Execution, "execute", execute)
    fake.run([plan.Run(kind, kind, (), 1, kind), *WANTED], jobs=3)
    assert [count for name, count in there if name == "make"] == [3]


def test_an_error_ends_what_runs_beside_it(fake, monkeypatch):
    """A full disk: nothing waits for the other machine to end by itself."""
    fake.launcher.write_text("#!/bin/sh\n[ $2 = MODE=tsp ] || exec sleep 60\n")

    def full(path, document):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(runs, "write", full)
    begin = time.monotonic()
    with pytest.raises(OSError, match="No space"):
        fake.run(jobs=2)
    assert time.monotonic() - begin < 50


def test_a_run_without_a_record_failed(fake):
    fake.says("tsp", [])
    assert fake.run()[1]["failed"] == "it left no record"


def test_some_workloads_leave_the_runs_of_all_alone(fake):
    fake.run()
    fake.calls()
    fake.run([runs.with_workload(run, "fork,cow") for run in WANTED])
    assert len(fake.calls()) == 3
    fake.run()
    assert fake.calls() == []


def test_the_time_is_told_before_and_between(fake, capsys):
    fake.run()
    told = capsys.readouterr().err.splitlines()
    assert told[0].split(None, 1)[1] == "3 runs, 0 of them are there already; the others take about 3 min"
    assert [line.split()[1] for line in told[1:]] == ["1/3", "2/3", "3/3"] and all("left)" in line for line in told[1:])
    shutil.rmtree(fake.folder / "report/log")           # times that are known are taken
    next((fake.folder / "report/runs").glob("virt-tsp-*")).unlink()
    fake.run()
    assert "1 run" not in capsys.readouterr().err.splitlines()[0].split(";")[1]


def test_events_are_read_from_the_console(fake):
    found, = fake.run([plan.Run("events-tsp", "events", ("MODE=tsp", "MEM=128M"), 3, plan.EVENTS)])
    assert [(each["event"], each["instructions"], each["count"]) for each in found["results"]] == [("fill", 140, 10)]


def test_outputs_of_programs_are_those_of_native(fake):
    for mode, crc in (("native", 1), ("tsp", 1), ("ssp", 2)):
        program = {"stdout": {"bytes": 4, "crc32": crc}, "checked": False, "wrong": None}
        fake.says(mode, [record(mode, "hello", 1000, program=program)])
    assert [each["results"][0]["ok"] for each in fake.run()] == [True, True, False]


def natively(name, *records):
    return {"run": name, "part": "programs", "results": list(records)}


def test_how_far_native_moves_is_kept():
    """The most above the least of all moments; what is wrong, a region, or of another mode says nothing."""
    found = runs.repeat.with_moves([
        natively("own-native", record("native", "gups", 1000), record("native", "graph", 500),
                 record("native", "gups/sort", 9, region={"number": 0})),
        natively("own-tsp", record("tsp", "gups", 2000)), natively("walks-own-native", record("native", "gups", 100)),
        natively("own-native-early", record("native", "gups", 980), record("native", "graph", 700, ok=False),
                 record("native", "gups/sort", 3, region={"number": 0})),
        natively("own-native-late", record("native", "gups", 1029))])
    assert [result.get("moves") for kept in found for result in kept["results"]] == [0.05, None, None, None, None, None, None, None, None]


@pytest.mark.parametrize("kind, told", [
    (plan.HSPT, {"schema": 2, "programs": [{"program": "chase", "configuration": "stock", "runs": 1, "times": {}}]}),
    (plan.DEVICES, [{"mode": "native", "request": "4 KiB read", "figure": "exits", "values": [0]}])])
def test_a_bench_leaves_its_own_records(fake, monkeypatch, tmp_path, kind, told):
    """They are none of a guest's."""
    monkeypatch.setattr(runs.tree, "BUILD", tmp_path)
    (tmp_path / kind).mkdir()
    (tmp_path / kind / "bench.json").write_text(json.dumps(told))
    monkeypatch.setattr(runs.Execution, "execute", lambda execution, command: (0, ""))
    kept, = fake.run([plan.Run(kind, kind, (), 1, kind)])
    assert kept["failed"] is None and kept["results"] == (told["programs"] if kind == plan.HSPT else told)


@pytest.mark.parametrize("kind", plan.BENCHES)
def test_a_bench_that_fails_leaves_no_figures_of_another(fake, monkeypatch, tmp_path, kind):
    monkeypatch.setattr(runs.tree, "BUILD", tmp_path)
    (tmp_path / kind).mkdir()
    (tmp_path / kind / "bench.json").write_text('{"programs": [{"x": 1}]}' if kind == plan.HSPT else '[{"x": 1}]')
    status = [1]
    monkeypatch.setattr(runs.Execution, "execute", lambda execution, command: (status[0], "cost: it failed"))
    bench = [plan.Run(kind, kind, (), 1, kind)]
    assert [(each["failed"], each["results"]) for each in fake.run(bench)] == [("cost: it failed", [])]
    status[0] = 0
    assert [(each["failed"], each["results"]) for each in fake.run(bench)] == [(None, [{"x": 1}])]


def test_a_run_has_no_options_of_the_users(monkeypatch):
    for name in ("CONFIGS", "PROGRAMS", "RUNS", "MODE", "WORKLOADS", "HM"):
        monkeypatch.setenv(name, "x")
    assert not {"CONFIGS", "PROGRAMS", "RUNS", "MODE", "WORKLOADS", "HM"} & set(runs.clean())


# ---- the command ----

@pytest.fixture(name="report")
def fixture_report(fake, monkeypatch):
    monkeypatch.setattr(plan, "whole", lambda: list(WANTED))
    monkeypatch.setattr(cli.runs.Execution.__init__, "__defaults__", (fake.launcher,))

    def run(**given):
        return cli.main(given | {"FOLDER": str(fake.folder / "report")})

    return run


def test_the_page_is_written_and_the_status_is_good(fake, report):
    out = fake.folder / "results.md"
    assert report(OUT=str(out)) == 0
    assert {"report.html", "report.md", "report.json", "report.csv"} <= set(os.listdir(fake.folder / "report"))
    assert out.read_text() == (fake.folder / "report/report.md").read_text()
    before = (fake.folder / "report/report.html").read_bytes()
    assert report() == 0 and (fake.folder / "report/report.html").read_bytes() == before


def test_a_failed_run_is_on_the_page_and_in_the_status(fake, report, capsys):
    (fake.folder / "fail-tsp").touch()
    assert report() == 1
    assert "1 of 3 runs failed" in capsys.readouterr().err
    assert "the guest&#x27;s kernel panicked" in (fake.folder / "report/report.html").read_text()


def test_a_run_that_this_qemu_cannot_make_is_no_failure(fake, report):
    (fake.folder / "lack-ssp").touch()
    assert report() == 0
    assert "runs no guest by the H extension" in (fake.folder / "report/report.html").read_text()
    fake.calls()
    assert report() == 0 and fake.calls() == []


def test_a_bench_that_fails_for_want_of_h_has_failed():
    """Its other modes would have figures."""
    failed = {"failed": f"cost: hap failed: {runs.NO_H}", "results": []}
    assert runs.lacks_h(failed | {"kind": plan.WORKLOADS}) and not runs.lacks_h(failed | {"kind": plan.DEVICES})


def test_a_place_that_cannot_be_written_is_refused_before_any_run(fake, report):
    assert report(OUT="/nowhere/results.md") == 2
    assert fake.calls() == []


def test_runs_are_chosen_by_name_and_part(fake, report):
    assert report(RUNS="virt-tsp, virt-ssp", JOBS="1") == 0
    assert fake.calls() == ["MODE=tsp", "MODE=ssp"]
    assert report(RUNS="virt") == 0
    assert fake.calls() == ["MODE=native"]


@pytest.mark.parametrize("given", [{"RUNS": "virt nothing"}, {"JOBS": "0"}, {"JOBS": "65"}, {"JOBS": "two"},
                                   {"HMODE_GIVEN": "MODE"}, {"HMODE_GIVEN": "A B"},
                                   {"HMODE_GIVEN": "RUNS", "RUNS": ""}, {"A": "one"}, {"A": "/nowhere", "B": "/nowhere"}])
def test_what_means_nothing_is_refused(fake, report, given):
    assert report(**given) in (1, 2)
    assert fake.calls() == []


# ---- the plan ----

def test_each_run_of_the_plan_is_one_that_the_launcher_takes(tmp_path):
    found = [run for run in plan.whole() if run.kind not in plan.BENCHES]
    assert len({run.name for run in found}) == len(found) and len(found) > 40
    for run in found:
        words = [word for word in run.words if not word.startswith(("KERNEL=", "LIST="))]
        assert runs.settings_of(plan.Run(run.name, run.part, tuple(words), 1)).mode == words[0].removeprefix("MODE=")


def test_the_ladder_has_all_policies_but_those_of_modes():
    assert len(plan.of_ladder()) == 14
    assert not {"ladder-satp", "ladder-inject+satp+flush+fill"} & {run.name for run in plan.of_ladder()}


def test_a_list_of_programs_is_a_run_in_each_mode(tmp_path, monkeypatch):
    monkeypatch.setattr(plan.tree, "TOP", tmp_path)
    (tmp_path / "own.list").write_text("gups ./gups.c\n")
    assert [run.name for run in plan.of_programs(tmp_path)] == ["own-native", "own-tsp", "own-ssp", "own-ssp-hm", "own-hap",
                                                             "own-native-early", "own-native-late"]
    assert [run.name for run in plan.of_walks(tmp_path)] == [f"walks-{what}{side}" for what in ("", "own-")
                                                             for side in ("native", "ssp-hm", "hap", "hap-4k")] + [
        "walks-own-native-early", "walks-own-native-late"]


def test_small_sizes_are_compared_with_small_ones(fake):
    """A program is in two parts, and says something else in each."""
    wanted = []
    for part, crc in (("programs", 1), ("walks", 2)):
        program = {"stdout": {"bytes": 4, "crc32": crc}, "checked": False, "wrong": None}
        wanted += [{"run": f"{part}-{mode}", "part": part, "kind": plan.WORKLOADS,
                    "results": [record(mode, "hello", 1000, program=program)]} for mode in ("native", "tsp")]
    assert all(each["results"][0]["ok"] for each in runs.with_comparison(wanted))


def test_what_names_no_run_is_refused():
    with pytest.raises(cli.Refused, match="RUNS= names nothing"):
        cli.chosen({"RUNS": ",", "WORKLOAD": ""})


def test_a_page_that_cannot_be_written_whole_is_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "page.md"
    path.write_text("the last one")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pathlib.Path, "write_bytes", full)
    monkeypatch.setattr(pathlib.Path, "write_text", full)
    with pytest.raises(OSError):
        cli.store(path, "a new one")
    assert [file.name for file in tmp_path.iterdir()] == ["page.md"]
    assert path.read_text() == "the last one"
