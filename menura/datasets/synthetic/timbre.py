"""Instruments as numbers: spectra, envelopes, vibrato, noise; `synthetic.tone` makes sound of them.

Levels are relative; slopes are decibels an octave downwards, times seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Timbre:
    """How one instrument sounds."""

    slope: float = 9.0  # dB an octave by which its harmonics fall
    even: float = 1.0  # level of the even harmonics: near 0 in a closed pipe
    pluck: float = (
        0.0  # where the string is plucked or struck, as a share of its length; 0: nowhere
    )
    partials: tuple[float, ...] = ()  # levels of the harmonics in place of a slope
    formants: tuple[tuple[float, float, float], ...] = ()  # Hz, dB, width in octaves
    attack: float = 0.005
    release: float = 0.08
    decay: float = 0.0  # until it fell by 60 dB at middle C; 0: it does not fall
    damping: float = 0.0  # by how much faster each further harmonic falls
    sustain: float = 0.0  # level at which a fall ends, of the first
    sweep: tuple[float, float, float] = (0.0, 0.0, 1.0)  # low-pass from, to (in harmonics), in s
    bloom: float = 0.0  # dB an octave that the attack is darker by
    vibrato: float = 0.0  # cents
    rate: float = 5.4  # Hz, of the vibrato
    voices: int = 1  # players in unison
    spread: float = 0.0  # cents between them
    stretch: float = 0.0  # inharmonicity B of a stiff string
    noise: float = 0.0  # level of breath, bow or hammer
    colour: float = 2000.0  # Hz about which that noise lies
    burst: float = 0.0  # s that the noise lasts; 0: as long as the note
    dull: float = 5.0  # dB an octave by which the softest note is darker
    drive: float = 0.0  # of the amplifier it plays through; 0: none


A = ((800.0, 8.0, 0.5), (1150.0, 5.0, 0.4), (2900.0, 3.0, 0.4))  # sung "ah"
O = ((450.0, 9.0, 0.5), (800.0, 6.0, 0.4), (2830.0, -2.0, 0.4))  # noqa: E741  sung "oh"
BODY = ((280.0, 5.0, 0.4), (450.0, 4.0, 0.4), (2500.0, 5.0, 0.8))  # of a violin
GUITAR = Timbre(slope=8, pluck=0.2, decay=3.2, damping=0.16, attack=0.003, release=0.12,
                noise=0.10, colour=2500, burst=0.02, stretch=3e-5)  # fmt: skip
BOWED = Timbre(slope=6.5, formants=BODY, attack=0.07, release=0.12, vibrato=14, noise=0.02,
               colour=3500, bloom=4, dull=4)  # fmt: skip
BLOWN = Timbre(slope=12, attack=0.05, release=0.09, vibrato=8, rate=5.0, noise=0.05, bloom=4)
BRASS = Timbre(slope=7, attack=0.04, release=0.09, bloom=10, dull=9, vibrato=5,
               formants=((1200.0, 5.0, 0.8),), noise=0.01, colour=1500)  # fmt: skip
VOICE = Timbre(slope=10, formants=A, attack=0.07, release=0.15, vibrato=22, rate=5.6, noise=0.02,
               colour=4000, bloom=3, dull=4)  # fmt: skip
SAW = Timbre(slope=6, attack=0.004, release=0.06, voices=2, spread=7, dull=2)
PIANO = Timbre(slope=9.5, pluck=0.12, decay=5.5, damping=0.10, attack=0.002, release=0.18,
               stretch=8e-5, voices=2, spread=1.2, noise=0.10, colour=500, burst=0.03,
               dull=9)  # fmt: skip
STRING_BASS = Timbre(slope=11, pluck=0.22, decay=2.6, damping=0.22, attack=0.005, release=0.09,
                     noise=0.06, colour=800, burst=0.02)  # fmt: skip

TIMBRES = {
    # plucked
    "nylon guitar": replace(GUITAR, slope=11, pluck=0.25, decay=2.4, damping=0.22),
    "steel guitar": replace(GUITAR, slope=6.5, pluck=0.15, decay=3.6),
    "clean guitar": replace(GUITAR, slope=8, pluck=0.28, decay=4.0, noise=0.04, drive=1.2),
    "mandolin": replace(GUITAR, slope=6, pluck=0.12, decay=1.3, voices=2, spread=5),
    "harp": replace(GUITAR, slope=10, pluck=0.4, decay=3.6, damping=0.2, noise=0.03, release=0.5),
    "harpsichord": replace(GUITAR, slope=7.5, pluck=0.13, decay=2.6, damping=0.05, dull=0.5,
                           noise=0.12, colour=3500, release=0.06),
    "pizzicato": replace(BOWED, decay=0.7, damping=0.35, attack=0.003, vibrato=0, voices=3,
                         spread=8, bloom=0, slope=9, release=0.1),
    "upright bass": STRING_BASS,
    "electric bass": replace(STRING_BASS, slope=8.5, pluck=0.16, decay=4.0, damping=0.16),
    # struck
    "piano": PIANO,
    "electric piano": Timbre(partials=(1, 0.28, 0.03, 0.06, 0, 0.02, 0, 0.02, 0, 0, 0, 0, 0.05),
                             decay=3.4, damping=0.12, attack=0.003, release=0.12, dull=9,
                             voices=2, spread=3),
    "vibraphone": Timbre(partials=(1, 0, 0, 0.25, 0, 0, 0, 0, 0, 0.06), decay=4.2, damping=0.3,
                         attack=0.002, release=0.3, noise=0.05, colour=1500, burst=0.01),
    "bell": Timbre(partials=(1, 0.1, 0.35, 0.05, 0.25, 0, 0.16, 0, 0.1, 0, 0.06, 0, 0.05),
                   decay=4.5, damping=0.2, attack=0.002, release=0.6, voices=2, spread=4),
    # bowed
    "violin": BOWED,
    "fiddle": replace(BOWED, slope=5, attack=0.03, vibrato=6, noise=0.05),
    "cello": replace(BOWED, slope=8, formants=((220.0, 5.0, 0.5), (600.0, 3.0, 0.5))),
    "strings": replace(BOWED, voices=4, spread=9, attack=0.14, release=0.3, vibrato=6, slope=7.5),
    # blown
    "flute": replace(BLOWN, slope=15, noise=0.09, colour=2500),
    "whistle": replace(BLOWN, slope=17, noise=0.12, colour=4500, attack=0.02, vibrato=5),
    "recorder": replace(BLOWN, slope=14, even=0.5, noise=0.06, vibrato=4),
    "clarinet": replace(BLOWN, slope=9, even=0.12, vibrato=3, noise=0.03),
    "oboe": replace(BLOWN, slope=5, formants=((1100.0, 9.0, 0.6), (2900.0, 5.0, 0.5)), attack=0.03),
    "bassoon": replace(BLOWN, slope=8, formants=((500.0, 9.0, 0.6), (1200.0, 3.0, 0.5))),
    "saxophone": replace(BLOWN, slope=6.5, formants=((700.0, 4.0, 0.7), (1700.0, 4.0, 0.6)),
                         vibrato=14, noise=0.07, colour=3000, bloom=7, dull=7),
    "harmonica": replace(BLOWN, slope=5, even=0.7, formants=((1700.0, 6.0, 0.8),), vibrato=10,
                         voices=2, spread=4, attack=0.03),
    "trumpet": BRASS,
    "muted trumpet": replace(BRASS, slope=4, formants=((1700.0, 9.0, 0.5), (3200.0, 5.0, 0.5))),
    "horn": replace(BRASS, slope=12, formants=((450.0, 5.0, 0.8),), attack=0.06),
    "tuba": replace(BRASS, slope=13, formants=((300.0, 4.0, 0.8),)),
    "brass": replace(BRASS, voices=3, spread=6, slope=8),
    "accordion": Timbre(slope=6, voices=2, spread=11, attack=0.03, release=0.06, even=0.8,
                        formants=((1000.0, 3.0, 1.0),), dull=2),
    # sung
    "voice": replace(VOICE, slope=8),
    "soprano": replace(VOICE, vibrato=28, slope=11, voices=2, spread=6),
    "boys choir": replace(VOICE, vibrato=5, voices=4, spread=9, slope=11, formants=O, attack=0.1),
    "choir": replace(VOICE, voices=4, spread=12, attack=0.16, release=0.3, vibrato=12),
    "men's choir": replace(VOICE, voices=4, spread=10, attack=0.14, release=0.3, vibrato=10,
                           formants=O),
    # organs
    "organ": Timbre(partials=(1, 0.7, 0.6, 0.45, 0, 0.25, 0, 0.3), attack=0.004, release=0.04,
                    vibrato=4, rate=6.6, voices=2, spread=4, noise=0.05, colour=2500, burst=0.01,
                    dull=0),
    "pipe organ": Timbre(partials=(1, 0.8, 0.35, 0.6, 0.1, 0.2, 0, 0.35, 0, 0, 0, 0, 0, 0, 0, 0.12),
                         attack=0.06, release=0.2, voices=2, spread=3, dull=0, noise=0.02),
    # driven
    "crunch guitar": replace(GUITAR, slope=7, decay=8, damping=0.05, drive=3.0, release=0.05),
    "distorted guitar": replace(GUITAR, slope=6, decay=10, damping=0.04, drive=6.0, release=0.05),
    "metal guitar": replace(GUITAR, slope=5.5, decay=9, damping=0.05, drive=12.0, release=0.03),
    "lead guitar": replace(GUITAR, slope=7, decay=14, damping=0.05, drive=4.0, vibrato=14,
                           release=0.08),
    # electronic
    "saw lead": replace(SAW, slope=6.5, vibrato=8, sweep=(24, 12, 0.3)),
    "square lead": Timbre(slope=6, even=0.04, attack=0.004, release=0.05, vibrato=6, dull=2,
                          sweep=(30, 14, 0.3)),
    "warm pad": replace(SAW, voices=4, spread=12, attack=0.35, release=0.7, sweep=(3, 7, 1.5)),
    "glass pad": Timbre(partials=(1, 0.4, 0.1, 0.25, 0.02, 0.12, 0, 0.1), voices=3, spread=8,
                        attack=0.3, release=0.9),
    "pluck": replace(SAW, decay=1.1, damping=0.1, sweep=(20, 2, 0.12), release=0.15),
    "stab": replace(SAW, voices=3, spread=14, decay=0.9, sweep=(18, 3, 0.15), release=0.12),
    "synth bass": replace(SAW, sweep=(14, 4, 0.12), decay=2.5, voices=2, spread=5, release=0.04),
    "acid bass": replace(SAW, sweep=(28, 3, 0.16), decay=3, voices=1, release=0.03, even=0.8),
    "sub bass": Timbre(partials=(1, 0.25, 0.12, 0.06, 0.03), attack=0.008, release=0.06, dull=1),
}  # fmt: skip
