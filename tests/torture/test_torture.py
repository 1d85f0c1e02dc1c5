"""A few rounds of the torture, as part of the suite. `make torture` runs many."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import require_program
from tests.torture.rounds import torture


@pytest.mark.timeout(300)
def test_a_killed_hub_keeps_every_promise(tmp_path: Path) -> None:
    require_program("git-lfs", "git-lfs")
    lines: list[str] = []
    assert torture(tmp_path, 6, 6, lines.append), "\n".join(lines)
