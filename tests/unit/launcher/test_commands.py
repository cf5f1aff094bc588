# SPDX-License-Identifier: BSD-2-Clause
"""Every option with every command: it has its effect there, or is refused by name."""

import itertools

import pytest

from hmode import cli, counting, measure, modes, options, run, settings, tree
from hmode.kinds import Choice
from hmode.messages import Refused
from hmode.settings import Settings
import test_options
from test_options import VALUES, WITH, good_value

nothing_given = test_options.nothing_given      # a fixture for all tests here as well
COMMANDS = [*options.MACHINES, *options.NO_MACHINES]
PAIRS = list(itertools.product(options.OPTIONS, COMMANDS))
# What else a value here goes with.
MORE = {"POLICY": {"measure": {"MODES": "ssp"}}, "RESULT": {"shell": {"MARKS": "1"}}}
# make's own affair, or that of several runs together.
APART = {"V", "MODES", "LADDER"}


def look(*words):
    cli.look_at_options(list(words))


def refusal(*words):
    with pytest.raises(Refused) as caught:
        look(*words)
    return f"{caught.value} | {caught.value.remedy}"


def values_of(option):
    """Some that it may have."""
    return [good_value(option)] if option.name in VALUES or not isinstance(option.kind, Choice) else option.kind.words


def beside(option, command):
    """What else its values need there."""
    words = dict(WITH.get(option.name, {})) | MORE.get(option.name, {}).get(command, {})
    for name in ("MODE", "WORKLOAD"):
        if command not in options.BY_NAME[name].commands:
            words.pop(name, None)
    if command in options.TABLES and (option.name == "KERNEL" or "KERNEL" in words):
        words["INITRD"] = "none"
    return words


def outcome(option, command, given):
    """The option's value in each run that the command would make."""
    try:
        runs = cli.PLANS[command](given)
        if option.name == "RESULT" and command in options.TABLES:       # of all runs together
            return measure.about(given).result
        return [getattr(each, option.name.lower()) for each in runs]
    except Refused:
        return "refused"


@pytest.mark.parametrize("option, command", [pair for pair in PAIRS if pair[1] not in pair[0].commands],
                         ids=lambda each: getattr(each, "name", each))
def test_what_a_command_has_no_use_for_is_refused(option, command):
    assert f"{option.name} goes with make " in refusal(command, f"{option.name}={good_value(option)}")


@pytest.mark.parametrize("option, command", [pair for pair in PAIRS if pair[1] in pair[0].commands and
                                             pair[0].name not in APART], ids=lambda each: getattr(each, "name", each))
def test_what_a_command_takes_has_its_effect(option, command):
    given = beside(option, command)
    outcomes = [outcome(option, command, given)]
    for value in values_of(option):
        settings.must_go_with(command, given | {option.name: value})
        outcomes.append(outcome(option, command, given | {option.name: value}))
    assert any(each not in (outcomes[0], "refused") for each in outcomes) or "refused" in outcomes[1:]
    assert any(each != "refused" for each in outcomes[1:])


@pytest.mark.parametrize("command", sorted({"run", *cli.COMMANDS} - {"show"}))
def test_every_command_of_the_launcher_is_looked_at(command):
    assert command in cli.PLANS


@pytest.mark.parametrize("words, text", [
    (["tour", "MODES=ssp tsp"], "MODES goes with make measure, not with make run"),
    (["tour", "LADDER=1"], "LADDER goes with make measure, not with make run"),
    (["tour", "POLICY=none"], "not with make run | MODE=ssp POLICY"),
    (["run", "MODE=ssp", "MODES=ssp"], "not with make run MODE=... | MODE"),
    (["measure", "MODE=ssp-hm"], "not with make measure | MODES"),
    (["bench-events", "MODE=ssp"], "not with make bench-events"),
    (["shell", "WORKLOADS=fork"], "WORKLOAD goes with make run, make measure, make count-pt-writes, not with make shell"),
    (["tour", "WORKLOAD=none"], "WORKLOAD=none leaves the table empty | all boot"),
    (["tour", "KERNEL=x"], "KERNEL needs an INITRD that runs the workloads here | INITRD="),
    (["run", "tour", "MODE=ssp"], "MODE goes with"),
    (["run", "WORKLOAD=none", "MARKS=1"], "the guest would wait at its shell's prompt, where no keyboard is | make shell"),
    (["run", "MODE=native", "WORKLOAD=none"], "the guest would wait at its shell's prompt"),
    (["run", "MODE=native", "VCPUS=2"], "VCPUS=2 does not go with MODE=native | HARTS=2"),
    (["shell", "MODE=native", "VCPUS=2"], "VCPUS=2 does not go with MODE=native | HARTS=2"),
    (["debug", "MODE=native", "VCPUS=2", "HARTS=4"], "VCPUS=2 does not go with MODE=native | HARTS=2"),
])
def test_a_refusal_says_what_to_do(words, text):
    assert text in refusal(*words)


@pytest.mark.parametrize("name, command", [("GDBARGS", "run"), ("RUNS", "test-hspt")])
def test_a_word_of_makes_is_refused_where_it_does_nothing(monkeypatch, name, command):
    monkeypatch.setenv("HMODE_GIVEN", name)
    assert f"{name} goes with make " in refusal(command)


def test_a_word_of_makes_is_taken_where_it_does_something(monkeypatch):
    monkeypatch.setenv("HMODE_GIVEN", "GDBARGS PYTHON V")
    look("gdb")


@pytest.mark.parametrize("name", ["WORKLOAD", "WORKLOADS"])
@pytest.mark.parametrize("command", options.TABLES)
def test_a_table_has_the_workloads_that_were_given(name, command):
    runs = cli.PLANS[command](settings.take([f"{name}=fork pipe"]))
    assert [each.workload for each in runs] == [["fork", "pipe"]] * len(modes.TOUR if command == "tour" else modes.TABLE)


@pytest.mark.parametrize("words, has", [
    ([], True), (["SVVPTC=0"], True), (["GUEST=patched"], False), (["SVADU=1"], False), (["PROFILE=u74"], False),
    (["QEMU=strict"], True),
])
def test_the_tour_has_hap_where_the_options_go_with_it(words, has):
    found = [each.mode for each in cli.PLANS["tour"](settings.take(words))]
    assert ("hap" in found) == has and {"native", "tsp", "ssp", "ssp-hm"} <= set(found)


@pytest.mark.parametrize("given, names", [
    ({}, ["a-native.log", "a-tsp.log", "a-ssp.log", "a-ssp-hm.log"]),
    ({"MODES": "ssp", "POLICY": "flush fill"}, ["a-ssp-flush+fill.log"]),
    ({"MODES": "ssp", "GUEST": "patched"}, ["a-ssp-patched-off.log", "a-ssp-patched.log"]),
])
def test_each_of_several_runs_has_a_log_of_its_own(given, names):
    assert [each.log for each in measure.plan(given | {"LOG": "folder/a.log"})[0]] == [f"folder/{name}" for name in names]


def test_policies_have_logs_of_their_own():
    logs = [each.log or each.mode for each in measure.plan({"LADDER": "1", "PROFILE": "u74"})[0]]
    assert len(set(logs)) == 18 and logs[2] == str(tree.BUILD / "log/ssp-none-u74.log")


@pytest.mark.parametrize("given, said", [
    ({}, "Debian's riscv64 kernel, unmodified"), ({"GUEST": "debian-sid"}, "archive, unmodified"),
    ({"GUEST": "patched-off"}, "with hm=off"), ({"KERNEL": "~/Image"}, "~/Image")])
def test_the_tour_names_its_kernel(given, said):
    assert said in measure.title(given)
    assert ("unmodified" in said) == ("unmodified" in measure.title(given))


def test_guests_all_have_a_title():
    assert set(measure.TITLES) == set(options.GUESTS)


def test_titles_name_a_policy_that_is_not_the_modes_own():
    assert Settings({"MODE": "ssp", "POLICY": "none", "WORKLOAD": "none"}).title() == "ssp none on virt"
    assert Settings({"MODE": "ssp", "POLICY": "satp", "WORKLOAD": "none"}).title() == "ssp on virt"


def test_a_home_is_as_in_a_shell(monkeypatch):
    monkeypatch.setenv("HOME", "/home/x")
    assert Settings({"KERNEL": "~/Image"}).kernel == "/home/x/Image"


def test_a_former_name_is_said_once(monkeypatch, capsys):
    monkeypatch.setitem(cli.COMMANDS, "run", lambda given: None)
    monkeypatch.setenv("HMODE_GIVEN", "HM MODE")
    words = ["MODE=ssp", "HM=none"]
    assert cli.main(["options", "run", *words]) == cli.main(["run", *words]) == 0
    assert capsys.readouterr().err.count("is called POLICY now") == 1


@pytest.mark.parametrize("words", [
    ["WORKLOAD=none", "APPEND=quiet hmwork=stale-fork:2"], ["WORKLOAD=none", "INITRD=root"], ["WORKLOAD=none", "KERNEL=x"],
    ["WORKLOAD=none", "APPEND=init=/bin/true"], ["CMDLINE="], ["MARKS=1"], ["WORKLOAD=none", "DISK=x"], ["MODE=native", "VCPUS=2", "HARTS=2"]])
def test_a_run_that_has_work_is_taken(words):
    assert cli.run_settings(settings.take(words))


def test_a_table_takes_what_one_of_its_modes_has_no_use_for():
    assert [each.vcpus for each in cli.PLANS["measure"]({"MODES": "native ssp", "VCPUS": "2"})] == [1, 2]


def test_events_are_counted_in_both_modes():
    assert [each.mode for each in counting.plan_events({"PROFILE": "u74"})] == ["native", "ssp-hm"]


@pytest.mark.parametrize("given, warned", [({"VCPUS": "3"}, 1), ({"VCPUS": "1"}, 0), ({"VCPUS": "2", "HARTS": "2"}, 0), ({}, 0)])
def test_cpus_that_a_native_machine_has_not_are_told(capsys, given, warned):
    run.say_what_is_ignored(Settings(given | {"MODE": "native"}))
    assert capsys.readouterr().err.count(f"VCPUS={given.get('VCPUS')} is for other modes") == warned


@pytest.mark.parametrize("given, before", [({}, []), ({"TIMEOUT": "60"}, ["timeout", "--foreground", "--kill-after=10", "60"])])
def test_a_shell_ends_after_its_timeout(monkeypatch, given, before):
    executed = []
    monkeypatch.setattr(cli.os, "execvp", lambda program, words: executed.extend(words))
    cli.become(cli.shell_settings(given), ["qemu", "-S"])
    assert executed == [*before, "qemu", "-S"]


def test_a_shell_has_a_log_if_it_is_named():
    assert cli.terminal(cli.shell_settings({}).log) == ["-serial", "mon:stdio"]
    assert "logfile=a,,b.log" in cli.terminal(cli.shell_settings({"LOG": "a,b.log"}).log)[1]
