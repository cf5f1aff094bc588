# SPDX-License-Identifier: BSD-2-Clause
"""The options as `make` and as docs/options.md list them."""

import textwrap

from hmode import modes, tree
from hmode.options import OPTIONS

PAGE = """<!-- SPDX-License-Identifier: CC-BY-4.0 -->
<!-- Made by `qemu-platform/launch page > docs/options.md`. -->
# Options of the launcher

An option is given as `NAME=VALUE` to `make run`, `make shell`, `make debug`, `make measure` and the other commands
that start a machine. [guests.md](guests.md) and [measuring.md](measuring.md) show them in use.

| option | values | default | what |
| --- | --- | --- | --- |
"""


def default_of(option):
    """As a reader is told of it; an empty text: nothing."""
    return option.shown or (option.default if isinstance(option.default, str) else "")


def about(option):
    """What it does, and where."""
    text = option.help
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
    print(f"\n{tree.version()}\n\noptions, as NAME=VALUE [default]:")
    print("\n".join(lines()))


def cell(text):
    return text.replace("|", "\\|")


def page():
    """docs/options.md."""
    rows = (f"| `{option.name}` | {cell(option.kind.form)} | {cell(default_of(option))} | {cell(about(option))} |\n"
            for option in OPTIONS)
    return PAGE + "".join(rows)
