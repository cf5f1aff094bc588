# SPDX-License-Identifier: BSD-2-Clause
"""The options of one run: taken from the environment and the command line, read, and checked with each other."""

import difflib
import functools
import os

from hmode import kinds, modes, program
from hmode.messages import Refused, warn
from hmode.options import ALSO, BY_NAME, FORMER, MAKE_OPTIONS, NAMES, OPTIONS, STRICT, TAKEN, WORKLOADS

# How a user spells a command; with both `run` and `tour` it is `make run`.
SPELLED = {"run": "make run MODE=...", "tour": "make run"}


def known(name):
    if name not in TAKEN:
        near = difflib.get_close_matches(name.upper(), NAMES, 1)
        raise Refused(f"there is no option '{name}'" + (f"; {near[0]} is one" if near else ""), " ".join(NAMES))
    return name


def by_present_name(given, quiet):
    """The texts under the names that options have now; a former name is taken, and said to be one."""
    for other, name in (FORMER | ALSO).items():
        text = given.pop(other, "")
        if not text:
            continue
        if given.get(name, "") not in ("", text):
            raise Refused(f"{other}={text} and {name}={given[name]} are one option", name)
        if other in FORMER and not quiet:
            warn(f"{other} is called {name} now: {name}={text}")
        given[name] = text
    return given


def names_given_to_make():
    return os.environ.get("HMODE_GIVEN", "").split()


def take(words, quiet=False):
    """Name -> text of the options in the environment, in these words, and in a LIST that they name; HMODE_GIVEN has the
    names given to make."""
    given = {name: os.environ[name] for name in TAKEN if name in os.environ}
    for name in names_given_to_make():
        if name not in MAKE_OPTIONS:
            must_say_something(known(name), given.get(name, "not here"))
    for word in words:
        name, is_option, text = word.partition("=")
        if not is_option:
            raise Refused(f"'{word}' is no option", f"NAME=VALUE, of {' '.join(NAMES)}")
        given[known(name)] = text
        must_say_something(name, text)
    return program.with_options_of_list(by_present_name(given, quiet))


def must_say_something(name, text):
    """In the environment an empty text is as good as none; who gives an option means something by it."""
    option = BY_NAME[(FORMER | ALSO).get(name, name)]
    if not text and not option.may_be_empty and not isinstance(option.kind, kinds.Text):
        raise Refused(f"{name}= is empty", option.kind.form or option.help)


def is_value(name, text):
    """An empty text is as good as none where it is no value."""
    return bool(text) or BY_NAME[name].may_be_empty


def spelled(commands):
    """As a user calls them."""
    if "tour" in commands and "run" in commands:
        commands = ["tour", *(name for name in commands if name not in ("run", "tour"))]
    return ", ".join(SPELLED.get(name, f"make {name}") for name in commands)


def must_go_with(command, given):
    """Nothing that is given is ignored: what the command has no use for is refused."""
    command = "run" if command == "show" else command
    for name, text in given.items():
        option = BY_NAME[name]
        if is_value(name, text) and command not in option.commands:
            raise Refused(f"{name} goes with {spelled(option.commands)}, not with {spelled([command])}",
                          option.instead.get(command))
    for name in names_given_to_make():
        if MAKE_OPTIONS.get(name) and command not in MAKE_OPTIONS[name]:
            raise Refused(f"{name} goes with {spelled(MAKE_OPTIONS[name])}, not with {spelled([command])}")


class Settings:
    """The options as attributes in small letters: settings.mode, settings.harts.

    interactive, stopped: as the commands `shell` and `debug` have it; without: a property of -cpu that the harts lack,
    which tests choose by CPU_WITHOUT."""

    def __init__(self, given, interactive=False, stopped=False, without=None):
        self.given = {name: text for name, text in given.items() if is_value(name, text)}
        self.interactive, self.stopped = interactive, stopped
        self.without = without or os.environ.get("CPU_WITHOUT")
        for option in OPTIONS:
            setattr(self, option.name.lower(), self.read(option))
        self.name_guest()
        for option in OPTIONS:
            if option.rule:
                option.rule(self)
        for option in OPTIONS:
            self.must_go_with_mode(option)

    def read(self, option):
        """The option's value."""
        text = self.given.get(option.name, self.default(option))
        value = None if text is None else option.kind.read(option.name, text, self)
        if option.ignored and self.mode not in option.modes:
            return option.kind.read(option.name, self.default(option), self)
        return value

    def default(self, option):
        return option.default(self) if callable(option.default) else option.default

    def must_go_with_mode(self, option):
        if self.mode in option.modes or option.ignored:
            return
        own = self.default(option)
        if getattr(self, option.name.lower()) != option.kind.read(option.name, own, self):
            needs = f"does not go with MODE={self.mode}" if self.is_given("MODE") else \
                f"needs MODE={' or '.join(option.modes)}"
            raise Refused(f"{option.name}={self.given[option.name]} {needs}",
                          f"{option.name}={own}; others go with MODE={' or '.join(option.modes)}")

    def name_guest(self):
        """By its kernel; patched-off is the same binary as patched, and hm=off makes it its own stock kernel."""
        if self.is_given("KERNEL"):
            self.guest = os.path.basename(self.kernel)
        elif self.guest == "patched" and "hm=off" in self.append.split(" "):
            self.guest = "patched-off"

    def is_given(self, name):
        return name in self.given

    @functools.cached_property
    def programs(self):
        """Of the user's own."""
        return program.wanted(self)

    @property
    def marks_of(self):
        """Number of a mark -> name of what it measures."""
        if self.programs:
            return {each.number: each.name for each in self.programs}
        return {number: name for number, name in enumerate(WORKLOADS) if name in self.workload}

    @property
    def measured(self):
        return list(self.marks_of.values())

    @property
    def tells_regions(self):
        """MARKS=1 alone: whoever runs in the guest marks regions."""
        return bool(self.marks) and not self.measured

    @property
    def measures(self):
        """By which option."""
        return "PROGRAM" if self.programs else "WORKLOAD"

    @property
    def mib(self):
        return kinds.mebibytes(self.mem)

    @property
    def disks(self):
        """One for each guest; a single guest's may have commas in its name."""
        if not self.disk:
            return []
        return [self.disk] if self.guests == 1 else [os.path.expanduser(path) for path in self.disk.split(",")]

    @property
    def strict(self):
        """How long a hart of a strict QEMU keeps translations; None: it is no strict one."""
        return STRICT.get(self.qemu)

    @property
    def has_h(self):
        """The harts have the H extension: in hap, and where tests ask for it by CPU_H."""
        return self.mode == modes.HAP or "CPU_H" in os.environ

    @property
    def is_native(self):
        return self.mode == "native"

    def title(self):
        work = f": {' '.join(self.measured)}" if self.measured else ""
        return f"{modes.label(self.mode, self.policy)} on {self.profile}{work}"
