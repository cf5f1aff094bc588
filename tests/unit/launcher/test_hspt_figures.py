# SPDX-License-Identifier: BSD-2-Clause
"""Medians, intervals and ratios of `make bench-hspt`, and the tables that are made of them."""

import json
import math

import pytest

from hmode import hspt

CONFIGURATIONS = ["stock", "baseline", "private"]
FASTER = {"stock": 1, "baseline": 2, "private": 8}


def lines(rounds=3):
    """`private` is 8 times as fast as stock; each round is slower than the last, all of it alike."""
    return [f"{name} {program} abcd {1_000_000 * size * number // FASTER[name]} {number}"
            for number in range(1, rounds + 1) for program, size in [("boot", 64), ("fill", 8), ("walk", 16)] for name in CONFIGURATIONS]


def rows(memory=("fill", "walk")):
    return {(row.program, row.configuration): row for row in hspt.Measured(lines(), CONFIGURATIONS, memory).rows()}


@pytest.mark.parametrize("values, median", [([3, 1, 2], 2), ([4, 1, 2, 3], 2.5), ([7], 7)])
def test_median(values, median):
    assert hspt.median(values) == median


@pytest.mark.parametrize("count, rank", [(1, 1), (5, 1), (8, 1), (9, 2), (11, 2), (12, 3), (15, 4)])
def test_the_interval_leaves_out_one_sample_in_twenty(count, rank):
    """By the binomial distribution of how many samples lie above the median."""
    assert hspt.rank(count) == rank
    beyond = sum(math.comb(count, below) for below in range(rank)) / 2 ** count
    assert beyond <= 0.025 or rank == 1
    assert beyond + math.comb(count, rank) / 2 ** count > 0.025


def test_ratios_are_taken_within_a_round():
    assert rows()["fill", "private"].first == hspt.Figure(8, 8, 8)
    assert rows()["fill", "private"].second == hspt.Figure(4, 4, 4)
    assert rows()["fill", "private"].milliseconds == hspt.Figure(2, 1, 3)


def test_the_mean_is_that_of_the_memory_programs():
    assert rows()[hspt.MEAN, "baseline"].first == hspt.Figure(2, 2, 2)
    assert (hspt.MEAN, "baseline") not in rows(memory=())


def test_the_three_forms(tmp_path, capsys):
    (tmp_path / "lines").write_text("\n".join(lines()))
    hspt.main(tmp_path / "lines", tmp_path, " ".join(CONFIGURATIONS), "fill walk")
    told = capsys.readouterr().out.splitlines()
    assert told[2] == "fill             stock 16 ms x1.00 (1.00 to 1.00)  baseline 8 ms x2.00 (2.00 to 2.00)  " \
        "private 2 ms x8.00 (8.00 to 8.00)"
    assert told[5].startswith("over baseline    stock x0.50 (0.50 to 0.50)  baseline x1.00")
    assert (tmp_path / "bench.md").read_text().splitlines()[3:] == [
        "| fill | 16 (8 to 24) | 2.00 | 8.00 | 4.00 (4.00 to 4.00) |",
        "| walk | 32 (16 to 48) | 2.00 | 8.00 | 4.00 (4.00 to 4.00) |",
        "| **memory programs, geometric mean** | | **2.00** (2.00 to 2.00) | **8.00** (8.00 to 8.00) | 4.00 (4.00 to 4.00) |",
        "| the same over `baseline` | | 1.00 (1.00 to 1.00) | 4.00 (4.00 to 4.00) | |"]
    made = json.loads((tmp_path / "bench.json").read_text())
    assert made["schema"] == 2 and len(made["programs"]) == 12
    assert made["programs"][5] == {
        "program": "fill", "configuration": "private", "runs": 3, "milliseconds": {"median": 2.0, "low": 1.0, "high": 3.0},
        "times": {"stock": {"median": 8.0, "low": 8.0, "high": 8.0}, "baseline": {"median": 4.0, "low": 4.0, "high": 4.0}}}
    assert (tmp_path / "ratios").read_text().splitlines()[1] == "fill 2.000 8.000"
