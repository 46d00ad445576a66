# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiles the Erlang that module_utils carries; run as a program it writes the code beside the source."""

from __future__ import annotations

import base64
import re
import subprocess
import tempfile
import textwrap
from pathlib import Path

from ansible_collections.wombat.erlang.plugins.module_utils import slot_epmd, wombat_caller

MODULES = {"slot_epmd": slot_epmd, "wombat_caller": wombat_caller}


def compiled(name: str, source: str) -> bytes:
    """The code of an Erlang module, the same for the same source and compiler."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"{name}.erl").write_text(source, encoding="utf-8")
        subprocess.run(["erlc", "-Werror", "+deterministic", f"{name}.erl"], cwd=folder, check=True)
        return (Path(folder) / f"{name}.beam").read_bytes()


def main() -> None:
    """Write the code of every module beside its source."""
    for name, module in MODULES.items():
        path = Path(module.__file__)
        lines = "\n".join(textwrap.wrap(base64.b64encode(compiled(name, module.SOURCE)).decode(), 116))
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r'(b64decode\(\n    """\n).*?(\n""")', rf"\g<1>{lines}\g<2>", text, flags=re.DOTALL))


if __name__ == "__main__":
    main()
