from pathlib import Path

import pytest

from tests.audio.sounds import CODECS, encode, music


@pytest.fixture(scope="session")
def encoded(tmp_path_factory) -> dict[str, Path]:
    """Two seconds of the same music in each codec, by ending."""
    folder = tmp_path_factory.mktemp("encoded")
    rates = {ending: 48_000 if ending == "opus" else 44_100 for ending in CODECS}
    return {e: encode(folder / f"music.{e}", music(2.0, rate), rate) for e, rate in rates.items()}
