"""Published encoders: what they hear, what is refused, and how much memory it takes."""

import importlib.util
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from menura import encoders
from menura.encoders import registry
from menura.encoders.transformer import CONVERT, windows
from menura.errors import EncoderError
from tests.encoders.published import as_published, make_clap, make_mert, noise

pytest.importorskip("transformers", reason="the extra [teachers] brings transformers")
KINDS = {"mert": make_mert, "clap": make_clap}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return {kind: make(tmp_path_factory.mktemp(kind)) for kind, make in KINDS.items()}


@pytest.fixture(params=KINDS)
def encoder(request, folders):
    return encoders.get(f"{request.param}:{folders[request.param]}")


@pytest.fixture
def mert(folders, tmp_path):
    """A copy that a test may damage."""
    return shutil.copytree(folders["mert"], tmp_path / "mert")


def arrays_of(folder):
    from safetensors.numpy import load_file

    return load_file(folder / "model.safetensors")


def write_arrays(folder, arrays):
    from safetensors.numpy import save_file

    save_file(arrays, folder / "model.safetensors", {"format": "pt"})


def change_config(folder, **changes):
    said = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(said | changes))


def test_it_keeps_the_contract(encoder):
    registry.check(encoder.name, encoder)
    expected = {"mert": (24_000, 5.0, 16), "clap": (48_000, 10.0, 16)}[encoder.name.split(":")[0]]
    assert (encoder.sample_rate, encoder.window, encoder.dimension) == expected
    assert encoder.hop == encoder.window and encoder.tags == ()
    frames = encoder.encode(noise(2.2 * encoder.window, encoder.sample_rate))
    assert frames.times.tolist() == [0.0, encoder.window]
    assert frames.embeddings.shape == (2, 16) and frames.probabilities.shape == (2, 0)
    vector, probabilities = encoder.pool(frames)
    mean = frames.embeddings.mean(0)
    np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), atol=1e-6)
    assert vector.dtype == np.float32 and probabilities.shape == (0,)


def test_the_same_wave_gives_the_same_numbers_however_it_arrives(encoder):
    wave = noise(2.6 * encoder.window, encoder.sample_rate)
    whole = encoder.encode(wave)
    parts = encoders.join(encoder.stream(np.array_split(wave, 17)))
    np.testing.assert_array_equal(whole.embeddings, parts.embeddings)
    alone = encoder.encode(wave[encoder.samples : 2 * encoder.samples])
    np.testing.assert_array_equal(whole.embeddings[1], alone.embeddings[0])
    assert np.abs(whole.embeddings[0] - whole.embeddings[1]).max() > 1e-4


def test_threads_change_nothing(encoder):
    torch = pytest.importorskip("torch")
    wave, before = noise(encoder.window, encoder.sample_rate), torch.get_num_threads()
    try:
        heard = []
        for threads in (1, 3):
            torch.set_num_threads(threads)
            heard.append(encoder.encode(wave).embeddings)
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(*heard)


def test_silence_is_heard_as_numbers(encoder):
    frames = encoder.encode(np.zeros(encoder.samples, np.float32))
    assert np.isfinite(frames.embeddings).all()


@pytest.mark.parametrize("seed", range(10))
def test_windows_are_the_wave_in_order_and_what_is_left_fills_one_or_is_dropped(seed):
    random = np.random.default_rng(seed)
    wave, size = random.standard_normal(random.integers(1, 60)).astype(np.float32), 10
    cuts = np.sort(random.integers(0, len(wave), 5))
    found = list(windows(np.split(wave, cuts), size))
    whole, left = divmod(len(wave), size)
    np.testing.assert_array_equal(np.concatenate([*found[:whole], []]), wave[: whole * size])
    rest = found[whole:]
    assert len(rest) == (left >= 5 or not whole)
    for window in rest:
        np.testing.assert_array_equal(window, np.tile(wave[whole * size :], size)[:size])


def test_mert_is_the_mean_of_the_layers_of_hubert(folders):
    import torch
    from transformers import HubertModel

    wave = noise(5.0, 24_000)
    standard = ((wave - wave.mean()) / np.sqrt(wave.var() + 1e-7)).astype(np.float32)
    with torch.inference_mode():
        plain = HubertModel.from_pretrained(folders["mert"])
        plain = plain.eval()(torch.from_numpy(standard)[None], output_hidden_states=True)
    layers = [state[0].double().mean(0) for state in plain.hidden_states]
    assert len(layers) == 3
    expected = torch.stack([layer / layer.norm() for layer in layers]).mean(0)
    heard = encoders.get(f"mert:{folders['mert']}").encode(wave).embeddings[0]
    np.testing.assert_allclose(heard, expected.numpy(), atol=1e-5)


@pytest.mark.parametrize("stable", [False, True], ids=["95M", "330M"])
def test_mert_as_its_authors_publish_it_is_the_same_and_none_of_its_code_runs(stable, tmp_path):
    folder = make_mert(tmp_path / "ours", stable=stable)
    theirs = shutil.copytree(folder, tmp_path / "theirs")
    ran = as_published(theirs)
    wave = noise(5.0, 24_000)
    one, other = (encoders.get(f"mert:{place}") for place in (folder, theirs))
    np.testing.assert_array_equal(one.encode(wave).embeddings, other.encode(wave).embeddings)
    assert not ran.exists() and one.version != other.version


def test_clap_gives_what_transformers_gives(folders):
    import torch
    from transformers import ClapModel, ClapProcessor

    encoder = encoders.get(f"clap:{folders['clap']}")
    wave = noise(10.0, 48_000)
    model = ClapModel.from_pretrained(folders["clap"]).eval()
    processor = ClapProcessor.from_pretrained(folders["clap"])
    with torch.inference_mode():
        sound = processor(audio=wave, sampling_rate=48_000, return_tensors="pt")
        sound = model.get_audio_features(**sound).pooler_output[0].numpy()
        words = processor(text=["calm piano"], return_tensors="pt")
        words = model.get_text_features(**words).pooler_output[0].numpy()
    np.testing.assert_allclose(encoder.encode(wave).embeddings[0], sound, atol=1e-5)
    np.testing.assert_allclose(encoder.text("calm piano"), words, atol=1e-5)


def test_words_have_a_place_of_unit_length(folders):
    encoder = encoders.get(f"clap:{folders['clap']}")
    calm = encoder.text("calm piano")
    assert calm.shape == (16,) and calm.dtype == np.float32
    assert np.linalg.norm(calm) == pytest.approx(1, abs=1e-6)
    np.testing.assert_array_equal(calm, encoder.text("calm piano"))
    assert np.abs(calm - encoder.text("loud drums")).max() > 1e-4
    assert np.isfinite(encoder.text("very " * 1000 + "calm")).all()
    with pytest.raises(EncoderError, match=r"empty.*calm piano"):
        encoder.text("  ")


def test_a_fused_clap_hears_without_chance(tmp_path):
    encoder = encoders.get(f"clap:{make_clap(tmp_path / 'fused', fused=True)}")
    wave = noise(20.0, 48_000)
    assert len({encoder.encode(wave).embeddings.tobytes() for _ in range(3)}) == 1


def test_a_clap_saved_in_the_older_way_is_the_same(folders, tmp_path):
    from transformers import ClapProcessor

    older = shutil.copytree(folders["clap"], tmp_path / "older")
    ClapProcessor.from_pretrained(older).feature_extractor.save_pretrained(older)
    (older / "processor_config.json").unlink()
    assert (older / "preprocessor_config.json").exists()
    wave = noise(10.0, 48_000)
    one, other = (encoders.get(f"clap:{place}") for place in (folders["clap"], older))
    np.testing.assert_array_equal(one.encode(wave).embeddings, other.encode(wave).embeddings)


def test_what_older_files_hold_beside_the_weights_is_let_be(folders, tmp_path):
    older = shutil.copytree(folders["clap"], tmp_path / "older")
    with_arrays(lambda a: a.update({"text_model.embeddings.position_ids": np.arange(64)[None]}))(
        older
    )
    wave = noise(10.0, 48_000)
    one, other = (encoders.get(f"clap:{place}") for place in (folders["clap"], older))
    np.testing.assert_array_equal(one.encode(wave).embeddings, other.encode(wave).embeddings)
    np.testing.assert_array_equal(one.text("calm piano"), other.text("calm piano"))
    with_arrays(lambda a: a.pop(next(n for n in a if n.endswith("num_batches_tracked"))))(older)
    registry.load.cache_clear()
    with pytest.raises(EncoderError, match=r"misses .*num_batches_tracked"):
        encoders.get(f"clap:{older}")


def test_the_version_is_the_weights_wherever_they_lie(mert, folders):
    same = encoders.get(f"mert:{mert}")
    assert same.version == encoders.get(f"mert:{folders['mert']}").version
    registry.load.cache_clear()
    arrays = arrays_of(mert)
    arrays["encoder.layer_norm.bias"] = arrays["encoder.layer_norm.bias"] + 1
    write_arrays(mert, arrays)
    assert encoders.get(f"mert:{mert}").version != same.version


def test_a_name_means_the_same_from_every_folder(mert, monkeypatch):
    monkeypatch.chdir(mert.parent)
    monkeypatch.setenv("HOME", str(mert.parent))
    monkeypatch.setenv("USERPROFILE", str(mert.parent))
    expected = f"mert:{os.path.abspath('mert')}"
    assert {encoders.get(f"mert:{place}").name for place in ("mert", "~/mert")} == {expected}


def test_nothing_is_fetched(tmp_path, monkeypatch):
    def refuse(*given):
        raise AssertionError(f"the network was asked for {given}")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for kind, make in KINDS.items():
        encoders.get(f"{kind}:{make(tmp_path / kind)}")


# ------------------------------------------------------------ what is refused
def without(name):
    return lambda folder: (folder / name).unlink()


def as_pickle(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def in_parts(folder):
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    (folder / "model.safetensors.index.json").write_text("{}")


def cut(folder):
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: len(content) // 2])


def with_arrays(change):
    def spoil(folder):
        arrays = arrays_of(folder)
        change(arrays)
        write_arrays(folder, arrays)

    return spoil


def reshape(arrays):
    arrays["encoder.layer_norm.bias"] = np.zeros(9, np.float32)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (shutil.rmtree, "there is no folder"),
        (without("config.json"), r"no config\.json"),
        (without("model.safetensors"), r"no model\.safetensors"),
        (without("preprocessor_config.json"), "how sound or words are prepared"),
        (as_pickle, r"pickle.*not read.*torch\.load\('pytorch_model\.bin', weights_only=True\)"),
        (in_parts, "several files.*max_shard_size"),
        (cut, "cut or damaged"),
        (with_arrays(lambda a: a.pop("encoder.layer_norm.bias")), r"misses encoder\.layer_norm\.b"),
        (with_arrays(lambda a: a.update(extra=np.zeros(3, np.float32))), "has unknown extra"),
        (with_arrays(reshape), r"in another shape encoder\.layer_norm\.bias"),
        (lambda f: (f / "config.json").write_text("[]"), "does not say which model"),
        (lambda f: change_config(f, model_type="bert"), "type 'bert'; mert needs 'mert_model'"),
        (lambda f: change_config(f, feature_extractor_cqt=True), "constant-Q"),
        (lambda f: change_config(f, deepnorm=True), "deep normalisation"),
        (lambda f: change_config(f, hidden_size="wide"), "does not describe a network"),
        (lambda f: change_config(f, hidden_size=20), "another shape"),
        (lambda f: change_config(f, num_hidden_layers=3), r"misses encoder\.layers\.2"),
        (lambda f: change_config(f, num_attention_heads=3), "cannot be loaded"),
    ],
)
def test_what_is_not_mert_is_refused_with_the_reason(mert, spoil, words, capfd):
    spoil(mert)
    with pytest.raises(EncoderError, match=words):
        encoders.get(f"mert:{mert}")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("kind", "words"), [("mert", "type 'clap'; mert needs"), ("clap", "type 'hubert'; clap needs")]
)
def test_one_kind_is_not_taken_for_the_other(folders, kind, words):
    other = {"mert": "clap", "clap": "mert"}[kind]
    with pytest.raises(EncoderError, match=words):
        encoders.get(f"{kind}:{folders[other]}")


def more_words(folder):
    said = json.loads((folder / "tokenizer.json").read_text())
    said["model"]["vocab"] |= {f"word{n}": n for n in range(261, 301)}
    (folder / "tokenizer.json").write_text(json.dumps(said))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (without("tokenizer.json"), r"no words: download its tokenizer\.json, or vocab\.json and"),
        (lambda folder: (folder / "tokenizer.json").write_text("{"), "words are prepared"),
        (without("processor_config.json"), "words are prepared"),
        (more_words, "301 tokens for words, its network 300"),
    ],
)
def test_a_clap_without_its_words_is_refused(folders, tmp_path, spoil, words):
    folder = shutil.copytree(folders["clap"], tmp_path / "clap")
    spoil(folder)
    with pytest.raises(EncoderError, match=words):
        encoders.get(f"clap:{folder}")


def test_a_kind_alone_is_answered_with_what_is_missing():
    with pytest.raises(EncoderError, match=r"needs the folder of its weights: clap:FOLDER"):
        encoders.get("clap")


@pytest.mark.parametrize("package", ["transformers", "torch"])
def test_a_missing_extra_is_answered_with_the_command(mert, monkeypatch, package):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == package else find(name)
    )
    with pytest.raises(EncoderError, match=rf"needs {package}.*pip install '\.\[teachers\]'"):
        encoders.get(f"mert:{mert}")


def test_the_command_in_the_refusal_of_a_pickle_converts_it(mert, folders):
    import torch

    arrays = {name: torch.from_numpy(array) for name, array in arrays_of(mert).items()}
    torch.save(arrays, mert / "pytorch_model.bin")
    (mert / "model.safetensors").unlink()
    words = shlex.split(CONVERT)
    subprocess.run([sys.executable, *words[1:]], cwd=mert, check=True)
    wave = noise(5.0, 24_000)
    one, other = (encoders.get(f"mert:{place}") for place in (mert, folders["mert"]))
    np.testing.assert_array_equal(one.encode(wave).embeddings, other.encode(wave).embeddings)


# ------------------------------------------------------------ memory
def resident():
    """Bytes of memory in use by this process."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="memory is read as on Linux")
@pytest.mark.parametrize("kind", ["mert", pytest.param("clap", marks=pytest.mark.slow)])
def test_ten_minutes_take_no_more_memory_than_one(kind, folders):
    """All ten would be 58 MB for MERT, 115 MB for CLAP, before any layer."""
    encoder = encoders.get(f"{kind}:{folders[kind]}")
    second = noise(1.0, encoder.sample_rate)

    def most(seconds):
        tracemalloc.start()
        used = [resident() for _ in encoder.stream(second for _ in range(seconds))]
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(used) == seconds / encoder.window
        return peak, max(used)

    most(20)  # what is set up once
    (minute, before), (ten, after) = most(60), most(600)
    assert ten - minute < 2e6 and after - before < 20e6, (ten - minute, after - before)
