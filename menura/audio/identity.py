"""What a sound is, apart from its name and its tags: a hash of its compressed packets.

Nothing is decoded, so every version of every decoder gives the same. Containers keep tags outside
the packets (ID3, APE, Vorbis comments, atoms of mp4, RIFF INFO), so new tags change nothing.
"""

from __future__ import annotations

from hashlib import blake2b

from menura.audio.container import Container
from menura.audio.files import Path, shown
from menura.audio.promises import is_frame
from menura.errors import AudioError


def identify(path: Path) -> bytes:
    """16 bytes that name the sound of a file: BLAKE2b over codec, rate, channels and packets.

    The codec of raw samples is named by their type, such as pcm_s16le.

    Raises AudioError where the file has no audio, as `stream` does.
    """
    failures: list[str] = []
    with Container(path) as source:
        context = source.stream.codec_context
        form = f"{source.codec} {context.sample_rate} {context.channels}"
        digest, size = blake2b(form.encode() + b"\0", digest_size=16), 0
        for packet in source.packets(failures.append):
            if not is_frame(source.codec, packet):
                continue  # a tag at the end
            digest.update(packet)
            size += packet.size
    if not size and failures:
        raise AudioError(f"{shown(path)} is damaged: {failures[0]}; get another copy", "damaged")
    if not size:
        raise AudioError(f"{shown(path)} holds 0 s of sound; at least 0.1 s is needed", "too_short")
    return digest.digest()
