"""Tiny networks of the published shapes with random weights, in folders as people download them."""

import json
from pathlib import Path

import numpy as np


def noise(seconds, rate, seed=0):
    """White noise [T], float32."""
    random = np.random.default_rng([seed, rate])
    return (0.1 * random.standard_normal(round(seconds * rate))).astype(np.float32)


def make_mert(folder, seed=0, stable=False):
    import torch
    from transformers import HubertConfig, HubertModel, Wav2Vec2FeatureExtractor

    torch.manual_seed(seed)
    config = HubertConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        conv_dim=(8,) * 7,
        num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=2,
        do_stable_layer_norm=stable,
        feat_extract_norm="layer" if stable else "group",
    )
    HubertModel(config).save_pretrained(folder)
    Wav2Vec2FeatureExtractor(sampling_rate=24_000, do_normalize=True).save_pretrained(folder)
    return Path(folder)


def as_published(folder):
    """The folder as MERT's authors name things: an own type, code beside it, older array names."""
    from safetensors.numpy import load_file, save_file

    config = json.loads((folder / "config.json").read_text())
    config |= {
        "model_type": "mert_model",
        "architectures": ["MERTModel"],
        "auto_map": {"AutoModel": "modeling_MERT.MERTModel"},
        "feature_extractor_cqt": False,
        "deepnorm": False,
        "attention_relax": -1.0,
        "sample_rate": 24_000,
    }
    (folder / "config.json").write_text(json.dumps(config))
    ran = folder / "it-ran"
    (folder / "modeling_MERT.py").write_text(f"open({str(ran)!r}, 'w')\nclass MERTModel: pass\n")
    old = {"original0": "weight_g", "original1": "weight_v"}
    arrays = {}
    for name, array in load_file(folder / "model.safetensors").items():
        stem, _, last = name.rpartition(".parametrizations.weight.")
        arrays[f"{stem}.{old[last]}" if stem else name] = array
    assert "encoder.pos_conv_embed.conv.weight_g" in arrays
    save_file(arrays, folder / "model.safetensors", {"format": "pt"})
    return ran


def make_clap(folder, seed=0, fused=False):
    import torch
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import (
        ClapConfig,
        ClapFeatureExtractor,
        ClapModel,
        ClapProcessor,
        RobertaTokenizer,
    )

    torch.manual_seed(seed)
    text = {"vocab_size": 300, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    sound = {
        "patch_embeds_hidden_size": 8,
        "depths": [1, 1, 1, 1],
        "num_attention_heads": [1, 1, 2, 2],
        "hidden_size": 64,
        "enable_fusion": fused,
        "aff_block_r": 1,
    }
    text |= {"intermediate_size": 16, "max_position_embeddings": 64}
    ClapModel(ClapConfig(text_config=text, audio_config=sound, projection_dim=16)).save_pretrained(
        folder
    )
    marks = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *sorted(ByteLevel.alphabet())]
    words = RobertaTokenizer(vocab={mark: n for n, mark in enumerate(marks)}, merges=[])
    prepare = ClapFeatureExtractor(truncation="fusion" if fused else "rand_trunc")
    ClapProcessor(prepare, words).save_pretrained(folder)
    return Path(folder)
