"""What synthesisers play: ambient, house, synthpop."""

from __future__ import annotations

from menura.datasets.synthetic.idiom import Idiom, Mode, Part
from menura.datasets.synthetic.idioms_band import SONG

DANCE = (
    "intro 2 .4, build 2 .7, drop 6 1, break 2 .4, drop 4 1",
    "build 2 .6, drop 4 .9, break 2 .4, build 2 .7, drop 4 1",
    "drop 4 .8, break 2 .45, drop 6 1",
)

AMBIENT = Idiom(
    style="ambient", metre="4/4", beats=4, tempo=(58, 84),
    modes=(
        Mode(scale="major", cadence="IVadd9", progressions=(
            "Iadd9 | Iadd9 | IVmaj7 | IVmaj7", "Imaj7 | vim7 | IVmaj7 | Vsus4", "Iadd9 | IVadd9")),
        Mode(scale="minor", cadence="bVImaj7", progressions=(
            "imadd9 | bVImaj7", "im7 | im7 | bVImaj7 | bVII", "im9 | ivm7 | bVImaj7 | bVII")),
        Mode(scale="lydian", cadence="II", progressions=(
            "Imaj7 | II", "Iadd9 | II | Imaj7 | viim7")),
        Mode(scale="dorian", cadence="IV", progressions=("im9 | IV", "im7 | IVadd9 | im7 | bVII")),
    ),
    forms=("opening 2 .4, drift 4 .6, drift 4 .8", "drift 4 .6, still 2 .4, drift 4 .7"),
    rhythms=("x-------x-------", "x---------------", "....x-------x---", "x-----x---------",
             "........x---x---"),
    parts=(
        Part(role="pad", instruments=("warm pad", "glass pad", "choir", "strings"), centre=58,
             level=-3, voices=4),
        Part(role="pad", instruments=("choir", "glass pad", "strings"), centre=70, level=-9,
             voices=3, needs=0.55, chance=0.7),
        Part(role="melody", instruments=("bell", "piano", "harp", "flute", "electric piano"),
             centre=76, level=-5, needs=0.5),
        Part(role="arpeggio", instruments=("harp", "pluck", "electric piano", "bell"), centre=70,
             level=-11, voices=4, needs=0.6, chance=0.6,
             patterns=("1---3---2---4---", "1-2-3-4-3-2-4-3-", "4-------2---3---")),
        Part(role="bass", instruments=("sub bass", "cello"), centre=36, level=-5,
             patterns=("R---------------",)),
    ),
    human=0.015, loudness=(-21, -18),
    reverb=(3.0, 5.0), wet=(0.45, 0.8), tilt=(-2.0, -0.5), leap=0.35,
)  # fmt: skip

CLUB = (
    Mode(scale="minor", cadence="bVII", progressions=(
        "im7 | im7 | bVImaj7 | bVII", "i | i | iv | v", "im9 | bVImaj7 | bIIImaj7 | bVII")),
    Mode(scale="dorian", cadence="IV", progressions=(
        "im7 | IV | im7 | bVII", "im7 | im7 | IV | IV")),
)  # fmt: skip

FOUR = {"kick": "X...X...X...X...", "open hat": "..x...x...x...x.", "clap": "....X.......X..."}

HOUSE = Idiom(
    style="house", metre="4/4", beats=4, tempo=(118, 129), modes=CLUB, forms=DANCE,
    rhythms=("x--x--x-....x-x-", "x-x...x-x-..x---", "....x--x--x-....", "x-----x-x-----..",),
    parts=(
        Part(role="bass", instruments=("synth bass", "sub bass"), centre=40, level=-1, needs=0.6,
             patterns=("..R-..R-..R-..8-", "R-.R..8-..R-R.5-", "R..R..R...8-R...")),
        Part(role="chords", instruments=("organ", "electric piano", "piano", "stab"), centre=62,
             level=-5, voices=4, patterns=("x-.x..x-..x-....", "..x-..x-..x-..x-",
                                           "x--x--x---......", "...x..x....x..x.")),
        Part(role="pad", instruments=("warm pad", "strings"), centre=66, level=-12, chance=0.7),
        Part(role="melody", instruments=("pluck", "voice", "square lead", "bell"), centre=74,
             level=-6, needs=0.85, chance=0.8),
    ),
    grooves=({**FOUR, "hat": "o.x.o.x.o.x.o.x."}, {**FOUR, "shaker": "xoxoxoxoxoxoxoxo"},
             {**FOUR, "conga": "..x..xx...x..xx.", "hat": "oooooooooooooooo"}),
    fill={"kick": "X...X...X.......", "clap": "....X.......X.XX", "snare": "........x.x.xxXX"},
    human=0.002,
    loudness=(-14, -12), reverb=(0.6, 1.4), wet=(0.08, 0.16), tilt=(-0.8, 0.5),
)  # fmt: skip

TECHNO = Idiom(
    style="house", metre="4/4", beats=4, tempo=(126, 138), forms=DANCE,
    modes=(
        Mode(scale="phrygian", cadence="bII", progressions=("i | i | i | bII", "i | bII")),
        Mode(scale="minor", cadence="i", progressions=("i | i | i | bVI", "i | i | i | i")),
    ),
    rhythms=("x.x.x.x.x.x.x.x.", "x..x..x.x..x..x.", "x...x..xx...x..x"),
    parts=(
        Part(role="bass", instruments=("synth bass", "acid bass"), centre=38, level=-1, needs=0.5,
             patterns=(".RRR.RRR.RRR.RRR", "..RR..R8..RR..R8", "R.RR8.RRR.R8R.R3")),
        Part(role="arpeggio", instruments=("pluck", "square lead", "saw lead"), centre=62, level=-6,
             patterns=("1.2.3.1.2.3.1.2.", "1132113211321132", "3..1..2.3..1..2."), needs=0.6),
        Part(role="chords", instruments=("stab",), centre=58, level=-7, needs=0.8, chance=0.7,
             patterns=("...x......x.....", "..x..x..........", "x..x..x.........")),
        Part(role="pad", instruments=("warm pad", "glass pad"), centre=64, level=-13, chance=0.6),
    ),
    grooves=({"kick": "X...X...X...X...", "hat": "..x...x...x...x.", "rim": "...x..x....x..x."},
             {"kick": "X...X...X...X...", "hat": "xxxxxxxxxxxxxxxx", "clap": "....X.......X..."}),
    fill={"kick": "X...X...........", "hat": "xxxxxxxxxxxxxxxx", "snare": "........xxxxXXXX"},
    human=0.001,
    loudness=(-14, -11.5), reverb=(0.8, 2.0), wet=(0.1, 0.2), tilt=(-0.8, 0.5),
)  # fmt: skip

SYNTHPOP = Idiom(
    style="synthpop", metre="4/4", beats=4, tempo=(100, 132), forms=SONG,
    modes=(
        Mode(scale="major", cadence="V", progressions=("I | V | vi | IV", "IV | V | vi | I",
                                                       "vi | IV | I | V")),
        Mode(scale="minor", cadence="bVII", progressions=("i | bVI | bIII | bVII",
                                                          "i | iv | bVI | bVII")),
    ),
    rhythms=("x-x-x-x-x---x---", "x--x--x-x--x--x-", "x---x---x-x-x---", "..x-x-x-x---..x-",
             "x--x--x---------"),
    parts=(
        Part(role="melody", instruments=("saw lead", "square lead", "voice"), centre=72, level=-2,
             needs=0.5),
        Part(role="arpeggio", instruments=("pluck", "square lead", "bell"), centre=67, level=-8,
             voices=4, patterns=("1-2-3-4-1-2-3-4-", "1234123412341234", "1-3-2-3-4-3-2-3-")),
        Part(role="pad", instruments=("warm pad", "strings", "glass pad"), centre=62, level=-9,
             voices=4),
        Part(role="bass", instruments=("synth bass", "acid bass"), centre=38, level=-2,
             patterns=("R-8-R-8-R-8-R-8-", "R-R-R-R-R-R-R-R-", "R..RR..RR..RR.8-"), needs=0.5),
    ),
    grooves=({"kick": "X...X...X...X...", "gated snare": "....X.......X...",
              "hat": "x.x.x.x.x.x.x.x."},
             {"kick": "X.....x.X.......", "gated snare": "....X.......X...",
              "hat": "xoxoxoxoxoxoxoxo"}),
    fill={"kick": "X...X...X.......", "gated snare": "....X...X.X.....", "tom": "............xxXX"},
    human=0.001,
    loudness=(-14.5, -12), reverb=(0.9, 1.8), wet=(0.12, 0.24), tilt=(-1.4, 0.2),
)  # fmt: skip
