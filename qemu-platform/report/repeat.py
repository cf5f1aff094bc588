# SPDX-License-Identifier: BSD-2-Clause
"""Which rows can be repeated: native takes as many instructions for them, whenever they begin."""

from report import plan, words
from report.blocks import Items, Text

# Of instructions.  A row that moves by more is marked, and is in no mean.
MOST = 0.01


def spread(counts):
    """By how much the most is above the least; None: there are no two."""
    counts = [count for count in counts if count]
    return round(max(counts) / min(counts) - 1, 6) if len(counts) > 1 else None


def instructions(result):
    return (result["instructions"] or {}).get("total") if result["ok"] and not result.get("region") else None


def with_moves(found):
    """Each native record of which there are more, begun at other moments, with the spread of them all."""
    counts = {}
    for kept in found:
        run = next((kept["run"].removesuffix("-" + shift) for shift in plan.SHIFTS if kept["run"].endswith("-native-" + shift)), kept["run"])
        for result in kept["results"]:
            if result.get("mode") == "native" and "workload" in result:     # a bench's has none
                counts.setdefault((run, result["workload"]), []).append(instructions(result))
    for kept in found:
        for result in kept["results"]:
            moves = spread(counts.get((kept["run"], result.get("workload")), []))
            if moves is not None and not result.get("region"):
                result["moves"] = moves
    return found


def moving(moves):
    """Row -> by how much it moves, of those that are marked."""
    return {row: moved for row, moved in moves.items() if moved > MOST}


def marked(row, marks):
    return f"{row}, moves {percent(marks[row])}" if row in marks else row


def percent(moved):
    return words.decimals(moved * 100, 1) + " %"


def steady(rows, marks):
    return [row for row in rows if row not in marks]


def told(marks, why):
    """Below a table: which rows are in no mean."""
    if not marks:
        return ()
    return (Text(f"In no mean, as {why}:"), Items(tuple(f"{row} moves by {percent(moved)}." for row, moved in marks.items())))


WHY = "native's instructions differ by more than 1 % when the same program begins at another moment"


def not_asked(rows, moves):
    """Where a part of the native runs is missing."""
    left = [row for row in rows if row not in moves]
    return (Text("Whether they can be repeated was not measured of these rows:"), Items((", ".join(left) + ".",))) if left else ()
