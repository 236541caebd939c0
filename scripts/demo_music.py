"""Make a small demo collection of synthetic music: 26 pieces of 20 s in 13 styles, WAV with tags.

    python scripts/demo_music.py FOLDER [PIECES]

The same files on every run; FOLDER must be new or empty. It also gets `manifest.csv`, which
`menura evaluate` reads, and `truth.json`: every note, chord and beat.
"""

from __future__ import annotations

import sys
from pathlib import Path

from menura.datasets.synthetic import write
from menura.errors import MenuraError


def main() -> None:
    if not 2 <= len(sys.argv) <= 3 or not (sys.argv[2:] or ["1"])[0].isdigit():
        sys.exit("one folder is needed: python scripts/demo_music.py FOLDER [PIECES]")
    pieces = int(sys.argv[2]) if sys.argv[2:] else 26
    try:
        write(Path(sys.argv[1]), pieces, 1971, artists_per_style=2, seconds=20.0)
    except MenuraError as error:
        sys.exit(str(error))
    print(f"{pieces} pieces of 20 s in {sys.argv[1]}")


if __name__ == "__main__":
    main()
