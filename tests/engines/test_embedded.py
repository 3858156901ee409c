"""The engine with its real weights: what it hears, where it puts lips, and what it paints."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import gradio
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage import data

from heygem.engines.alignment import Image, Points, as_image, frame_to_crop, mean_face, transform, warp_crop
from heygem.engines.embedded import EmbeddedEngine
from heygem.engines.engine import FaceCrop, MouthRequest, VoiceFeatures
from heygem.engines.mean_spectrum import mean_spectrum
from heygem.engines.mel import SILENCE, stream_mel
from heygem.engines.mouth_drawing import hidden_mask
from heygem.engines.mouth_performance import MouthPerformance
from heygem.engines.nets.lip_motion import REACH
from heygem.engines.speech_motion import opening
from heygem.engines.voice_gate import level, voice_gate

ROOT = Path(__file__).parents[2]
VOICE = Path(gradio.__file__).parent / "media_assets" / "audio" / "cate_blanch.mp3"
SECOND = 16_000

Array = NDArray[np.float32]


@pytest.fixture(scope="module")
def engine() -> EmbeddedEngine:
    return EmbeddedEngine.load(ROOT / "models", torch.device("cpu"))


@cache
def read_speech() -> Array:
    """Some seconds of a voice, mono at 16 kHz."""
    with torch.inference_mode():
        import av

        resampler = av.AudioResampler(format="flt", layout="mono", rate=SECOND)
        with av.open(str(VOICE)) as file:
            parts = [part.to_ndarray() for frame in file.decode(audio=0) for part in resampler.resample(frame)]
    voice: Array = np.concatenate([part.reshape(-1) for part in parts])[: 6 * SECOND].astype(np.float32)
    return voice / max(float(np.abs(voice).max()), 1e-6) * np.float32(0.6)


def astronaut_points() -> Points:
    """The mean face where the astronaut's is, roughly: (131, 2) in pixels of the picture."""
    return np.asarray(mean_face() * 54 + [216, 112], np.float32)


def talking(count: int, gap: float = 0.1) -> Array:
    """(T, 131, 2): the mean face, its mouth opening and closing by up to `gap` face units."""
    faces = np.repeat(mean_face()[None], count, axis=0)
    closed = faces[:, 61, 1] - faces[:, 71, 1]
    wide = gap * (0.5 - 0.5 * np.cos(np.arange(count) * 0.7))
    for row in (*range(56, 76), *range(36, 56)):
        lower = row in range(57, 66) or row in range(37, 46)
        faces[:, row, 1] += (wide - closed if lower else 0) * np.cos(faces[:, row, 0] / 0.3 * np.pi / 2)
    return np.asarray(faces * 54 + [216, 112], np.float32)


def crop_face(engine: EmbeddedEngine, points: Points) -> FaceCrop:
    picture: Image = as_image(np.ascontiguousarray(data.astronaut()[..., ::-1]))
    affine = frame_to_crop(points, engine.crop)
    return FaceCrop(warp_crop(picture, affine, engine.crop.size), transform(points, affine))


def start(engine: EmbeddedEngine, voice: VoiceFeatures, references: int = 4) -> tuple[MouthPerformance, list[FaceCrop]]:
    faces = talking(40)
    crops = [crop_face(engine, points) for points in faces[:8]]
    return engine.perform(voice, faces, crops[:references]), crops


def gaps(engine: EmbeddedEngine, voice: VoiceFeatures, times: NDArray[np.floating]) -> Array:
    """(T,): how widely the mouth opens at `times`, in face units."""
    performance, crops = start(engine, voice)
    points = [performance.key_points(crops[0].points, float(t)) for t in times]
    return opening(np.stack(points)) / np.float32(engine.crop.scale)


def test_pieces_of_a_voice_do_not_show(engine: EmbeddedEngine) -> None:
    voice = np.concatenate([read_speech()] * 4)
    whole = engine.listen([voice])
    pieces = engine.listen(np.split(voice, [5, 4000, 170_000, 170_001]))
    assert np.array_equal(whole.values, pieces.values)
    assert whole.duration_s == pytest.approx(len(voice) / SECOND, abs=0.05)
    assert np.isfinite(whole.values).all()


def test_stretches_of_a_long_voice_do_not_show(engine: EmbeddedEngine) -> None:
    voice = np.concatenate([read_speech()] * 4)
    mel = np.concatenate(list(stream_mel([voice])))
    padded = np.pad(mel, ((2 * REACH, 2 * REACH), (0, 0)), constant_values=SILENCE) - mean_spectrum([mel])
    with torch.inference_mode():
        whole = engine.listener(torch.from_numpy(padded.T[None])).motion[0].numpy()[REACH:] * engine.gain
    heard = engine.listen([voice]).values
    speaks = voice_gate(level(mel))[::2][: len(heard)] > 0.999
    assert speaks.mean() > 0.5
    apart = (heard[speaks, :-1] - whole[: len(heard)][speaks]) @ engine.basis.gaps
    assert np.abs(apart).max() < 0.012  # face units; the network remembers beyond a stretch, but hardly
    assert np.abs(apart).mean() < 0.002


def test_no_voice_at_all(engine: EmbeddedEngine) -> None:
    voice = engine.listen([])
    assert voice.duration_s == 0
    assert gaps(engine, voice, np.arange(3) / 25).max() < 0.03


def test_silence_closes_the_mouth_and_keeps_it_still(engine: EmbeddedEngine) -> None:
    hiss = 1e-4 * np.random.default_rng(0).standard_normal(2 * SECOND)
    for quiet in (np.zeros(2 * SECOND), hiss):
        heard = gaps(engine, engine.listen([quiet.astype(np.float32)]), np.arange(40) / 25)
        assert heard.max() < 0.03
        assert np.abs(np.diff(heard)).max() < 1e-3


def test_a_pause_closes_the_mouth(engine: EmbeddedEngine) -> None:
    pause = np.zeros(2 * SECOND, np.float32)
    speech = read_speech()
    voice = engine.listen([np.concatenate([pause, speech, pause])])
    heard = gaps(engine, voice, np.arange(250) / 25)
    assert heard[:45].max() < 0.03
    assert heard[50:190].std() > 0.008
    assert heard[210:].max() < 0.03


def test_any_frame_rate_sees_the_same_motion(engine: EmbeddedEngine) -> None:
    voice = engine.listen([read_speech()])
    slow, fast = (gaps(engine, voice, np.arange(0, 4, 1 / rate)) for rate in (25, 50))
    assert np.allclose(slow, fast[::2], atol=1e-5)


def test_patches_touch_the_hidden_part_alone_and_are_the_same_each_time(engine: EmbeddedEngine) -> None:
    voice = engine.listen([read_speech()])
    size = engine.crop.size
    painted = []
    for _ in range(2):
        performance, crops = start(engine, voice)
        painted.append(performance.paint([MouthRequest(crops[i], 1 + i / 25) for i in range(3)]))
    assert painted[0].shape == (3, size, size, 3)
    assert painted[0].dtype == np.uint8
    assert np.array_equal(painted[0], painted[1])
    shown = hidden_mask(engine.crop) == 0
    assert np.array_equal(painted[0][1][shown], crops[1].image[shown])


def test_the_mouth_is_painted(engine: EmbeddedEngine) -> None:
    voice = engine.listen([read_speech()])
    performance, crops = start(engine, voice)
    times = np.arange(0, 4, 0.04, dtype=np.float32)
    widest = float(times[gaps(engine, voice, times).argmax()])
    closed, wide = performance.paint([MouthRequest(crops[0], -1.0), MouthRequest(crops[0], widest)])
    assert np.abs(wide.astype(float) - closed)[hidden_mask(engine.crop) > 0.9].mean() > 1


@pytest.mark.parametrize("references", [0, 1])
def test_few_references_will_do(engine: EmbeddedEngine, references: int) -> None:
    performance, crops = start(engine, engine.listen([read_speech()]), references)
    assert performance.paint([MouthRequest(crops[0], 0.5)]).any()
    assert performance.paint([]).shape == (0, engine.crop.size, engine.crop.size, 3)


def test_a_lost_face_and_one_without_speech(engine: EmbeddedEngine) -> None:
    voice = engine.listen([read_speech()])
    still, lost = np.repeat(astronaut_points()[None], 5, axis=0), np.full((5, 131, 2), np.nan, np.float32)
    for faces in (still, lost, np.concatenate([still, lost])):
        points = crop_face(engine, astronaut_points()).points
        assert np.isfinite(engine.perform(voice, faces, []).key_points(points, 1.0)).all()


def test_masks(engine: EmbeddedEngine) -> None:
    mask: Any = engine.paste_mask
    rim = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    assert mask.shape == (engine.crop.size,) * 2
    assert not rim.any()
    assert mask.min() == 0
    assert (mask[hidden_mask(engine.crop) > 0.5] == 1).all()
    finer = hidden_mask(replace(engine.crop, size=2 * engine.crop.size))
    halved = cv2.resize(finer, mask.shape, interpolation=cv2.INTER_AREA)
    assert np.abs(halved - hidden_mask(engine.crop)).max() < 0.02


def test_all_weights_are_small() -> None:
    assert sum(path.stat().st_size for path in (ROOT / "models").glob("*.safetensors")) < 25e6
