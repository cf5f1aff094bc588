# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of direct guest memory accesses share."""

import contextlib

import pytest

from machine import Guest, Machine


@pytest.fixture
def folders(tmp_path):
    """A new folder for each call."""
    count = 0

    def new():
        nonlocal count
        count += 1
        folder = tmp_path / str(count)
        folder.mkdir()
        return folder

    return new


@pytest.fixture
def guest(folders):
    """guest(programs, accel, ...): run them on a machine of their own."""
    return lambda *arguments, **options: Guest(folders(), *arguments, **options)


@pytest.fixture
def machine(folders):
    """machine(programs, accel, ...): the same, still running."""
    with contextlib.ExitStack() as running:
        yield lambda *arguments, **options: running.enter_context(
            contextlib.closing(Machine(folders(), *arguments, **options)))


@pytest.fixture(scope="session")
def expected(tmp_path_factory):
    """What programs compute under softmmu; each group runs once."""
    known = {}

    def numbers(programs):
        if programs not in known:
            reference = Guest(tmp_path_factory.mktemp("softmmu"), programs)
            assert not reference.failures, reference
            assert len(reference.numbers) > 0, reference
            known[programs] = reference.numbers
        return known[programs]

    return numbers
