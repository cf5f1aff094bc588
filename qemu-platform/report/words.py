# SPDX-License-Identifier: BSD-2-Clause
"""Figures as a reader sees them.  None: it was not measured."""

from hmode.results import digits

NOTHING, FAILED = "–", "failed"


def whole(value):
    return NOTHING if value is None else f"{round(value):,}"


def decimals(value, count):
    return NOTHING if value is None else digits(value, count)


def ratio(value):
    return decimals(value, 3)


def signed(value, count=1, unit=""):
    """With its sign, which is a minus and no hyphen."""
    if value is None:
        return NOTHING
    text = digits(abs(value), count)
    sign = "±" if float(text) == 0 else "+" if value > 0 else "−"
    return sign + text + unit


def change(value, base):
    """In percent of the base."""
    if value is None or not base:
        return NOTHING
    return signed((value / base - 1) * 100, 1, " %")


def share(value, base):
    if value is None or not base:
        return NOTHING
    return f"{digits(value / base * 100, 0)} %"


def short(value):
    """Of instructions, which nobody reads to the last digit."""
    sign, value = "−" if value < 0 else "", abs(value)
    for limit, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= limit:
            return sign + digits(value / limit, 1) + unit
    return sign + digits(value, 0)


def minutes(seconds):
    """A time to wait."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{int(seconds // 3600)} h {round(seconds % 3600 / 60):02} min"
