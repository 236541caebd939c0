"""The documents speak of what there is."""

import re
from pathlib import Path

import numpy as np
import pytest

from menura.audio import EXTENSIONS
from menura.cli.main import app
from menura.encoders.registry import check
from menura.errors import KINDS
from tests.conftest import piece

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def verbs():
    names = {command.name or command.callback.__name__ for command in app.registered_commands}
    for group in app.registered_groups:
        names.add(group.name)
    return names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_a_page_exists(page):
    named = set(re.findall(r"(?:^|`)menura ([a-z]+)", page.read_text("utf-8"), re.MULTILINE))
    assert named <= verbs(), named - verbs()


def test_the_kinds_of_errors_are_listed_with_their_meaning():
    text = (ROOT / "docs" / "listeners.md").read_text("utf-8")
    for kind, meaning in KINDS.items():
        assert f"| `{kind}` | {meaning} |" in text


def test_the_endings_that_are_looked_at_are_listed():
    text = (ROOT / "docs" / "listeners.md").read_text("utf-8")
    listed = text.split("These endings are looked at:")[1].split("\n\n")[1]
    assert set(re.findall(r"`([^`]+)`", listed)) == EXTENSIONS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_the_encoder_of_the_page_keeps_the_contract():
    text = (ROOT / "docs" / "encoders.md").read_text("utf-8")
    made: dict = {}
    exec(text.split("```python\n")[1].split("```")[0], made)
    encoder = made["Loudness"]()
    check("loudness", encoder)
    wave = piece(1, 3.0).astype(np.float32)
    frames = encoder.encode(wave)
    assert frames.embeddings.shape == (3, 2) and frames.probabilities.shape == (3, 1)
    assert np.linalg.norm(encoder.pool(frames)[0]) == pytest.approx(1)
