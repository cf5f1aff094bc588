# SPDX-License-Identifier: BSD-2-Clause
"""Drawings for the page.  Colours are classes of its style sheet, so that they follow light, dark and paper.

Each function gives (width, height, elements).  An element is (tag, attributes, text or elements).
"""

WIDTH = 720
LINE = 20


def round_up(value):
    """The next of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10 times a power of ten."""
    power = 1
    while value > 10 * power:
        power *= 10
    return next(step * power for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if value <= step * power)


def at(value):
    """A coordinate, as short as it can be and the same each time."""
    return f"{value:.1f}".removesuffix(".0")


def text(x, y, words, kind="", anchor="start"):
    return ("text", {"x": at(x), "y": at(y), "class": kind, "text-anchor": anchor}, words)


def rect(x, y, width, height, kind, tip=None):
    return ("rect", {"x": at(x), "y": at(y), "width": at(width), "height": at(height), "class": kind},
            [("title", {}, tip)] if tip else [])


def line(x, y, to_x, to_y, kind):
    return ("line", {"x1": at(x), "y1": at(y), "x2": at(to_x), "y2": at(to_y), "class": kind}, [])


# The marks of modes differ by form too: paper may be grey.
def mark(x, y, kind, tip, form):
    size = 5
    points = {"square": [(-4, -4), (4, -4), (4, 4), (-4, 4)], "diamond": [(0, -6), (6, 0), (0, 6), (-6, 0)],
              "triangle": [(0, -5.5), (5.5, 4.5), (-5.5, 4.5)]}.get(form)
    inner = [("title", {}, tip)]
    if points is None:
        return ("circle", {"cx": at(x), "cy": at(y), "r": at(size), "class": kind}, inner)
    return ("polygon", {"points": " ".join(f"{at(x + dx)},{at(y + dy)}" for dx, dy in points), "class": kind}, inner)


class Scale:
    """From figures to places."""

    def __init__(self, low, high, left, right):
        self.low, self.high, self.left, self.right = low, high, left, right

    def __call__(self, value):
        value = min(max(value, self.low), self.high)
        return self.left + (value - self.low) / (self.high - self.low) * (self.right - self.left)

    def axis(self, ticks, top, bottom):
        """Thin lines, and what they stand for below; the first one is where nothing is."""
        for number, (value, words) in enumerate(ticks):
            yield line(self(value), top, self(value), bottom, "base" if number == 0 else "grid")
            yield text(self(value), bottom + 16, words, "tick", "middle")


def stacked(groups, full, ticks):
    """Bars of parts: groups of (label, bars), a bar is (label, parts, words at its end), a part (class, value, tip)."""
    left, right, top, step = 172, WIDTH - 76, 8, 14
    scale, y, found = Scale(0, full, left, right), top, []
    for label, bars in groups:
        found.append(text(0, y + 11, label, "name"))
        for name, parts, words in bars:
            found.append(text(left - 8, y + 10, name, "small", "end"))
            place = 0
            for kind, value, tip in parts:
                found.append(rect(scale(place), y + 1, scale(place + value) - scale(place), step - 3, kind, tip))
                place += value
            found.append(text(scale(place) + 5, y + 10, words, "small"))
            y += step
        y += 10
    return WIDTH, y + 24, [*scale.axis(ticks, top - 4, y), *found]


def dots(rows, low, high, ticks, band=None):
    """Marks on a line for each row: rows of (label, marks), a mark is (class, form, value, tip)."""
    left, right, top = 112, WIDTH - 16, 22 if band else 8
    scale, bottom, found = Scale(low, high, left, right), top + LINE * len(rows), []
    if band:
        found += [rect(scale(band[0]), top - 4, scale(band[1]) - scale(band[0]), bottom - top + 4, "band"),
                  text((scale(band[0]) + scale(band[1])) / 2, top - 9, band[2], "small", "middle")]
    for number, (label, marks) in enumerate(rows):
        y = top + LINE * number + LINE / 2
        found += [text(0, y + 4, label, "name"), line(left, y, right, y, "row")]
        values = [value for _, _, value, _ in marks]
        if len(values) > 1:
            found.append(line(scale(min(values)), y, scale(max(values)), y, "span"))
        found += [mark(scale(value), y, kind, tip, form) for kind, form, value, tip in reversed(marks)]
    return WIDTH, bottom + 24, [*scale.axis(ticks, top - 4, bottom), *found]


def bars(rows, full, ticks, left=190):
    """One bar for each row: (label, class, value, words at its end)."""
    scale, top, found = Scale(0, full, left, WIDTH - 120), 8, []
    for number, (label, kind, value, words) in enumerate(rows):
        y = top + LINE * number
        found += [text(0, y + 14, label, "name"), rect(left, y + 4, scale(value) - left, LINE - 8, kind, f"{label}: {words}"),
                  text(scale(value) + 6, y + 14, words, "small")]
    bottom = top + LINE * len(rows)
    return WIDTH, bottom + 24, [*scale.axis(ticks, top - 4, bottom), *found]


def intervals(rows, low, high, ticks):
    """A median and how sure it is: rows of (label, class, median, low, high, tip)."""
    left, right, top = 190, WIDTH - 16, 8
    scale, found = Scale(low, high, left, right), []
    for number, (label, kind, median, least, most, tip) in enumerate(rows):
        y = top + LINE * number + LINE / 2
        found += [text(0, y + 4, label, "name"), line(left, y, right, y, "row"),
                  line(scale(least), y, scale(most), y, "whisker"), mark(scale(median), y, kind, tip, "circle")]
    bottom = top + LINE * len(rows)
    return WIDTH, bottom + 24, [*scale.axis(ticks, top - 4, bottom), *found]
