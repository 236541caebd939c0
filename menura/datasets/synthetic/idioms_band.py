"""What bands play: jazz, blues, bossa, rock, metal."""

from __future__ import annotations

from menura.datasets.synthetic.idiom import Idiom, Mode, Part
from menura.datasets.synthetic.idioms_hall import PIECE

SONG = (
    "intro 2 .4, verse 4 .6, chorus 4 .9",
    "verse 4 .6, chorus 4 .9, verse 4 .65, chorus 4 1",
    "intro 2 .5, verse 4 .6, chorus 4 .9, bridge 2 .5, chorus 4 1",
)

SWING = Idiom(
    style="jazz", metre="4/4", beats=4, tempo=(104, 192), forms=PIECE,
    modes=(
        Mode(scale="major", cadence="iim7 V7", progressions=(
            "Imaj7 vim7 | iim7 V7", "iim7 | V7 | Imaj7 | vim7", "Imaj7 | IVmaj7 | iim7 | V7",
            "iiim7 vim7 | iim7 V7 | Imaj7 | iim7 V7")),
        Mode(scale="dorian", cadence="iim7 V7", progressions=(
            "im7 | im7 | iim7 | im7", "im7 | IV7 | im7 | bVIImaj7")),
    ),
    rhythms=("x-x-x-x-x-x-x---", "..x-x-x-x---x-x-", "x---..x-x-x-x---", "x-x-x---..x-x-x-",
             "x-----x-....x-x-"),
    parts=(
        Part(role="melody", instruments=("saxophone", "muted trumpet", "piano", "vibraphone",
                                         "clarinet"), centre=68),
        Part(role="chords", instruments=("piano", "clean guitar", "vibraphone"), centre=60,
             voices=4, level=-7, patterns=("x--...x-........", "....x-....x-....",
                                           "..x-......x-....", "x-......x-..x-..")),
        Part(role="bass", instruments=("upright bass",), centre=40, level=-1,
             patterns=("R---3---5---a---", "R---5---8---a---", "R---3---5-5-a---")),
    ),
    grooves=({"ride": "X...x.x.X...x.x.", "foot hat": "....x.......x...",
              "kick": "o...o...o...o..."},
             {"brush": "x...X.o.x...X.o.", "foot hat": "....x.......x..."},
             {"ride": "X...x.x.X...x.x.", "foot hat": "....x.......x...",
              "snare": "......o.......o."}),
    fill={"ride": "X...x.x.x.......", "snare": "........o.ox..X.", "foot hat": "....x..........."},
    swing=(0.6, 0.67), human=0.011, reverb=(0.5, 1.1), wet=(0.07, 0.16), tilt=(-1.4, 0.2), leap=0.3,
)  # fmt: skip

BLUES = Idiom(
    style="blues", metre="4/4", beats=4, tempo=(72, 126), forms=(
        "chorus 12 .8", "intro 2 .5, chorus 12 .8", "chorus 6 .6, solo 6 .95"),
    modes=(
        Mode(scale="major blues", cadence="V7", progressions=(
            "I7 | I7 | I7 | I7 | IV7 | IV7 | I7 | I7 | V7 | IV7 | I7 | V7",
            "I7 | IV7 | I7 | I7 | IV7 | IV7 | I7 | I7 | V7 | IV7 | I7 | V7", "I7 | IV7 | I7 | V7")),
        Mode(scale="minor blues", cadence="vm7", progressions=(
            "im7 | im7 | im7 | im7 | ivm7 | ivm7 | im7 | im7 | vm7 | ivm7 | im7 | vm7",
            "im7 | ivm7 | im7 | vm7")),
    ),
    rhythms=("x-x-x---........", "..x-x-x-x---....", "x---x-x-x-------", "x-x-x-x-x---....",
             "....x-x-x---x---"),
    parts=(
        Part(role="melody", instruments=("harmonica", "lead guitar", "clean guitar", "saxophone"),
             centre=69, level=0),
        Part(role="chords", instruments=("piano", "organ", "clean guitar"), centre=60, level=-6,
             voices=4, patterns=("....x-......x-..", "x-x-x-x-x-x-x-x-", "x-....x-x-....x-")),
        Part(role="bass", instruments=("electric bass", "upright bass"), centre=40, level=-1,
             patterns=("R---3---5---3---", "R-R-3-3-5-5-3-3-", "R---R---5---a---")),
    ),
    grooves=({"kick": "X.......X.....x.", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.x."},
             {"kick": "X.......X.......", "snare": "....X.......X...", "ride": "x...x.x.x...x.x."}),
    fill={"kick": "X.......X.......", "snare": "....X...x.x.x.X.", "hat": "x.x.x.x........."},
    swing=(0.6, 0.67), human=0.011, reverb=(0.5, 1.1), wet=(0.08, 0.16), tilt=(-1.0, 0.6), leap=0.2,
)  # fmt: skip

BOSSA = Idiom(
    style="bossa", metre="4/4", beats=4, tempo=(112, 148), forms=PIECE,
    modes=(
        Mode(scale="major", cadence="iim7 V7", progressions=(
            "Imaj7 | Imaj7 | iim7 | V7", "Imaj7 | vim7 | iim7 | V7",
            "Imaj9 | iim9 | iiim7 | iim9")),
        Mode(scale="dorian", cadence="IV7", progressions=(
            "im9 | IV7", "im7 | im7 | bVIImaj7 | IV7")),
    ),
    rhythms=("..x-x---x---x---", "x-----x---x-----", "x---..x-x-----x-", "..x-..x-..x-x---",
             "x-----x---------"),
    parts=(
        Part(role="melody", instruments=("flute", "voice", "saxophone", "nylon guitar"), centre=70),
        Part(role="chords", instruments=("nylon guitar",), centre=59, voices=4, level=-3,
             patterns=("x---x-.x-.x-x---", "x-..x-.x..x-..x-", "..x-..x-x-..x-..")),
        Part(role="pad", instruments=("strings", "electric piano"), centre=66, level=-12, needs=0.7,
             chance=0.5),
        Part(role="bass", instruments=("upright bass", "electric bass"), centre=40, level=-2,
             patterns=("R-----5-5-----R-", "R-----5---------", "R-----8-5-----5-")),
    ),
    grooves=({"shaker": "xoXoxoXoxoXoxoXo", "rim": "x..x..x...x..x..", "kick": "x.....oxx.....ox"},
             {"hat": "xoxoxoxoxoxoxoxo", "rim": "..x..x..x..x..x.", "kick": "x.....oxx.....ox"},
             {"shaker": "xoXoxoXoxoXoxoXo", "conga": "x.ox..x.x.ox..xx"}),
    human=0.008, reverb=(0.6, 1.3), wet=(0.08, 0.18), tilt=(-1.2, 0.3), leap=0.2,
)  # fmt: skip

ROCK = Idiom(
    style="rock", metre="4/4", beats=4, tempo=(96, 152), forms=SONG,
    modes=(
        Mode(scale="major", cadence="V", progressions=("I | V | vi | IV", "I | IV | V | IV",
                                                       "vi | IV | I | V", "I | vi | IV | V")),
        Mode(scale="mixolydian", cadence="IV", progressions=("I | bVII | IV | I",
                                                             "I | I | bVII | IV")),
        Mode(scale="minor", cadence="bVII", progressions=("i | bVI | bIII | bVII",
                                                          "i | bVII | bVI | bVII")),
    ),
    rhythms=("x---x-x-x---x---", "..x-x-x-x---....", "x-x-x---x-x-x---", "x---..x-x-x-x---",
             "x-----x-x-------"),
    parts=(
        Part(role="melody", instruments=("voice", "lead guitar"), centre=69, level=-1, needs=0.55),
        Part(role="power", instruments=("crunch guitar", "distorted guitar"), centre=46, level=-4,
             needs=0.55, patterns=("R-R-R-R-R-R-R-R-", "R---R-R-..R-R-R-", "R-----R-R-----R-",
                                   "R---------------")),
        Part(role="chords", instruments=("clean guitar", "organ", "steel guitar"), centre=62,
             level=-8, patterns=("x---x-x-..x-x-x-", "x-------x-------", "x-x-x-x-x-x-x-x-")),
        Part(role="bass", instruments=("electric bass",), centre=37, level=-2, needs=0.5,
             patterns=("R-R-R-R-R-R-R-R-", "R-----R-R-----R-", "R---R-R-R---R-a-")),
    ),
    grooves=({"kick": "X.......X.x.....", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.x."},
             {"kick": "X.....x.X.......", "snare": "....X.......X...", "ride": "x.x.x.x.x.x.x.x."},
             {"kick": "X..x..x.X..x....", "snare": "....X.......X..o", "hat": "x.x.x.x.x.x.x.x."}),
    fill={"kick": "X...x...X...x...", "snare": "....X...xxxx....", "tom": "............XXXX"},
    human=0.007, drift=0.004,
    loudness=(-15, -12.5), reverb=(0.5, 1.1), wet=(0.06, 0.13), tilt=(-0.2, 1.0),
)  # fmt: skip

METAL = Idiom(
    style="metal", metre="4/4", beats=4, tempo=(140, 200), forms=SONG,
    modes=(
        Mode(scale="phrygian", cadence="bII5", progressions=(
            "I5 | I5 | bII5 | I5", "I5 | bII5 | bIII5 | bII5")),
        Mode(scale="harmonic minor", cadence="V5", progressions=(
            "I5 | bVI5 | V5 | I5", "I5 | I5 | bVI5 | V5")),
        Mode(scale="minor", cadence="bVII5", progressions=(
            "I5 | bVI5 | bVII5 | I5", "I5 | bIII5 | bVII5 | bVI5")),
    ),
    rhythms=("xxxxxxxxxxxxxxxx", "x-x-xxxxx-x-xxxx", "x---x---x-x-x-x-", "x-xxx-xxx-xxx-xx",
             "x-------x---x---"),
    parts=(
        Part(role="power", instruments=("metal guitar",), centre=40, level=0,
             patterns=("R.RRR.RRR.RRR.RR", "RRRRRRRRRRRRRRRR", "R--R--R-R--R--R-",
                       "R---RR.RR---RR.R")),
        Part(role="power", instruments=("metal guitar",), centre=52, level=-6, needs=0.8,
             chance=0.6, patterns=("R---------------", "R-------R-------")),
        Part(role="melody", instruments=("lead guitar",), centre=74, level=-5, needs=0.8),
        Part(role="bass", instruments=("electric bass",), centre=34, level=-2,
             patterns=("R-R-R-R-R-R-R-R-", "R-RRR-RRR-RRR-RR")),
    ),
    grooves=({"kick": "XxxxXxxxXxxxXxxx", "snare": "....X.......X...", "ride": "x...x...x...x..."},
             {"kick": "X.xxX.xxX.xxX.xx", "snare": "....X.......X...", "crash": "x...x...x...x..."},
             {"kick": "X.X.X.X.X.X.X.X.", "snare": "..X...X...X...X.", "hat": "x.x.x.x.x.x.x.x."}),
    fill={"kick": "XxxxXxxxXxxxXxxx", "snare": "xxxx....xxxx....", "tom": "....xxxx....XXXX"},
    human=0.004,
    loudness=(-13.5, -11), reverb=(0.4, 0.9), wet=(0.04, 0.1), tilt=(0.2, 1.2),
)  # fmt: skip
