"""The page on own models shows code that runs."""

import re
from pathlib import Path

from trainer.training.engine.start_up import load_engine

PAGE = Path(__file__).parents[3] / "docs" / "own-models.md"


def test_every_snippet_runs_after_the_ones_before(capsys):
    load_engine()
    snippets, names = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL), {}
    assert len(snippets) == 4
    for snippet in snippets:
        exec(snippet, names)
    shown = capsys.readouterr().out
    assert "('no', 'yes')" in shown
    assert names["last"].epoch_logs["mae"] < 1
