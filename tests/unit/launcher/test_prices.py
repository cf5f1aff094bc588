# SPDX-License-Identifier: BSD-2-Clause
"""Price lists of cores, and what becomes of the plugin's counts (WALKS)."""

import json
import re

import pytest

from hmode import measure, records, regions, settings, translation, walks
from hmode.messages import Failed, Refused
from hmode.settings import Settings
import test_options

nothing_given = test_options.nothing_given      # a fixture for all tests here as well
MODEL = test_options.ROOT / "qemu-platform/plugins/walks"
LIST = "".join(f"{key} 8\n" for key in walks.KEYS)


def cores(text):
    return Settings({"WALKS": text}).walks


# ---- price lists ----

@pytest.mark.parametrize("name", walks.listed())
def test_each_list_is_whole_and_says_where_it_is_from(name):
    core, = cores(name)
    assert set(core.values) == set(walks.KEYS)
    assert set(walks.PRICES) <= core.assumed, "a price that is published needs its source, and this test a change"
    assert re.search("^# l1i, l1d[,:].* |found no published figure", (walks.CORES / name).read_text(), re.M)


def test_sizes_are_the_models():
    keys = re.search(r"#define GEOMETRY\(KEY\)(.*?)\n\n", (MODEL / "model.h").read_text(), re.S)[1]
    assert tuple(re.findall(r"KEY\((\w+)\)", keys)) == walks.GEOMETRY
    assert f"#define MOST_CORES {walks.MOST}\n" in (MODEL / "cores.h").read_text()


@pytest.mark.parametrize("text, why", [
    (LIST.replace("l2 8", ""), "lacks l2"), (LIST + "l2 9\n", "each key once"), (LIST + "l3 9\n", "line 18"),
    (LIST.replace("l2 8", "l2 x"), "line 5"), (LIST.replace("l2 8", "l2 8 guessed"), "line 5"), (LIST.replace("l2 8", "l2"), "line 5")])
def test_a_list_that_is_not_whole_is_refused(tmp_path, text, why):
    (tmp_path / "own").write_text(text)
    with pytest.raises(Refused) as caught:
        cores(f"{tmp_path}/own")
    assert why in f"{caught.value} {caught.value.remedy}"


def test_a_list_of_ones_own_is_taken_and_changed(tmp_path):
    (tmp_path / "own").write_text(LIST)
    core, = cores(f"{tmp_path}/own:l2=64:flush=3")
    assert (core.values["l2"], core.values["flush"], core.values["l1i"]) == (64, 3, 8)


@pytest.mark.parametrize("text", ["u74:l2=99999", "p550:l2=511", "u74:walk_cache=65536", "x60:l1d=3:l1d_ways=2"])
def test_sizes_that_no_model_has_are_refused(text):
    with pytest.raises(Refused, match="no multiple|too large"):
        cores(text)


def test_each_variant_is_another_core():
    for name in walks.listed():
        core, *others = cores(f"{name},vary")
        assert core.name == name and len(others) > 8
        assert all(other.values != core.values for other in others)


def test_a_size_is_counted_once_whatever_it_costs(tmp_path):
    words = walks.words(Settings({"WALKS": "u74,u74:flush=100,u74:l2=64"}), tmp_path / "log")
    assert len(re.findall("core=", words[1])) == 2
    assert not walks.words(Settings({}), tmp_path / "log")


# ---- counts ----

COUNTS = {"fetches": 9, "data": 9, "l1i_misses": 1, "l1d_misses": 8, "l2_hits": 4, "walks": 3, "fault_walks": 2, "walk_refs": 10,
          "g_refs": 20, "walk_cache_hits": 0, "g_walk_cache_hits": 0, "g_cache_hits": 0}


def region(mark, numbers):
    return {"mark": mark, "traps": {"m": 5, "hs": 2, "vs": 0}, "returns": 7, "fences": 3, "lost": 0, "wrong": 0,
            "cores": {number: COUNTS for number in numbers}}


def record(mark):
    return "\x1e" + json.dumps({"mark": mark, "ok": True, "vm_exits": {"total": 2, "memory": 0, "by_reason": {}},
                                "hm_traps": {"total": 5, "memory": 0, "by_kind": {}}, "instructions": {"total": 1000}})


def walked(tmp_path, console, *told, **given):
    made = Settings(settings.take([f"{name}={value}" for name, value in ({"WALKS": "u74,p550"} | given).items()]))
    walks.out_file(tmp_path / "log").write_text("".join(json.dumps(each) + "\n" for each in told))
    return records.walked(made, console, tmp_path / "log")


def test_cycles_are_what_the_prices_say(tmp_path):
    found, = walked(tmp_path, record(1), region(1, "01"), WORKLOAD="fork", WALKS="u74,u74:flush=10:exit=1000:l2=64")
    price = walks.read_core("u74").values
    first, other = found["translation"].values()
    assert first["cycles"] == 1000 + 14 * price["flush"] + 2 * price["exit"] + 3 * price["fence"] + 4 * price["l2_hit"] + \
        30 * price["reference"]
    assert other["cycles"] - first["cycles"] == 14 * (10 - price["flush"]) + 2 * (1000 - price["exit"])
    assert found["walk_refs"] == 30 and first["traps"] == 7


def test_without_instructions_there_are_no_cycles(tmp_path):
    found, = walked(tmp_path, record(1), region(1, "01"), WORKLOAD="fork", ICOUNT="0")
    assert found["translation"]["u74"]["cycles"] is None and found["walk_refs"] == 30


def test_a_region_that_nobody_asked_for_is_left_out(tmp_path):
    found = walked(tmp_path, record(0) + "\n" + record(1), region(0, "01"), region(1, "01"), WORKLOAD="fork")
    assert [each["workload"] for each in found] == ["fork"]


@pytest.mark.parametrize("told", [[], [region(0, "01")], [region(1, "01"), region(1, "01")]])
def test_other_regions_than_the_consoles_fail(tmp_path, told):
    with pytest.raises(Failed, match="are not those of the console"):
        walked(tmp_path, record(1), *told, WORKLOAD="fork")


def test_a_plugin_that_wrote_nothing_fails(tmp_path):
    with pytest.raises(Failed, match="left no counts of walks"):
        walks.lines(tmp_path / "log")


def test_regions_of_one_name_are_added_up(tmp_path):
    one, = walked(tmp_path, record(1), region(1, "01"), WORKLOAD="fork")
    both = regions.summed([one, one])
    assert both["walk_refs"] == 60 and both["translation"]["p550"]["walks"] == 6


# ---- runs and tables ----

def test_hap_is_run_with_both_sizes_of_host_pages():
    def names(**given):
        return [(each.mode, each.hostpages) for each in measure.in_modes(given, ["native", "hap"])]

    assert names(WALKS="u74") == [("native", "max"), ("hap", "max"), ("hap", "4k")]
    assert names(WALKS="0") == names() == [("native", "max"), ("hap", "max")]
    assert names(WALKS="u74", HOSTPAGES="4k") == [("native", "max"), ("hap", "4k")]


def test_roots_are_meant_for_the_modes_that_keep_some():
    def roots(names, **given):
        return [(each.mode, each.roots) for each in measure.in_modes(given, names)]

    assert roots(["native", "tsp", "ssp", "ssp-hm"], ROOTS="4") == [("native", 16), ("tsp", 16), ("ssp", 4), ("ssp-hm", 4)]
    with pytest.raises(Refused, match="ROOTS=4"):
        roots(["native", "tsp"], ROOTS="4")


def test_the_tables_have_each_core_and_its_variants(tmp_path):
    results = [walked(tmp_path, record(1), region(1, "0123456"), WORKLOAD="fork", WALKS="u74,vary", **given)[0]
               for given in ({"MODE": "native"}, {"MODE": "hap"}, {"MODE": "hap", "HOSTPAGES": "4k"})]
    text = "\n".join(translation.tables(results))
    assert re.search(r"^fork +native +9 +5 +10 +20 +6.00 +7 +\d+ +1.000$", text, re.M)
    assert re.search(r"^ +hap 4k +9 ", text, re.M)
    assert re.search(r"^ +no walk caches +1.000 +1.000$", text, re.M)
    assert translation.tables([results[0] | {"translation": None}]) == []
