# SPDX-License-Identifier: BSD-2-Clause
"""The options of one run: taken from the environment and the command line, read, and checked with each other."""

import os

from hmode import kinds
from hmode.messages import Refused, warn
from hmode.options import BY_NAME, FORMER, MAKE_OPTIONS, NAMES, OPTIONS, STRICT


def known(name):
    if name not in BY_NAME and name not in FORMER:
        raise Refused(f"there is no option '{name}'", " ".join(NAMES))
    return name


def by_present_name(given):
    """The texts under the names that options have now; a former name is taken, and said to be one."""
    for former, name in FORMER.items():
        text = given.pop(former, "")
        if text:
            warn(f"{former} is called {name} now: {name}={text}")
            given[name] = given.get(name) or text
    return given


def take(words):
    """Name -> text of the options in the environment and in these words; HMODE_GIVEN has the names given to make."""
    for name in os.environ.get("HMODE_GIVEN", "").split():
        if name not in MAKE_OPTIONS:
            known(name)
    given = {name: os.environ[name] for name in [*NAMES, *FORMER] if name in os.environ}
    for word in words:
        name, is_option, text = word.partition("=")
        if not is_option:
            raise Refused(f"'{word}' is no option", f"NAME=VALUE, of {' '.join(NAMES)}")
        given[known(name)] = text
    return by_present_name(given)


class Settings:
    """The options as attributes in small letters: settings.mode, settings.harts.

    interactive, stopped: as the commands `shell` and `debug` have it; without: a property of -cpu that the harts lack,
    which tests choose by CPU_WITHOUT."""

    def __init__(self, given, interactive=False, stopped=False, without=None):
        self.given = {name: text for name, text in given.items() if text or BY_NAME[name].may_be_empty}
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
            raise Refused(f"{option.name}={self.given[option.name]} does not go with MODE={self.mode}",
                          f"{option.name}={own}; others go with MODE={' or '.join(option.modes)}")

    def name_guest(self):
        """By its kernel; patched-off is the same binary as patched, and hm=off makes it its own stock kernel."""
        if self.is_given("KERNEL"):
            self.guest = os.path.basename(self.kernel)
        elif self.guest == "patched" and "hm=off" in self.append.split(" "):
            self.guest = "patched-off"

    def is_given(self, name):
        return name in self.given

    @property
    def mib(self):
        return kinds.mebibytes(self.mem)

    @property
    def strict(self):
        """How long a hart of a strict QEMU keeps translations; None: it is no strict one."""
        return STRICT.get(self.qemu)

    @property
    def is_native(self):
        return self.mode == "native"

    def title(self):
        work = f": {' '.join(self.workload)}" if self.workload else ""
        return f"{self.mode} on {self.profile}{work}"
