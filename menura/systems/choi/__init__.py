"""Music taggers of small filters: Choi's networks, and the chunk networks compared with them."""

from menura.systems.registry import System

SYSTEM = System(
    name="choi",
    summary="taggers of small filters: FCN, CNN, CRNN, transfer feature, short-chunk, sample-level",
    source="Choi et al., ISMIR 2016 and 2017, ICASSP 2017; Lee et al., SMC 2017; Won et al., 2020",
    configs={
        "transfer": 45_682,
        "tuned": 45_682,
        "compact": 39_282,
        "fcn-4": 17_365_938,
        "cnn": 447_922,
        "cnn-published": 865_950,
        "crnn": 396_786,
        "cnn-small": 34_674,
        "crnn-small": 40_530,
        "short-chunk": 3_687_348,
        "short-chunk-residual": 12_104_244,
        "sample-level": 1_869_874,
        "short-chunk-small": 236_820,
        "short-chunk-residual-small": 765_108,
        "sample-level-small": 123_442,
    },
)
