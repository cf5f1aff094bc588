# SPDX-License-Identifier: BSD-2-Clause
"""The page of three rows: its figures, its failed runs, and that it is HTML that everybody can read."""

import copy
import csv
import io
import json
import re

import pytest

import prose
from made import kept, record, three_rows
from reader import Reader
from report import document, markdown, page, plan, walks, words


def read(told):
    return Reader(page.made(document.page(told)))


@pytest.fixture(name="rows")
def fixture_rows():
    return read(three_rows())


# ---- figures, computed by hand ----

def test_sums_and_means_in_short(rows):
    assert rows.tables["short"][1:] == [
        ["tsp", "200", "", "200", "", "2.000"],                     # the cube root of 2 * 4 * 1
        ["ssp", "150", "−25.0 %", "155", "−22.5 %", "1.442"],       # of 1.5 * 2 * 1
        ["ssp-hm", "0", "−100.0 %", "26", "−87.0 %", "1.066"]]      # of 1.1 * 1.1 * 1


def test_exits_by_reason(rows):
    heads, *told = rows.tables["reasons"]
    assert heads == ["workload", "mode", "all", "true_fault", "pt_write", "hidden_fault", "flush"]
    assert told == [["fork", "tsp", "40", "10", "0", "0", "30"], ["fork", "ssp", "30", "10", "0", "20", "0"],
                    ["cow", "tsp", "160", "100", "60", "0", "0"], ["cow", "ssp", "120", "100", "0", "20", "0"],
                    ["chase", "tsp", "0", "0", "0", "0", "0"]]


def test_the_bars_are_as_long_as_the_counts(rows):
    bars = [attributes for attributes, around in rows.of("rect") if "figure" in around and attributes["class"].startswith("c-")
            and "legend" not in str(around) and "ul" not in around]
    width = {}
    for bar in bars:
        width[bar["class"], float(bar["y"])] = float(bar["width"])
    of_tsp = [value for (kind, at), value in width.items() if at == min(y for _, y in width)]
    flush, fault = sorted(of_tsp, reverse=True)
    assert flush == pytest.approx(3 * fault, rel=0.01)      # 30 and 10 of fork


def test_change_against_tsp(rows):
    assert rows.column("change-chart-table", "change") == {"fork": "−25.0 %", "cow": "−25.0 %", "chase": "–", "sum": "−25.0 %"}


def test_instructions_against_native(rows):
    assert rows.column("instructions-table", "native")["cow"] == "2,000"
    assert rows.column("instructions-table", "ssp") == {"fork": "1.500", "cow": "2.000", "chase": "1.000", "sum, and geometric mean": "1.442"}


def test_the_dearest_events_are_counts_times_prices(rows):
    """A fill takes 10 instructions beyond native, a fault 5."""
    assert rows.tables["causes-ssp-hm"][1:] == [
        ["fork", "faults of the guest's own: 10 traps × 5 = 50", "fills: 4 traps × 10 = 40", "–", "100", "90 %"],
        ["cow", "fills: 12 traps × 10 = 120", "–", "–", "200", "60 %"],
        ["chase", "–", "–", "–", "0", "–"]]


def test_what_one_event_costs(rows):
    assert rows.tables["events-table"][1:] == [["fill", "4.0", "10.0"], ["true-fault", "126.0", "5.0"], ["vm-exit", "514.0", "386.0"]]


def with_roots(told):
    """pipe switches; cow does not."""
    for run, mode, misses, count in (("virt-ssp", "ssp", 3, 16), ("roots-1-ssp", "ssp", 90, 1), ("roots-4-ssp", "ssp", 3, 4)):
        made = [record(mode, "pipe", 1500 + misses, {"root_miss": misses, "true_fault": 7}, {"satp_hit": 9}, roots=count),
                record(mode, "cow", 4000, {"true_fault": 100}, roots=count)]
        at = next((each for each in told["runs"] if each["run"] == run), None)
        if at:
            at["results"] += made[:1]
        else:
            told["runs"].append(kept(run, "roots", made))
    told["runs"][0]["results"].append(record("native", "pipe", 1000))
    return told


def test_roots_are_set_beside_each_other_where_they_matter():
    assert "roots" not in read(three_rows()).ids
    heads, *told = read(with_roots(three_rows())).tables["roots-ssp"]
    shown = dict(zip(heads, told[0]))
    assert [row[0] for row in told] == ["pipe", "sum, and geometric mean"]
    assert shown["misses, 1"] == "90" and shown["misses, 4"] == shown["misses, 16"] == "3"
    assert shown["exits, 1"] == "97" and shown["transitions, 1"] == "106" and shown["instructions, 1"] == "1.590"


def tables(peak, allocated=0, recycled=0, pool=1000):
    return {"tables_peak": peak, "tables_allocated": allocated, "tables_recycled": recycled, "pool": pool}


def test_tables_of_shadows_are_told_in_kib():
    assert "memory" not in read(three_rows()).ids
    told = three_rows()
    for at, result in enumerate(told["runs"][3]["results"]):
        result["shadow"] = tables(10 + at, 5, at)
    told["runs"].append(kept("memory-ssp-hm-fork", "memory", [record("ssp-hm", "fork", 1100, shadow=tables(7, 2))]))
    found = read(told)
    assert found.tables["memory-table"] == [
        ["workload", "KiB at the peak, ssp-hm", "allocated, ssp-hm", "recycled, ssp-hm"],
        ["fork", "40", "5", "0"], ["cow", "44", "5", "1"], ["chase", "48", "5", "2"], ["sum", "", "15", "3"]]
    assert found.tables["memory-alone"][1:] == [["fork", "28", "2", "0"]]
    assert "4,000 KiB in" in page.made(document.page(told))
    line = next(row for row in csv.DictReader(io.StringIO(document.page(told).csv)) if row["shadow_tables_peak"] == "12")
    assert (line["run"], line["workload"], line["shadow_pool"]) == ("virt-ssp-hm", "chase", "1000")


def plain(cells):
    return [re.sub("[`*]", "", cell).strip() for cell in cells]


def test_markdown_has_the_same_tables():
    told = document.page(three_rows())
    lines = [plain(line.strip("|").split("|")) for line in markdown.made(told).splitlines() if line.startswith("|")]
    for table in Reader(page.made(told)).tables.values():
        assert all(plain(row) in lines for row in table)


def test_the_csv_is_in_the_page():
    told = document.page(three_rows())
    found = list(csv.DictReader(io.StringIO(told.csv)))
    assert len(found) == 12
    assert [row["exits_hidden_fault"] for row in found if row["run"] == "virt-ssp"] == ["20", "20", "0"]
    assert any(link.startswith("data:text/csv") for link in Reader(page.made(told)).links)


# Modelled cycles, and references of which the price list of u74 has one at 20 cycles.
MODELLED = {"native": {"fork": (1000, 10), "sqlite": (1000, 10)}, "ssp-hm": {"fork": (1100, 15), "sqlite": (1002, 10)},
            "hap": {"fork": (1050, 20), "sqlite": (1000, 12)}, "hap-4k": {"fork": (1300, 25), "sqlite": (1200, 8)}}


def modelled(core="u74"):
    """The workloads and a program in the runs that price walks."""
    found = []
    for side, rows in MODELLED.items():
        for prefix, name in (("", "fork"), ("sqlite-", "sqlite")):
            cycles, references = rows[name]
            told = {core: {"cycles": cycles, "walk_refs": references - 5, "g_refs": 5}}
            found.append(kept(f"walks-{prefix}{side}", "walks", [record(side.removesuffix("-4k"), name, 900, translation=told)]))
    return {"schema": 1, "runs": found}


def test_modelled_cycles_stand_beside_those_of_two_stages():
    found = read(modelled())
    assert found.column("walks-u74", "ssp-hm") == {"fork": "1.100", "sqlite": "1.002", "geometric mean": "1.050"}
    assert found.column("walks-u74", "against hap") == {"fork": "+4.8 %", "sqlite": "+0.2 %", "geometric mean": ""}
    assert found.column("walks-u74", "against hap-4k")["fork"] == "−15.4 %"


def test_the_line_is_where_both_take_as_many_cycles():
    """fork: 5 references less than hap, which are worth 50 cycles at 20 + 50 / 5.  sqlite: 2 less, worth 2 at 20 + 2 / 2."""
    told = modelled()
    assert read(told).tables["walks-u74"][1][5::2] == ["above 30", "any"]      # 20 - 200 / 10 is no price
    assert read(told).tables["walks-u74"][2][5::2] == ["above 21", "below 119"]
    assert read(modelled("p550")).tables["walks-p550"][1][5] == "above 30"


def test_the_page_says_where_the_shadow_wins_and_where_it_does_not():
    assert read(modelled()).tables["verdicts-u74"][1:] == [["hap", "0", "1: fork", "1: sqlite"],
                                                           ["hap with 4 KiB pages", "2: fork, sqlite", "0", "0"]]


@pytest.mark.parametrize("count, names", [(12, True), (13, False)])
def test_many_names_are_a_number(count, names):
    found = [f"row-{number}" for number in range(count)]
    assert walks.listed(found) == (f"{count}: {', '.join(found)}" if names else str(count))


def test_what_has_no_base_is_not_there_and_did_not_fail():
    told = modelled()
    told["runs"] = [each for each in told["runs"] if each["run"] != "walks-sqlite-native"]
    assert read(told).column("walks-u74", "hap")["sqlite"] == "–"


def test_without_a_model_there_is_no_chapter_about_it():
    told = modelled()
    for each in told["runs"]:
        each["results"][0]["translation"] = None
    assert "walks" not in read(told).ids and "walks" not in read(three_rows()).ids


def test_hspt_stands_with_its_intervals():
    def figure(median):
        return {"median": median, "low": median - 0.25, "high": median + 0.25}

    told = three_rows()
    results = [{"program": program, "configuration": name, "runs": 11, "times": {"stock": figure(value)},
                **({"milliseconds": figure(20)} if program == "walk" else {})}
               for program in ("walk", "memory-programs") for name, value in (("stock", 1), ("private", 1.5))]
    told["runs"].append(kept("hspt", "hspt", results, kind="hspt"))
    assert read(told).tables["hspt-table"][1:] == [["walk", "20 (20 to 20)", "1.50 (1.25 to 1.75)"],
                                                   ["memory programs, geometric mean", "", "1.50 (1.25 to 1.75)"]]


def test_what_devices_cost_stands_with_its_spread():
    told = three_rows()
    told["runs"].append(kept("devices", "devices", [
        {"mode": mode, "request": "4 KiB read", "figure": figure, "values": values}
        for mode, figure, values in (("native", "instructions", [14000, 16000, 15000]), ("native", "exits", [0, 0, 0]),
                                     ("tsp", "instructions", [30000, 29000, 31000]), ("tsp", "exits", [8, 8.5, 8]))], kind="devices"))
    assert read(told).tables["devices-table"][1:] == [["native", "15,000 (14,000 to 16,000)", "0.0"],
                                                      ["tsp", "30,000 (29,000 to 31,000)", "8.0 (8.0 to 8.5)"]]


# ---- rows that native does not repeat ----

def programs_of(part="programs", prefix="own", words=()):
    """Three programs in two modes.  native of each by how much it moves."""
    moves = {"gups": 0.0005, "hack": 0.25, "once": None}
    native = [record("native", name, 1000, **({} if moved is None else {"moves": moved}), **dict(words)) for name, moved in moves.items()]
    return [kept(f"{prefix}-native", part, native),
            kept(f"{prefix}-ssp-hm", part, [record("ssp-hm", name, total, traps={"fill": 3}, **dict(words))
                                            for name, total in (("gups", 1100), ("hack", 4000), ("once", 1100))]),
            kept(f"{prefix}-native-early", part, [record("native", "hack", 1250)])]


def test_a_row_that_moves_is_marked_and_in_no_mean():
    told = three_rows()
    told["runs"] += programs_of()
    found = read(told)
    assert found.tables["programs-instructions"][1:] == [
        ["gups", "1,000", "1.100"], ["hack, moves 25.0 %", "1,000", "4.000"], ["once", "1,000", "1.100"],
        ["sum, and geometric mean", "3,000", "1.100"]]
    assert found.column("programs-exits", "ssp-hm")["hack, moves 25.0 %"] == "0"
    for text in (page.made(document.page(told)), markdown.made(document.page(told))):
        assert "hack moves by 25.0 %." in text and "begins at another moment" in text and "gups moves by" not in text
        assert "was not measured of these rows" in text and "once." in text


def test_a_row_of_the_model_that_moves_is_in_no_mean_and_no_verdict():
    cycles = {"translation": {"u74": {"cycles": 10, "walk_refs": 1, "g_refs": 0}}}
    told = {"schema": 1, "runs": [*programs_of("walks", "walks-own", tuple(cycles.items())),
                                  kept("walks-own-hap", "walks", [record("hap", name, 1000, translation={
                                      "u74": {"cycles": 20, "walk_refs": 1, "g_refs": 0}}) for name in ("gups", "hack", "once")])]}
    found = read(told)
    assert found.errors == []
    assert [row[0] for row in found.tables["walks-u74"][1:]] == ["gups", "hack, moves 25.0 %", "once", "geometric mean"]
    assert found.tables["verdicts-u74"][1][1] == "2: gups, once"


def test_how_far_native_moves_is_among_the_records():
    told = {"schema": 1, "runs": programs_of()}
    rows = list(csv.DictReader(io.StringIO(document.page(told).csv)))
    assert [row["moves"] for row in rows if row["run"] == "own-native"] == ["0.0005", "0.25", ""]


# ---- what went wrong is shown ----

@pytest.mark.parametrize("name", plan.BENCHES)
def test_a_bench_that_failed_has_its_chapter(name):
    told = three_rows()
    told["runs"].append(kept(name, name, [], failed="no machine\nmore", kind=name))
    found = read(told)
    assert name in found.ids and "failed: no machine" in markdown.made(document.page(told))


def test_a_failed_run_is_shown_as_failed():
    told = three_rows()
    told["runs"][2] |= {"results": [], "failed": "the guest's kernel panicked <at> once\ncause: \"x\""}
    found = read(told)
    assert found.errors == []
    assert found.tables["failed-runs"][1:] == [["virt-ssp", "the guest's kernel panicked <at> once"]]
    assert found.tables["short"][2][1:2] + found.tables["short"][2][5:] == ["failed", "failed"]
    assert found.column("instructions-table", "ssp") == dict.fromkeys(("fork", "cow", "chase", "sum, and geometric mean"), "failed")
    assert found.column("instructions-table", "tsp")["cow"] == "4.000"


def test_a_wrong_answer_is_no_figure():
    told = three_rows()
    told["runs"][1]["results"][1]["ok"] = False
    found = read(told)
    assert found.tables["failed-runs"][1:] == [["virt-tsp", "cow: its answer was wrong"]]
    assert found.column("instructions-table", "tsp")["cow"] == "failed"


@pytest.mark.parametrize("left", range(len(three_rows()["runs"])))
def test_a_page_lacks_what_was_not_run_and_stands(left):
    told = three_rows()
    del told["runs"][left]
    assert read(told).errors == []


def test_a_page_of_all_runs_lacks_nothing():
    told = {"schema": 1, "runs": [kept(run.name, run.part, [], kind=run.kind) for run in plan.whole()]}
    assert "missing" not in read(told).ids
    del told["runs"][0]
    assert "missing" in read(told).ids


def test_nothing_at_all_is_a_page_too():
    assert read({"schema": 1, "runs": []}).errors == []


# ---- a page that everybody can read ----

def whole():
    told = three_rows()
    told["runs"] += [kept("svadu-native", "svadu", [record("native", "fork", 900, svadu="1")]),
                     kept("svadu-ssp-hm", "svadu", [record("ssp-hm", "fork", 990, svadu="1")]),
                     kept("u74-native", "u74", [record("native", "fork", 1000)]), kept("u74-tsp", "u74", [record("tsp", "fork", 3000, {"flush": 9})]),
                     kept("u74-ssp", "u74", [record("ssp", "fork", 2000, {"flush": 3})]), kept("virt-hap", "virt", [record("hap", "fork", 1001)])]
    told["runs"] += [kept(f"ladder-{name}", "ladder", [record("ssp", each, 1500, {"flush": 3}) for each in ("fork", "cow", "chase")])
                     for name in ("none", "fill")]
    return told


@pytest.mark.parametrize("told", [whole(), modelled(), {"schema": 1, "runs": []}])
def test_a_page_reads_as_the_documents_do(told, tmp_path):
    """No sentence is too long, whatever was run: this page is among the documents."""
    path = tmp_path / "results.md"
    path.write_text(markdown.made(document.page(told)))
    assert [fault for check in (prose.long_sentences, prose.long_lines, prose.empty_sections) for fault in check(prose.Page(path))] == []


def test_two_pages_of_the_same_records_are_the_same():
    told = whole()
    for maker in (page, markdown):
        assert maker.made(document.page(told)) == maker.made(document.page(json.loads(json.dumps(told))))


def test_elements_are_balanced_and_names_are_one_things():
    found = read(whole())
    assert found.errors == []
    assert sorted(found.ids) == sorted(set(found.ids))
    assert {link[1:] for link in found.links if link.startswith("#")} <= set(found.ids)


def test_nothing_is_fetched():
    text = page.made(document.page(whole()))
    assert all(link.startswith(("#", "data:")) for link in Reader(text).links)
    assert not re.search(r"https?:|//[a-z]|@import|url\(", re.sub(r"(?m)^\s*//.*$", "", text))


def test_each_drawing_has_a_name_a_description_and_a_table():
    found = read(whole())
    drawings = [attributes for attributes, _ in found.of("svg") if attributes.get("role") == "img"]
    assert len(drawings) >= 5
    for attributes in drawings:
        assert set(attributes["aria-labelledby"].split()) <= set(found.ids)
    in_figures = [attributes for attributes, around in found.of("table") if "figure" in around and "details" in around]
    assert len(in_figures) == len(found.of("figure")) == len(drawings)
    assert all(attributes.get("aria-hidden") == "true" or attributes.get("role") == "img" for attributes, _ in found.of("svg"))


def test_tables_have_captions_and_heads_say_of_what():
    found = read(whole())
    assert len(found.of("caption")) == len(found.of("table"))
    assert {attributes["scope"] for attributes, _ in found.of("th")} == {"col", "row"}
    assert all("div" in around for _, around in found.of("table"))


def test_headings_are_in_order():
    found = read(whole())
    assert len(found.of("h1")) == 1 and len(found.of("h2")) == len(found.of("section")) > 8
    assert found.of("html")[0][0]["lang"] == "en"
    assert {attributes.get("name") for attributes, _ in found.of("meta")} >= {"viewport"}


def test_the_style_has_dark_paper_and_every_colour_that_a_drawing_names():
    text = page.made(document.page(whole()))
    style = re.search(r"<style>(.*?)</style>", text, re.S)[1]
    assert "prefers-color-scheme: dark" in style and "@media print" in style
    used = set(re.findall(r'class="(c-[a-z-]+)"', text))
    assert used and all(f".{each} " in style for each in used)
    light, dark = (set(re.findall(r"(--[a-z-]+):", part)) for part in style.split("@media (prefers-color-scheme: dark)")[:2])
    assert light == dark & light


# ---- words ----

@pytest.mark.parametrize("value, base, told", [(75, 100, "−25.0 %"), (100, 100, "±0.0 %"), (114.26, 100, "+14.3 %"), (1, 0, "–"), (None, 1, "–")])
def test_changes(value, base, told):
    assert words.change(value, base) == told


@pytest.mark.parametrize("value, told", [(999, "999"), (1500, "1.5 k"), (-1_600_000, "−1.6 M"), (2.5e9, "2.5 G")])
def test_short_numbers(value, told):
    assert words.short(value) == told


def test_the_records_are_left_as_they_are():
    told = three_rows()
    before = copy.deepcopy(told)
    document.page(told)
    assert told == before
