# SPDX-License-Identifier: BSD-2-Clause
"""Kinds of options.  Each reads a value from a text and refuses what is none.

read(name, text, settings) returns the value; `settings` has the options that were read before.  form: which
values there are, for help; an empty one: the option's own text says it.
"""

import os
import pathlib
import re

from hmode.messages import Refused


def is_number(text):
    return re.fullmatch(r"[0-9]{1,9}", text) is not None


class Text:
    """Anything.  Of an option that is given, only such a one may be empty: it is the default then."""

    form = ""

    def read(self, name, text, settings):
        return text


class File(Text):
    """A path, in which ~ is as in a shell; whether the file is what it should be is seen when it is read."""

    def read(self, name, text, settings):
        return os.path.expanduser(text)


class Choice:
    """One of some words."""

    def __init__(self, *words):
        self.words = words

    @property
    def form(self):
        return " ".join(self.words)

    def read(self, name, text, settings):
        choose(name, text, self.words)
        return text


def choose(name, text, words):
    if text not in words:
        raise Refused(f"{name}={text} is unknown", " ".join(words))


class Switch(Choice):
    """1 or 0."""

    form = ""

    def __init__(self):
        super().__init__("0", "1")

    def read(self, name, text, settings):
        return int(super().read(name, text, settings))


class Number:
    def __init__(self, low, high):
        self.low, self.high = low, high

    @property
    def form(self):
        return f"{self.low} to {self.high}"

    def read(self, name, text, settings):
        if not is_number(text) or not self.low <= int(text) <= self.high:
            raise Refused(f"{name}={text} is no number from {self.low} to {self.high}")
        return int(text)


class Words:
    """Words of a list, separated by commas or blanks, in the order in which they were given or in the list's.
    `none` is no word of it, `all` is every one, where `more` has them."""

    def __init__(self, words, *more, in_order=False, form=None, source=None):
        """source: where the words come from, for a page that stays as it is when they change."""
        self.words, self.more, self.in_order = words, more, in_order
        before = ", ".join([*more, "or " if more else ""]) + "a list of "
        self.form = form or before + ",".join(words)
        self.form_on_page = before + source if source else self.form

    def read(self, name, text, settings):
        given = [word for word in re.split("[, ]+", text) if word]
        if not given:
            raise Refused(f"{name}={text} names nothing", self.form)
        for word in given:
            choose(name, word, [*self.more, *self.words])
        if "all" in given:
            return list(self.words)
        return [word for word in (self.words if self.in_order else given) if word in given and word != "none"]


class Size:
    """Of memory, in M or G: the text, since host-hv is told it as it was given; mebibytes() has the number."""

    form = "as 512M or 2G"

    def __init__(self, low, high):
        self.low, self.high = low, high

    def read(self, name, text, settings):
        size = mebibytes(text)
        if size is None:
            raise Refused(f"{name}={text} is no size", "a number with M or G, as 512M or 2G")
        if not mebibytes(self.low) <= size <= mebibytes(self.high):
            raise Refused(f"{name}={text} is out of range", f"{self.low} to {self.high}")
        if size % 2:
            raise Refused(f"{name}={text} is no multiple of 2M", "an even number of M")
        return text


def mebibytes(text):
    """Of 512M or 2G; None: it is no size."""
    found = re.fullmatch(r"([0-9]{1,6})([MmGg])", text)
    return found and int(found[1]) * (1024 if found[2] in "Gg" else 1)


class Address:
    form = ""

    def read(self, name, text, settings):
        if len(text) > 17 or not re.fullmatch(r"0x[0-9a-fA-F]+|0|[1-9][0-9]*", text):
            raise Refused(f"{name}={text} is no address", "a number, as 0x80200000")
        return int(text, 0)


def readable(name, path):
    """The path, of a file that can be read."""
    if not os.path.lexists(path):
        raise Refused(f"{name}={path} is not there")
    if os.path.isdir(path):
        raise Refused(f"{name}={path} is a folder")
    try:
        if pathlib.Path(path).is_file():        # a pipe or a device may never end
            with pathlib.Path(path).open("rb"):
                return pathlib.Path(path)
    except OSError:
        pass
    raise Refused(f"{name}={path} is no readable file")
