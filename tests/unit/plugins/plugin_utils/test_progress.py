# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the words after Ctrl-C go: to Ansible's standard error, or where there is no /proc, to its terminal."""

from __future__ import annotations

import os

import pytest

from ansible_collections.wombat.erlang.plugins.plugin_utils import progress


@pytest.fixture
def without_proc(tmp_path, monkeypatch):
    """As on macOS: no /proc, and a `ps` of which the test says what it prints."""
    monkeypatch.setattr(progress, "PROC", str(tmp_path / "none"))
    monkeypatch.setenv("PATH", str(tmp_path))

    def ps_says(text):
        path = tmp_path / "ps"
        path.write_text(f'#!/bin/sh\n[ "$*" = "-o tty= -p {os.getppid()}" ] && echo "{text}"\n')
        path.chmod(0o755)

    return ps_says


def test_words_go_to_the_standard_error_of_ansible(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "PROC", str(tmp_path))
    stream = tmp_path / str(os.getppid()) / "fd" / "2"
    stream.parent.mkdir(parents=True)
    stream.write_text("before\n")
    progress.tell_terminal("interrupted")
    assert stream.read_text() == "before\ninterrupted\n"


def test_without_proc_they_go_to_the_terminal_that_ps_tells(without_proc):
    master, terminal = os.openpty()
    try:
        without_proc(os.ttyname(terminal).removeprefix("/dev/"))
        progress.tell_terminal("interrupted")
        assert os.read(master, 100) == b"interrupted\r\n"
    finally:
        os.close(master)
        os.close(terminal)


@pytest.mark.parametrize("said", ["?", "??  ", "", "no-such-terminal"])
def test_without_a_terminal_nothing_is_said_and_nothing_fails(without_proc, said):
    without_proc(said)
    progress.tell_terminal("interrupted")
    assert not os.path.exists(f"/dev/{said.strip() or 'nothing'}")


def test_without_ps_nothing_fails(without_proc):
    progress.tell_terminal("interrupted")
