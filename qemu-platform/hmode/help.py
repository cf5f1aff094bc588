# SPDX-License-Identifier: BSD-2-Clause
"""The options as `make` and as docs/options.md list them."""

import textwrap

from hmode import modes, tree
from hmode.options import MACHINES, OPTIONS
from hmode.settings import spelled

PAGE = """<!-- SPDX-License-Identifier: CC-BY-4.0 -->
<!-- Made by `qemu-platform/launch page > docs/options.md`. -->
# Options of the launcher

An option is given as `NAME=VALUE` to a command that starts a machine. [guests.md](guests.md) and
[measuring.md](measuring.md) show them in use. Words of a list are separated by commas or blanks.

An empty text, file or folder is as good as none (`LOG=`), but for `CMDLINE=`. Any other option that is given empty is
refused. In the environment every empty option is as good as none.

{commands}

| option | values | default | what | goes with |
| --- | --- | --- | --- | --- |
"""


def default_of(option):
    """As a reader is told of it; an empty text: nothing."""
    return option.shown or (option.default if isinstance(option.default, str) else "")


def about(option):
    """What it does, and where."""
    text = option.help
    if option.also:
        text += f"; {option.also} is the same"
    if option.was:
        text += f"; {option.was} is its former name"
    if set(option.modes) != set(modes.NAMES):
        text += f" (MODE={' '.join(option.modes)})"
    return text


def lines():
    """For a terminal."""
    made = []
    for option in OPTIONS:
        default = default_of(option)
        text = ": ".join(filter(None, [option.kind.form, about(option)])) + (f" [{default}]" if default else "")
        made += textwrap.wrap(text, 118, initial_indent=f"  {option.name:<10} ", subsequent_indent=" " * 15,
                              break_on_hyphens=False)
    return made


def show():
    print(f"\n{tree.version()}\n\noptions, as NAME=VALUE [default]; in a list commas and blanks both separate:")
    print("\n".join(lines()))


def cell(text):
    return text.replace("|", "\\|")


def commands_of(option):
    """Where not all do that start a machine."""
    others = [command for command in MACHINES if command not in option.commands]
    if len(others) > 2:
        return spelled(option.commands)
    return f"all but {spelled(others)}" if others else ""


def about_commands():
    text = "A command refuses each option that it has no use for. The last column says which commands take an option; " \
        f"where it is empty all do: {spelled(MACHINES)}. `make run` without a MODE is the tour; there `make run` stands " \
        "for both and `make run MODE=...` for one run."
    return textwrap.fill(text, 118, break_on_hyphens=False, break_long_words=False)


def form_on_page(option):
    """Without the words that change when a file of the tree does."""
    return getattr(option.kind, "form_on_page", None) or option.kind.form


def page():
    """docs/options.md."""
    head = PAGE.format(commands=about_commands())
    rows = (f"| `{option.name}` | {cell(form_on_page(option))} | {cell(default_of(option))} | {cell(about(option))} | "
            f"{commands_of(option)} |\n" for option in OPTIONS)
    return head + "".join(rows)
