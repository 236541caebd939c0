"""Who would play it? The factors of listening, foretold from the sound alone."""

from menura.systems.registry import System

SYSTEM = System(
    name="latent",
    summary="factors of listening from sound, to recommend what nobody has played",
    source="van den Oord, Dieleman & Schrauwen, NIPS 2013; Dieleman, article, 2014",
    configs={
        "2013": 2_226_768,
        "2014": 9_393_704,
        "2013 small": 147_120,
        "2014 small": 128_816,
    },
)
