"""CLAP: sounds and the words for them, in one space.

Wu et al., "Large-scale contrastive language-audio pretraining with feature fusion and
keyword-to-caption augmentation", ICASSP 2023. The weights are the user's own: `clap:FOLDER`
(larger_clap_music, clap-htsat-unfused and their like: 48 kHz, windows of 10 s).

A window's vector and that of words are what the network projects them to, of unit length; their
cosine says how well they fit.

Letters: T samples, D numbers in an embedding.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from menura.encoders.transformer import Windowed, load_model, load_part, read_config, unit
from menura.errors import EncoderError

KINDS = ("clap",)
TOKENS = (("tokenizer.json",), ("vocab.json", "merges.txt"))  # one of these is needed
MARKS = 2  # of the positions for words, those that the text network keeps free


class Clap(Windowed):
    """CLAP out of a folder.

    Raises EncoderError where it is not there, or is not what its config.json says.
    """

    def __init__(self, name: str, folder: Path) -> None:
        read_config(name, folder, KINDS)
        from transformers import ClapConfig, ClapModel, ClapProcessor

        config = load_part(ClapConfig, folder)
        processor = load_part(ClapProcessor, folder)
        self.prepare, self.tokenizer = processor.feature_extractor, processor.tokenizer
        check_words(folder, len(self.tokenizer), config.text_config.vocab_size)
        self.model = load_model(ClapModel, config, folder)
        self.most_tokens = config.text_config.max_position_embeddings - MARKS
        super().__init__(
            name,
            folder,
            sample_rate=self.prepare.sampling_rate,
            seconds=self.prepare.nb_max_samples / self.prepare.sampling_rate,
            dimension=config.projection_dim,
        )

    def hear(self, wave: np.ndarray) -> np.ndarray:
        """The vector [D] of one window [T], of unit length."""
        # a whole window, alone: nothing is cropped, and nothing of the preparation is random
        picture = self.prepare(wave, sampling_rate=self.sample_rate, return_tensors="pt")
        heard = self.model.get_audio_features(
            input_features=picture["input_features"].float(), is_longer=picture["is_longer"]
        )
        return unit(heard.pooler_output[0].numpy().astype(np.float64))

    def text(self, words: str) -> np.ndarray:
        """The vector [D] of words such as "calm piano", float32, of unit length.

        Words past what the network reads (512 tokens in the published ones) are left out. Raises
        EncoderError where there are none.
        """
        if not words.strip():
            raise EncoderError("the text is empty; give words for a sound, such as 'calm piano'")
        tokens = self.tokenizer(
            [words], truncation=True, max_length=self.most_tokens, return_tensors="pt"
        )
        read = self.model.get_text_features(
            input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]
        )
        return unit(read.pooler_output[0].numpy().astype(np.float64)).astype(np.float32)


def check_words(folder: Path, known: int, embedded: int) -> None:
    """Raises EncoderError unless the tokens of the words are there, and the network has them all.

    Without its files transformers makes a tokenizer that knows no word, and says nothing.
    """
    if not any(all((folder / name).is_file() for name in files) for files in TOKENS):
        ways = ", or ".join(" and ".join(files) for files in TOKENS)
        raise EncoderError(f"{folder} holds no words: download its {ways}")
    if known > embedded:
        raise EncoderError(
            f"{folder} holds {known} tokens for words, its network {embedded}: they are of two "
            "models, download both again"
        )
