# SPDX-License-Identifier: BSD-2-Clause
"""Options: each is declared once, and is in help, in the documentation, and taken; each kind refuses what is none."""

import pathlib
import re

import pytest

from hmode import help as help_of_options
from hmode import kinds, measure, modes, options, results, settings, tree
from hmode.messages import Refused
from hmode.settings import Settings

ROOT = pathlib.Path(__file__).resolve().parents[3]
# A value that each option has, where its kind does not list any; and what goes with it.
VALUES = {"POLICY": "flush,fill", "MODES": "tsp ssp", "KERNEL": "x", "LOAD": "0x80400000",
          "INITRD": "none", "DTB": "x", "APPEND": "quiet", "CMDLINE": "", "WORKLOAD": "fork", "RESULT": "x", "LOG": "x",
          "MEM": "2G", "QEMU": "strict", "ASIDLEN": "6", "V": "1", "LADDER": "1", "FORMAT": "flat", "TRACE": "x",
          "PROGRAM": "x", "ARGS": "a 'b c'", "CHECK": "true", "LIBS": "x", "DEBS": "jq", "ROOT": "x", "DISK": "x",
          "SHARE": "x", "SIZE": "4G", "ROOTS": "4", "WALKS": "u74", "LIST": str(pathlib.Path(__file__).with_name("programs"))}
DEVICES = {"DISK": "x", "NET": "user", "SHARE": "x", "RNG": "1"}
WITH = {"POLICY": {"MODE": "ssp"}, "LOAD": {"KERNEL": "x", "FORMAT": "flat"}, "FORMAT": {"KERNEL": "x"},
        "ASIDLEN": {"QEMU": "strict"}, "GUESTS": {"WORKLOAD": "none"}, "EVENTS": {"TRACE": "x"},
        **dict.fromkeys(("ARGS", "WARM", "CHECK", "OUTPUT", "LIBS", "DEBS", "ROOT"), {"PROGRAM": "x"})}


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch):
    for name in [*options.TAKEN, "HMODE_GIVEN"]:
        monkeypatch.delenv(name, raising=False)


def good_value(option):
    if option.name in VALUES:
        return VALUES[option.name]
    return str(option.kind.high) if isinstance(option.kind, kinds.Number) else option.kind.words[-1]


def words(**given):
    return [f"{name}={text}" for name, text in given.items()]


def refusal(**given):
    with pytest.raises(Refused) as caught:
        Settings(settings.take(words(**given)))
    return f"{caught.value} | {caught.value.remedy}"


# ---- declared once ----

@pytest.mark.parametrize("option", options.OPTIONS, ids=options.NAMES)
def test_a_declared_option_is_taken(option):
    given = WITH.get(option.name, {}) | {option.name: good_value(option)}
    made = Settings(settings.take(words(**given)))
    assert made.is_given(option.name) and hasattr(made, option.name.lower())


@pytest.mark.parametrize("option", options.OPTIONS, ids=options.NAMES)
def test_a_declared_option_is_in_help_and_documentation(option):
    assert re.search(rf"^  {option.name} +\S", "\n".join(help_of_options.lines()), re.M)
    pages = [path.read_text() for path in (ROOT / "docs").glob("*.md") if path.name != "options.md"]
    assert any(re.search(rf"\b{option.name}=", page) for page in pages)


def test_the_page_of_options_is_as_it_is_made():
    assert (ROOT / "docs/options.md").read_text() == help_of_options.page()


def test_help_is_no_wider_than_a_line_of_ours():
    assert max(map(len, help_of_options.lines())) <= 120


def test_by_default_everything_has_a_value_that_can_be_given():
    for option in options.OPTIONS:
        if isinstance(option.default, str) and option.default:
            option.kind.read(option.name, option.default, Settings({}))


# ---- where options come from ----

def test_words_come_before_the_environment(monkeypatch):
    monkeypatch.setenv("HARTS", "2")
    monkeypatch.setenv("MEM", "2G")
    assert settings.take(["MEM=1G"]) == {"HARTS": "2", "MEM": "1G"}


def test_an_empty_option_of_the_environment_is_not_given(monkeypatch):
    for name in ("MODE", "HARTS"):
        monkeypatch.setenv(name, "")
    made = Settings(settings.take(["CMDLINE=", "LOG=", "APPEND=", "V="]))
    assert (made.mode, made.harts, made.cmdline, made.log) == ("ssp-hm", 1, "", None)
    assert Settings({}).cmdline is None


EMPTY = [option for option in options.OPTIONS if not isinstance(option.kind, options.Text)]


@pytest.mark.parametrize("option", EMPTY, ids=lambda option: option.name)
@pytest.mark.parametrize("by_make", [False, True])
def test_who_gives_an_option_gives_it_a_value(monkeypatch, option, by_make):
    """An empty one would be another run than was meant: WORKLOAD= all of them."""
    monkeypatch.setenv("HMODE_GIVEN", option.name if by_make else "")
    monkeypatch.setenv(option.name, "")
    with pytest.raises(Refused, match=f"{option.name}= is empty") as caught:
        settings.take([] if by_make else [f"{option.name}="])
    assert caught.value.remedy


@pytest.mark.parametrize("name", ["WORKLOADS", "HM"])
def test_an_empty_option_of_another_name_is_refused_by_that(name):
    with pytest.raises(Refused, match=f"{name}= is empty"):
        settings.take([f"{name}="])


@pytest.mark.parametrize("given", [{"WORKLOAD": ","}, {"POLICY": " ", "MODE": "ssp"}, {"MODES": ", "}, {"WALKS": ",", "WORKLOAD": "fork"}])
def test_a_list_without_a_word_is_refused(given):
    assert "names nothing | " in refusal(**given)


@pytest.mark.parametrize("names, refused", [("MODE HM PYTHON", None), ("MODE WORKLAOD", "WORKLAOD")])
def test_make_may_be_given_only_what_there_is(monkeypatch, names, refused):
    monkeypatch.setenv("HMODE_GIVEN", names)
    if refused is None:
        assert settings.take([]) == {}
        return
    with pytest.raises(Refused, match=f"no option '{refused}'"):
        settings.take([])


@pytest.mark.parametrize("word", ["fork", "MEMORY=512M", "mode=ssp"])
def test_what_is_no_option_is_refused(word):
    with pytest.raises(Refused, match="no option"):
        settings.take([word])


def test_a_former_name_is_taken_and_says_the_new_one(capsys):
    assert Settings(settings.take(["MODE=ssp", "HM=flush,fill"])).policy == ["flush", "fill"]
    assert "POLICY=flush,fill" in capsys.readouterr().err


@pytest.mark.parametrize("given", [["WORKLOADS=fork,pipe"], ["WORKLOAD=fork,pipe", "WORKLOADS=fork,pipe"]])
def test_another_name_is_as_good(capsys, given):
    assert settings.take(given) == {"WORKLOAD": "fork,pipe"}
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("one, other", [("HM=flush", "POLICY=fill"), ("WORKLOADS=fork", "WORKLOAD=pipe")])
def test_two_names_of_one_option_must_agree(one, other):
    with pytest.raises(Refused, match=f"{one} and {other} are one option"):
        settings.take([one, other])


@pytest.mark.parametrize("name, near", [("PROGAM", "PROGRAM"), ("mode", "MODE"), ("WORKLOD", "WORKLOAD")])
def test_the_likeliest_name_of_an_option_is_told(name, near):
    with pytest.raises(Refused, match=f"no option '{name}'; {near} is one"):
        settings.take([f"{name}=x"])
    with pytest.raises(Refused, match="no option 'XYZZY'$"):
        settings.take(["XYZZY=x"])


def test_a_legend_says_what_is_under_the_table():
    program = str(pathlib.Path(__file__).with_name("programs"))
    of_workloads, of_programs = (measure.legend(given, measure.plan_tour(given)[0]) for given in (
        {"WORKLOAD": "fork"}, {"LIST": program, "WARM": "2"}))
    assert "Published" in of_workloads and "not counted" not in of_workloads
    assert "after 2 runs not counted" in of_programs and "Published" not in of_programs


# ---- kinds ----

@pytest.mark.parametrize("given, text", [
    ({"MODE": "tps"}, "MODE=tps is unknown | native tsp"),
    ({"WORKLOAD": "fork,frok"}, "WORKLOAD=frok is unknown | all none boot"),
    ({"MODE": "ssp", "POLICY": "satp,all"}, "POLICY=all is unknown | none inject"),
    ({"ICOUNT": "yes"}, "ICOUNT=yes is unknown | 0 1"),
    ({"HARTS": "0"}, "HARTS=0 is no number from 1 to 8"),
    ({"HARTS": "9"}, "HARTS=9 is no number from 1 to 8"),
    ({"HARTS": "٣"}, "is no number from 1 to 8"),
    ({"HARTS": "1000000000000"}, "is no number from 1 to 8"),
    ({"HARTS": "-1"}, "is no number from 1 to 8"),
    ({"MEM": "512"}, "MEM=512 is no size | a number with M or G, as 512M or 2G"),
    ({"MEM": "1T"}, "is no size"),
    ({"MEM": "1234567M"}, "is no size"),
    ({"MEM": "62M"}, "MEM=62M is out of range | 64M to 16G"),
    ({"MEM": "17G"}, "is out of range"),
    ({"MEM": "129M"}, "MEM=129M is no multiple of 2M | an even number of M"),
    ({"WALKS": "u75"}, "WALKS=u75 is unknown | 0 c910 p550 u74 x60, or a path"),
    ({"WALKS": "./u75"}, "WALKS=./u75 is no readable price list"),
    ({"WALKS": "u74:l2"}, "WALKS=u74:l2: 'l2' is no change of a price list | KEY=NUMBER of l1i"),
    ({"WALKS": "u74:l3=5"}, "'l3=5' is no change of a price list"),
    ({"WALKS": "vary"}, "WALKS=vary names no core"),
    ({"WALKS": ",".join(f"u74:l2={n}" for n in range(64, 97))}, "33 different cores are too many | at most 32"),
    *(({"KERNEL": "x", "FORMAT": "flat", "LOAD": text}, f"LOAD={text} is no address | a number, as 0x80200000")
      for text in ("above", "0x", "0xg", "010", "-1", "0x00000000080400000")),
])
def test_a_value_that_is_none(given, text):
    assert text in refusal(**given)


@pytest.mark.parametrize("text, mib", [("64M", 64), ("2g", 2048), ("512m", 512), ("16G", 16384)])
def test_sizes(text, mib):
    assert Settings({"MEM": text}).mib == mib


@pytest.mark.parametrize("text, names", [
    ("all", options.WORKLOADS), ("none", []), ("pipe,fork", ["fork", "pipe"]), ("pipe fork", ["fork", "pipe"]),
    ("none,fork", ["fork"]), ("fork,all", options.WORKLOADS), ("fork,,fork", ["fork"])])
def test_workloads_are_in_the_order_of_their_list(text, names):
    assert Settings({"WORKLOAD": text}).workload == names


# ---- what does not go together ----

@pytest.mark.parametrize("given, text", [
    ({"POLICY": "satp"}, "POLICY=satp needs MODE=ssp | POLICY=inject,satp,flush,fill; others go with MODE=ssp"),
    ({"MODE": "native", "POLICY": "satp"}, "POLICY=satp does not go with MODE=native | POLICY=none"),
    ({"MODE": "tsp", "POLICY": "flush"}, "does not go with MODE=tsp"),
    ({"FORMAT": "flat"}, "FORMAT=flat needs a KERNEL"),
    ({"KERNEL": "x", "LOAD": "0"}, "LOAD goes with FORMAT=flat alone"),
    ({"MARKS": "0"}, "MARKS=0 gives no record of a WORKLOAD | MARKS=1, or WORKLOAD=none"),
    ({"WORKLOAD": "none", "RESULT": "x"}, "RESULT needs a WORKLOAD, a PROGRAM or MARKS=1 | all boot"),
    ({"CMDLINE": "x", "APPEND": "y"}, "CMDLINE and APPEND do not go together | CMDLINE: these words alone"),
    ({"CMDLINE": "x", "GUEST": "patched-off"}, "GUEST=patched-off is the word hm=off | GUEST=patched with hm=off in CMDLINE"),
    ({"CMDLINE": "x", "WORKLOAD": "fork"}, "a WORKLOAD needs words on the command line"),
    ({"PROGRAM": "x", "WORKLOAD": "fork"}, "PROGRAM and WORKLOAD do not go together | PROGRAM: of your own"),
    ({"PROGRAM": "x", "INITRD": "x"}, "PROGRAM and INITRD do not go together"),
    ({"LIST": VALUES["LIST"], "WORKLOAD": "fork"}, "LIST and WORKLOAD do not go together"),
    ({"LIST": VALUES["LIST"], "INITRD": "x"}, "LIST and INITRD do not go together"),
    ({"LIST": VALUES["LIST"], "PROGRAM": "x"}, "PROGRAM and LIST do not go together | PROGRAM: one"),
    ({"LIST": VALUES["LIST"], "ARGS": "a"}, "ARGS goes with PROGRAM only"),
    ({"PROGRAM": "x", "CMDLINE": ""}, "a PROGRAM needs words on the command line"),
    ({"PROGRAM": "x", "MARKS": "0"}, "MARKS=0 gives no record of a PROGRAM"),
    ({"PROGRAM": "x", "ARGS": "a 'b"}, "ARGS=a 'b cannot be split into words: no closing quotation"),
    ({"PROGRAM": "x", "ARGS": "a\\"}, "cannot be split into words: no escaped character"),
    *(({name: "1"}, f"{name} goes with PROGRAM only | PROGRAM=FILE") for name in ("ARGS", "CHECK")),
    *(({name: "1"}, f"{name} goes with PROGRAM and LIST only | PROGRAM=FILE, LIST=FILE")
      for name in ("WARM", "OUTPUT", "LIBS", "DEBS", "ROOT")),
    ({"PROGRAM": "x", "DEBS": "jq", "ROOT": "x"}, "ROOT and DEBS do not go together"),
    ({"PROGRAM": "deb:jq", "ROOT": "x"}, "ROOT and DEBS do not go together"),
    *(({"PROGRAM": "x", "DEBS": f"jq {word}"}, f"'{word}' is no name of a package | small letters, digits, + - .")
      for word in ("JQ", "jq-", "-o", "jq=1", "jq/sid", "../x", "a;b", "x")),
    ({"CMDLINE": "x", "MODE": "native", "MARKS": "1"}, "natively | marks=1 in CMDLINE"),
    ({"CMDLINE": "x", "MODE": "native", "WIDTH": "sv48"}, "natively | no4lvl (sv39) or no5lvl (sv48) in CMDLINE"),
    ({"KERNEL": "x", "GUEST": "patched"}, "KERNEL and GUEST do not go together"),
    ({"PROFILE": "u74", "WIDTH": "sv48"}, "WIDTH=sv48 does not go with PROFILE=u74, whose harts have Sv39 alone | WIDTH=sv39"),
    ({"ASIDLEN": "6"}, "ASIDLEN goes with a strict hart only | QEMU=strict, strict-eager"),
    ({"MODE": "hap", "PROFILE": "u74"}, "PROFILE=u74 does not go with MODE=hap | PROFILE=virt, to which hap adds H"),
    ({"MODE": "hap", "TRACE": "x"}, "TRACE does not go with MODE=hap"),
    ({"MODE": "hap", "SVADU": "1"}, "SVADU=1 does not go with MODE=hap"),
    ({"MODE": "hap", "POLICY": "satp"}, "POLICY=satp does not go with MODE=hap"),
    ({"MODE": "ssp", "HOSTPAGES": "4k"}, "HOSTPAGES=4k does not go with MODE=ssp"),
    *(({"MODE": mode, "ROOTS": "4"}, f"ROOTS=4 does not go with MODE={mode} | ROOTS=16; others go with MODE=ssp or ssp-hm")
      for mode in ("native", "tsp", "tsp-in-step", "hap")),
    *(({"MODE": "ssp", "ROOTS": text}, f"ROOTS={text} is no number from 1 to 16") for text in ("0", "17", "many")),
    ({"EVENTS": "1000"}, "EVENTS goes with TRACE only | TRACE=FILE"),
    *(({name: value, "GUEST": "patched"}, f"{name} does not go with GUEST=patched, of which no drivers are at hand")
      for name, value in DEVICES.items()),
    *(({name: value, "CMDLINE": "quiet"}, f"{name} needs words on the command line | APPEND")
      for name, value in DEVICES.items()),
    ({"GUESTS": "2"}, "MARKS=1 is for one guest | GUESTS=1"),
    ({"GUESTS": "2", "WORKLOAD": "none", "DISK": "x"}, "DISK=x names 1, and there are GUESTS=2 | a disk for each guest"),
    ({"GUESTS": "2", "WORKLOAD": "none", "MODE": "native"}, "GUESTS=2 does not go with MODE=native"),
    ({"WALKS": "u74", "HARTS": "2"}, "WALKS is for one hart | HARTS=1"),
    ({"WALKS": "u74", "WORKLOAD": "none"}, "WALKS needs a WORKLOAD or a PROGRAM | all boot"),
    ({"WALKS": "u74", "QEMU": "hspt"}, "QEMU=hspt does not go with WALKS | Debian's QEMU"),
    ({"LADDER": "1", "MODES": "ssp"}, "LADDER=1 has its own MODES and POLICY"),
    ({"LADDER": "1", "POLICY": "satp"}, "LADDER=1 has its own MODES and POLICY"),
])
def test_what_does_not_go_together(given, text):
    assert text in refusal(**given)


def test_every_rule_has_its_refusal_here():
    """Each rule refuses one of the combinations above: without it one of them would be taken."""
    ruled = {option.name for option in options.OPTIONS if option.rule}
    assert ruled == {"FORMAT", "LOAD", "MARKS", "RESULT", "CMDLINE", "ASIDLEN", "LADDER", "KERNEL", "EVENTS",
                     "PROGRAM", "ARGS", "LIST", "WARM", "CHECK", "OUTPUT", "LIBS", "DEBS", "ROOT", "PROFILE", "TRACE",
                     "WALKS", "WIDTH", "GUESTS", *DEVICES}


# ---- defaults ----

def test_policies_of_modes():
    assert {mode: modes.spelled(Settings({"MODE": mode}).policy) for mode in modes.NAMES} == {
        "native": "none", "tsp": "none", "tsp-in-step": "none", "ssp": "satp", "ssp-hm": "inject,satp,flush,fill",
        "hap": "none"}


def test_natively_the_cpus_are_the_harts():
    assert Settings({"MODE": "native", "HARTS": "2", "VCPUS": "3"}).vcpus == 2
    assert Settings({"MODE": "ssp", "HARTS": "2", "VCPUS": "3"}).vcpus == 3


@pytest.mark.parametrize("given, guest", [({}, "debian"), ({"GUEST": "patched", "APPEND": "a hm=off"}, "patched-off"),
                                          ({"GUEST": "patched", "APPEND": "hm=offset"}, "patched"),
                                          ({"KERNEL": "path/Image"}, "Image")])
def test_the_guest_has_the_name_of_its_kernel(given, guest):
    assert Settings(given).guest == guest


@pytest.mark.parametrize("given, initrd, workload", [
    ({}, str(tree.BUILD / "guest/initramfs.cpio"), options.WORKLOADS), ({"KERNEL": "x"}, "none", []),
    ({"CMDLINE": ""}, str(tree.BUILD / "guest/initramfs.cpio"), []),
    ({"PROGRAM": "x", "KERNEL": "x"}, str(tree.BUILD / "guest/initramfs.cpio"), []), ({"KERNEL": "x", "WORKLOAD": "fork"}, "none", ["fork"])])
def test_a_kernel_of_the_users_brings_its_own(given, initrd, workload):
    assert (Settings(given).initrd, Settings(given).workload) == (initrd, workload)


# ---- many runs ----

def planned(**given):
    wanted, maker = measure.plan(given)
    return [(each.mode, modes.spelled(each.policy), each.guest) for each in wanted], maker


def test_the_ladder_has_every_policy_once():
    runs, maker = planned(LADDER="1", WORKLOAD="fork")
    policies = [policy for mode, policy, _ in runs if mode == "ssp"]
    assert len(policies) == len(set(policies)) == 16 and runs[0][0] == "native" and runs[1][0] == "tsp"
    assert maker is results.steps


def test_a_policy_is_meant_for_ssp():
    runs, _ = planned(MODES="native,ssp", POLICY="flush")
    assert [run[:2] for run in runs] == [("native", "none"), ("ssp", "flush")]
    with pytest.raises(Refused, match="MODE=native"):
        planned(MODES="native", POLICY="flush")


def test_the_patched_kernel_runs_beside_itself():
    runs, maker = planned(GUEST="patched", MODES="ssp")
    assert [guest for _, _, guest in runs] == ["patched-off", "patched"] and maker is results.side_by_side


def test_native_runs_without_svadu_as_well():
    def natives(**given):
        return [(each.svadu, pathlib.Path(each.result).name) for each in measure.plan(given)[0] if each.is_native]

    assert natives(SVADU="1", MODES="native,ssp-hm") == [("0", "native-svade.json"), ("1", "native.json")]
    assert natives(MODES="native,ssp-hm") == natives(SVADU="0", MODES="native,ssp-hm") == [("0", "native.json")]
    assert natives(SVADU="1", MODES="ssp-hm") == []
