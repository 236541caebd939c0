"""Which shapes of filter hear what? Networks whose first layer is fitted to music."""

from menura.systems.registry import System

SYSTEM = System(
    name="shapes",
    summary="a question about music by filters of time, of frequency, of both, or many shapes",
    source="Pons et al., CBMI 2016, ICASSP 2017, EUSIPCO 2017; musicnn, 2019",
    configs={
        "time-frequency": 196_816,
        "time": 7_336,
        "frequency": 3_368,
        "black-box": 3_275_312,
        "time-250": 19_496,
        "black-box-250": 2_363_440,
        "o-net": 4_188,
        "p-net": 7_428,
        "o-and-p": 11_608,
        "2x-o-and-p": 23_208,
        "timbre": 74_526,
        "musicnn": 787_159,
        "musicnn-small": 89_384,
        "mixture": 10_840,
        "constant-q": 478_416,
        "song": 200_520,
    },
)
