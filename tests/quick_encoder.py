"""An encoder of another package, for tests: tiny, and it misbehaves when asked to.

What it does is decided by the length of the sound: 3.0 s crashes the process, 3.5 s hangs, 4.0 s
raises, 4.5 s takes all memory there is (so it says), 5.5 s is slow.
"""

import os
import signal
import time

import numpy as np

from menura.encoders import Frames, Tag, join

CRASH, HANG, RAISE, EXHAUST, SLOW = 3.0, 3.5, 4.0, 4.5, 5.5


class Quick:
    name, version = "quick", "1"
    sample_rate, window, hop, dimension = 8_000, 1.0, 1.0, 12
    tags = (Tag("low", "below 500 Hz", True), Tag("high", "above 500 Hz", False))

    def encode(self, wave):
        return join(self.stream([wave]))

    def stream(self, blocks):
        wave = np.concatenate(list(blocks))
        misbehave(len(wave) / self.sample_rate)
        wave = np.pad(wave, (0, -len(wave) % self.sample_rate))
        for number, second in enumerate(wave.reshape(-1, self.sample_rate)):
            power = np.abs(np.fft.rfft(second)) ** 2
            bands = np.array([part.sum() for part in np.array_split(power[:2000], self.dimension)])
            embedding = np.log10(1e-6 + bands).astype(np.float32)
            low = power[:500].sum() / (power.sum() + 1e-9)
            yield Frames(
                np.array([float(number)]),
                embedding[None],
                np.array([[low, 1 - low]], np.float32),
            )

    def pool(self, frames):
        mean = frames.embeddings.mean(0)
        mean = mean - mean.mean()
        return mean / np.linalg.norm(mean), frames.probabilities.mean(0)


def misbehave(seconds):
    if abs(seconds - CRASH) < 0.01:
        os.kill(os.getpid(), signal.SIGSEGV)
    if abs(seconds - HANG) < 0.01:
        time.sleep(1000)
    if abs(seconds - RAISE) < 0.01:
        raise RuntimeError("a fault in the encoder")
    if abs(seconds - EXHAUST) < 0.01:
        raise MemoryError
    if abs(seconds - SLOW) < 0.01:
        time.sleep(2)
