"""What is played without a microphone: baroque, folk, choral, orchestral, piano."""

from __future__ import annotations

from menura.datasets.synthetic.idiom import Idiom, Mode, Part

PIECE = (
    "theme 4 .6, answer 4 .8, theme 4 .7",
    "theme 4 .5, theme 4 .7, middle 4 .6, theme 4 .9",
    "opening 2 .5, theme 4 .7, middle 4 .6, theme 4 .85",
)

BAROQUE_MAJOR = ("I | V | vi | iii | IV | I | IV | V", "I | IV | V | I | vi | ii | V | I",
                 "I | vi ii | V I | IV V", "I V | vi iii | IV I | ii V")  # fmt: skip

BAROQUE_MINOR = ("i | iv | bVII | bIII | bVI | iidim | V | i", "i | V | i | iv | bVII bIII | iv V",
                 "i bVII | bVI V", "i iv | bVII bIII | bVI iidim | V")  # fmt: skip

BAROQUE_MODES = (
    Mode(scale="major", cadence="IV V7", progressions=BAROQUE_MAJOR),
    Mode(scale="harmonic minor", cadence="iv V7", progressions=BAROQUE_MINOR),
)

BAROQUE = Idiom(
    style="baroque", metre="4/4", beats=4, tempo=(76, 120), modes=BAROQUE_MODES, forms=PIECE,
    rhythms=("x-x-x-x-x---x-x-", "x---x-x-x-x-x-x-", "x---xxxxx---x-x-", "xxxxx-x-x-x-x---",
             "x--xx-x-x--xx-x-"),
    parts=(
        Part(role="melody", instruments=("violin", "flute", "oboe", "trumpet"), centre=76, level=0),
        Part(role="counter", instruments=("violin", "oboe", "recorder"), centre=69, level=-5,
             needs=0.6, chance=0.7),
        Part(role="arpeggio", instruments=("harpsichord",), centre=60, level=-6, voices=4,
             patterns=("1234123412341234", "1-2-3-4-3-2-3-2-", "1-3-2-3-1-3-2-3-",
                       "4321432143214321")),
        Part(role="pad", instruments=("strings",), centre=60, level=-10, needs=0.6, chance=0.7),
        Part(role="bass", instruments=("cello", "bassoon"), centre=45, level=-3,
             patterns=("R---3---5---a---", "R---8---R---a---", "R-------5-------",
                       "R-8-R-8-R-8-R-a-")),
    ),
    human=0.009, drift=0.01, loudness=(-19, -16),
    reverb=(1.2, 2.2), wet=(0.14, 0.3), tilt=(-1.0, 0.8), leap=0.15,
)  # fmt: skip

MENUET = Idiom(
    style="baroque", metre="3/4", beats=3, tempo=(96, 150), modes=BAROQUE_MODES, forms=PIECE,
    rhythms=("x---x---x---", "x---x-x-x-x-", "x-x-x-x-x---", "x-----x-x---", "x--xx-x-x-x-"),
    parts=(
        Part(role="melody", instruments=("harpsichord", "violin", "flute", "oboe"), centre=77),
        Part(role="counter", instruments=("violin", "flute"), centre=69, level=-5, chance=0.4),
        Part(role="chords", instruments=("harpsichord",), centre=62, level=-7, needs=0.3,
             patterns=("x-----------", "x---x---x---", "....x---x---")),
        Part(role="bass", instruments=("cello", "harpsichord", "bassoon"), centre=45, level=-3,
             patterns=("R-------a---", "R---3---5---", "R-----------")),
    ),
    human=0.009, drift=0.01, reverb=(1.0, 2.0), wet=(0.12, 0.26), tilt=(-1.0, 0.8), leap=0.15,
)  # fmt: skip

FOLK_MODES = (
    Mode(scale="major", cadence="V7", progressions=(
        "I | I | IV | V", "I | V | I | V", "I | IV | I | V", "I | vi | IV | V")),
    Mode(scale="dorian", cadence="bVII", progressions=("i | bVII | i | bVII", "i | i | IV | i")),
    Mode(scale="mixolydian", cadence="bVII", progressions=("I | bVII | I | bVII",
                                                           "I | IV | bVII | I")),
)  # fmt: skip

WALTZ = Idiom(
    style="folk", metre="3/4", beats=3, tempo=(126, 184), modes=FOLK_MODES, forms=PIECE,
    rhythms=("x-------x---", "x---x---x---", "x-----x-x---", "x---x-x-x---", "x-----------"),
    parts=(
        Part(role="melody", instruments=("accordion", "fiddle", "whistle"), centre=74),
        Part(role="counter", instruments=("fiddle", "accordion"), centre=69, level=-5, needs=0.7,
             chance=0.6),
        Part(role="chords", instruments=("steel guitar", "accordion", "mandolin"), centre=60,
             level=-6, patterns=("....x-..x-..", "....x---x---")),
        Part(role="bass", instruments=("upright bass", "tuba"), centre=41, level=-2,
             patterns=("R---........", "R---....5---")),
    ),
    human=0.010, drift=0.012, reverb=(0.5, 1.1), wet=(0.07, 0.15), leap=0.2,
)  # fmt: skip

JIG = Idiom(
    style="folk", metre="6/8", beats=2, tempo=(92, 126), modes=FOLK_MODES, forms=PIECE,
    rhythms=("xxxxxx", "x-xxxx", "x-xx-x", "xxxx-x", "x-xx--"),
    parts=(
        Part(role="melody", instruments=("fiddle", "whistle", "mandolin", "accordion"), centre=76),
        Part(role="chords", instruments=("steel guitar", "mandolin"), centre=60, level=-5,
             patterns=("x-xx-x", "x-.x-x", "x--x--"), needs=0.3),
        Part(role="bass", instruments=("upright bass", "cello"), centre=43, level=-3,
             patterns=("R--5--", "R--R-a", "R--8--"), needs=0.5),
    ),
    grooves=({"frame drum": "X.oxoo"}, {"frame drum": "Xooxoo", "tambourine": "..x..x"}, {}),
    human=0.009, drift=0.01, reverb=(0.5, 1.1), wet=(0.07, 0.15), leap=0.2,
)  # fmt: skip

CHORAL = Idiom(
    style="choral", metre="4/4", beats=4, tempo=(60, 88), forms=PIECE,
    modes=(
        Mode(scale="major", cadence="IV V", progressions=("I IV | V I | vi ii | V I",
                                                          "I | vi | IV | V", "I V | vi IV | I V")),
        Mode(scale="minor", cadence="iv V", progressions=("i iv | bVII bIII | bVI iv | v i",
                                                          "i | bVI | bIII | bVII")),
        Mode(scale="dorian", cadence="IV", progressions=("i IV | bVII i", "i | bVII | IV | i")),
    ),
    rhythms=("x---x---x---x---", "x-------x---x---", "x---x---x-------", "x-----x-x---x---"),
    parts=(
        Part(role="melody", instruments=("soprano", "boys choir"), centre=74, level=-1),
        Part(role="pad", instruments=("choir", "men's choir"), centre=62, voices=3, level=-3),
        Part(role="counter", instruments=("choir", "soprano"), centre=67, level=-6, needs=0.6),
        Part(role="bass", instruments=("men's choir",), centre=45, level=-3,
             patterns=("R---------------", "R-------5-------")),
        Part(role="pad", instruments=("pipe organ",), centre=55, voices=4, level=-10, needs=0.6,
             chance=0.4),
    ),
    human=0.014, drift=0.02, loudness=(-21, -18),
    reverb=(2.2, 4.0), wet=(0.3, 0.55), tilt=(-1.6, -0.2), leap=0.12,
)  # fmt: skip

MARCH = Idiom(
    style="orchestral", metre="4/4", beats=4, tempo=(88, 132), forms=PIECE,
    modes=(
        Mode(scale="major", cadence="IV V7", progressions=("I | IV | V | I", "I | vi | IV | V",
                                                           "I | V | vi | IV")),
        Mode(scale="minor", cadence="iv V7", progressions=("i | bVI | bIII | bVII",
                                                           "i | iv | i | v", "i | bVII | bVI | v")),
    ),
    rhythms=("x---x--xx---x---", "x-----x-x---x---", "x---x---x--xx---", "x-------x---x-x-",
             "x--xx---x-------"),
    parts=(
        Part(role="melody", instruments=("trumpet", "horn", "strings"), centre=70, level=0),
        Part(role="counter", instruments=("horn", "strings", "oboe"), centre=63, level=-6,
             needs=0.7),
        Part(role="pad", instruments=("strings",), centre=60, voices=4, level=-7),
        Part(role="chords", instruments=("strings", "pizzicato", "brass"), centre=57, level=-6,
             needs=0.6, patterns=("x.xxx.xxx.xxx.xx", "..x...x...x...x.", "x-..x-..x-..x-..")),
        Part(role="arpeggio", instruments=("flute", "harp", "clarinet"), centre=76, level=-11,
             voices=4, needs=0.75, chance=0.5, patterns=("1-2-3-4-3-2-3-4-", "1234432112344321")),
        Part(role="bass", instruments=("cello", "tuba"), centre=41, level=-3,
             patterns=("R---....5---....", "R-------R-------", "R---R---5---5---")),
    ),
    grooves=({"march snare": "x..ox.x.x..oxxxx", "timpani": "X.......x......."},
             {"march snare": "x.xxx.x.x.xxx.x.", "bass drum": "X.......X......."},
             {"timpani": "X...........x.x."}),
    fill={"march snare": "xoxoxoxoxoxoxxXX", "timpani": "x...x...x.x.xxXX",
          "cymbals": "X..............."},
    human=0.010, drift=0.012, loudness=(-19, -16),
    reverb=(1.4, 2.4), wet=(0.18, 0.34), tilt=(-1.4, 0.2), leap=0.2,
)  # fmt: skip

PIANO = Idiom(
    style="piano", metre="4/4", beats=4, tempo=(66, 112), forms=PIECE,
    modes=(
        Mode(scale="major", cadence="IV V7", progressions=("I | vi | IV | V", "I | iii | IV | V",
                                                           "I V | vi IV | ii | V")),
        Mode(scale="minor", cadence="iv V7", progressions=("i | bVI | bIII | bVII",
                                                           "i | iv | bVII | bIII",
                                                           "i | v | bVI | iv")),
    ),
    rhythms=("x-----x-x-------", "x---x-x-x---x---", "x-x-x-x-x-------", "..x-x-x-x---x---",
             "x---------x-x---"),
    parts=(
        Part(role="melody", instruments=("piano",), centre=76),
        Part(role="arpeggio", instruments=("piano",), centre=57, voices=4, level=-5,
             patterns=("1-3-2-3-4-3-2-3-", "1-2-3-4-1-2-3-4-", "1-2-3-4-3-2-1-2-",
                       "1---2-3-4---3-2-")),
        Part(role="bass", instruments=("piano",), centre=38, level=-5,
             patterns=("R---------------", "R-------5-------")),
        Part(role="counter", instruments=("piano",), centre=69, level=-7, needs=0.75, chance=0.6),
    ),
    human=0.012, drift=0.025, loudness=(-21, -18),
    reverb=(1.2, 2.4), wet=(0.15, 0.3), tilt=(-1.2, 0.3), leap=0.35,
)  # fmt: skip
