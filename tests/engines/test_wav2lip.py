"""Wav2Lip with random weights in the published layout: what it loads, hears and paints."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from skimage import data
from torch import Tensor, nn

from heygem.domain.errors import DeviceMemoryError, EngineNotInstalledError, WeightsError
from heygem.domain.model_errors import WeightsUnverifiedError
from heygem.engines.alignment import as_image, frame_to_crop, mean_face, transform, warp_crop
from heygem.engines.engine import FaceCrop, MouthRequest, VoiceFeatures
from heygem.engines.nets.wav2lip import Wav2LipNet
from heygem.engines.side_by_side import SideBySide
from heygem.engines.wav2lip import Wav2LipEngine
from heygem.engines.wav2lip_mel import SILENCE
from heygem.engines.wav2lip_painter import FacePainter
from heygem.engines.wav2lip_weights import fill, load_checkpoint
from tests.engines.wav2lip_reference import paint, random_state, write_checkpoint

CPU = torch.device("cpu")
STATE = random_state()


@pytest.fixture(scope="module")
def engine(wav2lip_models: Path) -> Wav2LipEngine:
    return Wav2LipEngine.load(wav2lip_models, CPU)


def speech(seconds: float = 3.0, start: float = 1.0) -> Any:
    """Silence, then noise with syllables in it."""
    count = round(seconds * 16_000)
    noise = np.random.default_rng(0).standard_normal(count) * 0.2
    moments = np.arange(count) / 16_000
    return np.asarray(noise * np.abs(np.sin(2 * np.pi * 3 * moments)) * (moments > start), np.float32)


def crop_face(engine: Wav2LipEngine, shift: float = 0.0) -> FaceCrop:
    picture = as_image(np.ascontiguousarray(data.astronaut()[..., ::-1]))
    points = np.asarray(mean_face() * 54 + [216 + shift, 112], np.float32)
    affine = frame_to_crop(points, engine.crop)
    return FaceCrop(warp_crop(picture, affine, engine.crop.size), transform(points, affine))


def test_the_published_layout_is_filled_and_paints_as_published(wav2lip_models: Path) -> None:
    net = Wav2LipNet()
    path = wav2lip_models / "wav2lip" / "wav2lip_gan.pth"
    fill(net, load_checkpoint(path), path)
    net.fold()
    random = torch.Generator().manual_seed(3)
    heard, faces = (torch.rand(shape, generator=random) for shape in ((3, 1, 80, 16), (3, 6, 96, 96)))
    heard = heard * 8 - 4
    with torch.inference_mode():
        painted = net(heard, faces.to(memory_format=torch.channels_last))
    wanted = paint(STATE, heard, faces)
    assert wanted.std() > 0.02
    assert (wanted[0] - wanted[1]).abs().max() > 0.02
    assert (painted - wanted).abs().max() < 1e-4


def test_the_engine_gives_the_net_what_was_published(engine: Wav2LipEngine) -> None:
    """A face with its lower half black, then the same whole, BGR in 0..1; 16 rows from int(80 * frame / rate) on."""
    voice = engine.listen([speech()])
    face = crop_face(engine)
    performance = engine.perform(voice, np.zeros((1, 131, 2), np.float32), [face])
    small = engine.box.shrink(face.image)
    number, start = 50, 160  # at 25 a second
    assert np.array_equal(performance.hear(number / 25), voice.values[start : start + 16, :80].T)
    whole = torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255
    hidden = whole.clone()
    hidden[:, :, 48:] = 0
    heard = torch.from_numpy(voice.values[start : start + 16, :80].T.copy())[None, None]
    wanted = paint(STATE, heard, torch.cat([hidden, whole], dim=1))[0].permute(1, 2, 0).numpy()
    patch = replace(performance, sharpener=replace(performance.sharpener, amount=0.0)).paint(
        [MouthRequest(face, number / 25)]
    )[0]
    assert np.abs(patch.astype(float) - engine.box.enlarge(wanted, face.image)).max() <= 1


@pytest.mark.parametrize("kind", ["zip", "bare", "safetensors"])
def test_other_ways_of_keeping_the_weights(tmp_path: Path, kind: str) -> None:
    few = {name: tensor for name, tensor in STATE.items() if name.startswith("output_block")}
    path = tmp_path / ("net.safetensors" if kind == "safetensors" else "net.pth")
    if kind == "safetensors":
        save_file({f"module.{name}": tensor.half() for name, tensor in few.items()}, path)
    elif kind == "bare":
        torch.save(few, path)
    else:
        write_checkpoint(path, few, is_old=False)
    found = load_checkpoint(path)
    assert found.keys() == few.keys()
    assert all((found[name] - few[name]).abs().max() < 2e-3 for name in few)


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("damage", ["cut", "text", "trap", "no_state", "missing_file"])
def test_damaged_files_and_pickles_with_code_are_refused(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "net.pth"
    match damage:
        case "cut":
            write_checkpoint(path, {"a": torch.zeros(1000)})
            path.write_bytes(path.read_bytes()[:-900])
        case "text":
            path.write_text("<html>please log in</html>")
        case "trap":
            torch.save({"state_dict": Trap(tmp_path / "sprung")}, path)
        case "no_state":
            torch.save({"state_dict": {"a": "b"}}, path)
    with pytest.raises(WeightsError) as caught:
        load_checkpoint(path)
    assert caught.value.context["reason"]
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("name", "tensor", "reason"),
    [
        ("output_block.1.bias", None, "no tensor output_block.1.bias"),
        ("output_block.1.bias", torch.zeros(4), "output_block.1.bias is [4], not [3]"),
        ("output_block.2.bias", torch.zeros(4), "unknown tensor output_block.2.bias"),
    ],
)
def test_another_layout_is_told(name: str, tensor: Tensor | None, reason: str) -> None:
    other = STATE | {name: tensor} if tensor is not None else {k: v for k, v in STATE.items() if k != name}
    with pytest.raises(WeightsError) as caught:
        fill(Wav2LipNet(), other, Path("net.pth"))
    assert caught.value.context["reason"] == reason


def test_weights_that_are_missing_or_not_trusted(tmp_path: Path, wav2lip_models: Path) -> None:
    with pytest.raises(EngineNotInstalledError):
        Wav2LipEngine.load(tmp_path, CPU)

    def refuse(path: Path) -> str:
        raise WeightsUnverifiedError(path=path)

    with pytest.raises(WeightsUnverifiedError):
        Wav2LipEngine.load(wav2lip_models, CPU, refuse)


def test_painting_is_repeatable_and_stays_in_the_box(engine: Wav2LipEngine) -> None:
    voice = engine.listen([speech()])
    crops = [crop_face(engine, shift) for shift in (0, 1, 2)]
    requests = [MouthRequest(crop, 1.5 + i / 25) for i, crop in enumerate(crops)]
    runs = [engine.perform(voice, np.zeros((1, 131, 2), np.float32), crops).paint(requests) for _ in range(2)]
    size = engine.crop.size
    assert runs[0].shape == (3, size, size, 3)
    assert np.array_equal(runs[0], runs[1])
    outside = np.ones((size, size), bool)
    outside[engine.box.rows, engine.box.columns] = False
    assert all(np.array_equal(patch[outside], crop.image[outside]) for patch, crop in zip(runs[0], crops, strict=True))
    assert not engine.paste_mask[outside].any()
    assert engine.paste_mask.max() == 1
    assert engine.perform(voice, np.zeros((1, 131, 2), np.float32), []).paint([]).shape == (0, size, size, 3)


def test_the_mouth_rests_in_silence(engine: Wav2LipEngine) -> None:
    """The spectrum of a quiet hum changes all the time; the picture of one and the same frame does not."""
    voice_of = speech()
    voice_of[:12_000] += 1e-4 * np.random.default_rng(1).standard_normal(12_000).astype(np.float32)
    voice = engine.listen([voice_of])
    assert voice.values[10:40, :80].std(axis=0).max() > 0.05
    crop = crop_face(engine)
    performance = engine.perform(voice, np.zeros((1, 131, 2), np.float32), [crop])
    quiet = performance.paint([MouthRequest(crop, moment) for moment in (-1.0, 0.1, 0.3, 0.5, 99.0)])
    spoken = performance.paint([MouthRequest(crop, moment) for moment in (1.5, 1.7, 1.9)])
    assert all(np.array_equal(quiet[0], patch) for patch in quiet)
    assert np.abs(spoken[0].astype(int) - spoken[1]).max() > 2
    shares = [performance.find_share(moment) for moment in np.arange(0.5, 1.5, 0.02)]
    assert shares[0] == 0
    assert shares[-1] == 1
    assert any(0.1 < share < 0.9 for share in shares)
    assert np.abs(np.diff(shares)).max() < 0.5


def test_a_moment_between_shows_both(engine: Wav2LipEngine) -> None:
    crop = crop_face(engine)
    values = np.hstack(
        [np.linspace(-4, 4, 100 * 80).reshape(100, 80), np.repeat([[0.0], [0.5], [1.0]], [30, 40, 30], 0)]
    )
    performance = engine.perform(VoiceFeatures(values.astype(np.float32), 80.0), np.zeros((1, 131, 2), np.float32), [])
    half = performance.paint([MouthRequest(crop, 50 / 80)])[0].astype(float)
    fixed = values.copy()
    ends = []
    for share in (0.0, 1.0):
        fixed[50, 80] = share
        same = VoiceFeatures(fixed.astype(np.float32), 80.0)
        ends.append(replace(performance, voice=same).paint([MouthRequest(crop, 50 / 80)])[0].astype(float))
    assert np.abs(ends[0] - ends[1]).max() > 1
    unclipped = (np.minimum(*ends) > 0) & (np.maximum(*ends) < 255) & (half > 0) & (half < 255)
    assert np.abs(half - (ends[0] + ends[1]) / 2)[unclipped].max() <= 1


def test_the_end_of_a_voice_and_a_very_short_one(engine: Wav2LipEngine) -> None:
    voice = engine.listen([speech(1.0, start=0.0)])
    performance = engine.perform(voice, np.zeros((1, 131, 2), np.float32), [])
    assert np.array_equal(performance.hear(0.99), voice.values[-16:, :80].T)
    assert np.array_equal(performance.hear(-1.0), voice.values[:16, :80].T)
    short = engine.perform(engine.listen([speech(0.1, start=0.0)]), np.zeros((1, 131, 2), np.float32), [])
    assert short.hear(0.0).shape == (80, 16)
    assert np.all(short.hear(0.0)[:, 9:] == SILENCE)
    nothing = engine.perform(engine.listen([]), np.zeros((1, 131, 2), np.float32), [])
    assert nothing.find_share(0.0) == 0
    assert np.all(nothing.hear(0.0) == SILENCE)


class Cramped(nn.Module):
    """A net for which there is memory for `room` faces at once."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room
        self.sizes: list[int] = []

    def forward(self, heard: Tensor, faces: Tensor) -> Tensor:
        del heard
        self.sizes.append(len(faces))
        if len(faces) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return faces[:, 3:]


def paint_cramped(room: int, count: int = 11) -> tuple[Any, Any, Cramped]:
    net = Cramped(room)
    painter = FacePainter(net, CPU, torch.float32, SideBySide(1, 1), batch=8)
    faces = np.random.default_rng(2).integers(0, 256, (count, 96, 96, 3), dtype=np.uint8)
    painted = painter.paint(faces, faces, np.zeros((count, 80, 16), np.float32))
    painter.paint(faces[:4], faces[:4], np.zeros((4, 80, 16), np.float32))
    return faces, painted, net


def test_batches_get_smaller_when_memory_is_short_and_stay_so() -> None:
    faces, painted, net = paint_cramped(room=3)
    assert net.sizes == [8, 4, 2, 2, 2, 2, 2, 1, 2, 2]
    assert np.allclose(painted * 255, faces, atol=1e-3)


def test_a_device_without_room_for_one_face_is_told() -> None:
    with pytest.raises(DeviceMemoryError):
        paint_cramped(room=0)


def test_half_precision_goes_in_and_single_comes_out() -> None:
    """What a GPU does, here on a CPU and with a net that gives back the second face."""
    painter = FacePainter(Cramped(room=8), CPU, torch.float16, SideBySide(1, 1), batch=8)
    faces = np.random.default_rng(2).integers(0, 256, (3, 96, 96, 3), dtype=np.uint8)
    painted = painter.paint(faces, faces, np.zeros((3, 80, 16), np.float32))
    assert painted.dtype == np.float32
    assert np.abs(painted * 255 - faces).max() < 0.2
