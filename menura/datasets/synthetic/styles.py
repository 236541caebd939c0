"""The styles: several idioms may share one."""

from __future__ import annotations

from menura.datasets.synthetic import idioms_band as band
from menura.datasets.synthetic import idioms_hall as hall
from menura.datasets.synthetic import idioms_synth as synth

IDIOMS = (
    hall.BAROQUE,
    hall.MENUET,
    hall.WALTZ,
    hall.JIG,
    synth.AMBIENT,
    synth.HOUSE,
    synth.TECHNO,
    band.ROCK,
    band.METAL,
    band.SWING,
    band.BLUES,
    band.BOSSA,
    synth.SYNTHPOP,
    hall.CHORAL,
    hall.MARCH,
    hall.PIANO,
)
STYLES = tuple(dict.fromkeys(idiom.style for idiom in IDIOMS))
