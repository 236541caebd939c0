"""The program, run in this process."""

import json
import sys

import pytest

from menura.cli import main as program


@pytest.fixture
def invoke(monkeypatch, capsys):
    """Run the program with some words; gives exit code, stdout, stderr."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["menura", *map(str, words)])
        code = program.run()
        shown = capsys.readouterr()
        assert "Traceback" not in shown.err + shown.out
        assert "a fault of its own" not in shown.err
        return code, shown.out, shown.err

    return run


def answer(result):
    """What `--json` printed, of a run that went well."""
    code, out, said = result
    assert code == 0, said
    return json.loads(out)
