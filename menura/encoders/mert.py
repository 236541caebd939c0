"""MERT: a transformer over the wave, taught without labels to fill in what it did not hear.

Li et al., "MERT: Acoustic music understanding model with large-scale self-supervised training",
ICLR 2024. The weights are the user's own: `mert:FOLDER` (MERT-v1-95M, MERT-v1-330M: 24 kHz, 75
frames a second, learned on excerpts of 5 s, which is the window here).

These weights fit HubertModel of transformers; networks with a constant-Q branch or deep
normalisation do not, and are refused.

The vector of a window is the mean over all layers, the input to the first among them, of each
layer's mean in time at unit length (ours: the paper learns a weight for each layer per task).

Letters: T samples, F frames, L layers, D numbers in an embedding.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from menura.encoders.transformer import Windowed, load_model, load_part, read_config, unit
from menura.errors import EncoderError

SECONDS = 5.0  # of a window: what the published networks learned on
KINDS = ("mert_model", "hubert")
ABSENT = {
    "feature_extractor_cqt": "a constant-Q branch",
    "deepnorm": "deep normalisation",
    "conv_pos_batch_norm": "batch normalisation of its positions",
}  # what the network here has not, by the setting that asks for it
ABOUT = ("model_type", "architectures", "auto_map", "transformers_version", "torch_dtype", "dtype")


class Mert(Windowed):
    """MERT out of a folder.

    Raises EncoderError where it is not there, or is not what HubertModel computes.
    """

    def __init__(self, name: str, folder: Path) -> None:
        said = read_config(name, folder, KINDS)
        config = hubert_config(said, folder)
        from transformers import HubertModel, Wav2Vec2FeatureExtractor

        self.prepare = load_part(Wav2Vec2FeatureExtractor, folder)
        self.model = load_model(HubertModel, config, folder)
        super().__init__(
            name,
            folder,
            sample_rate=self.prepare.sampling_rate,
            seconds=SECONDS,
            dimension=config.hidden_size,
        )

    def hear(self, wave: np.ndarray) -> np.ndarray:
        """The vector [D] of one window [T]."""
        prepared = self.prepare(wave, sampling_rate=self.sample_rate, return_tensors="pt")
        heard = self.model(prepared["input_values"], output_hidden_states=True)
        layers = np.stack([state[0].numpy() for state in heard.hidden_states])  # [L + 1, F, D]
        return unit(layers.mean(1, dtype=np.float64)).mean(0)


def hubert_config(said: dict[str, Any], folder: Path) -> Any:
    """The settings of the same network in transformers; raises EncoderError where it has none."""
    from transformers import HubertConfig

    if more := [words for setting, words in ABSENT.items() if said.get(setting)]:
        raise EncoderError(
            f"{folder} is a network with {' and '.join(more)}, which is not read here; "
            "MERT-v1-95M and MERT-v1-330M are"
        )
    try:
        return HubertConfig.from_dict({key: said[key] for key in said if key not in ABOUT})
    except Exception as error:  # a setting of a wrong type or range: each has another error
        raise EncoderError(
            f"{folder / 'config.json'} does not describe a network: {error}; download it again"
        ) from error
