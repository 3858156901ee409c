"""What cameras, codecs and the world do to pictures of faces: seeded, on (H, W, 3) uint8 BGR."""

from typing import Final

import cv2
import numpy as np

from heygem.engines.alignment import Image, as_image

Random = np.random.Generator
KERNELS: Final = (3, 5, 7)


def spoil(image: Image, random: Random) -> Image:
    """`image` under another light, through another camera and another codec."""
    image = change_light(image, random)
    if random.random() < 0.3:
        image = lose_detail(image, random)
    if random.random() < 0.25:
        image = blur(image, random)
    if random.random() < 0.3:
        image = add_noise(image, random)
    if random.random() < 0.3:
        image = compress(image, random)
    return image


def change_light(image: Image, random: Random) -> Image:
    """Gamma, gain and offset per channel; at times a gradient of light, or no colour."""
    gamma = np.exp(random.normal(0, 0.3))
    gain = np.exp(random.normal(0, 0.18) + random.normal(0, 0.08, 3))
    offset = random.normal(0, 10)
    ramp = (np.arange(256) / 255) ** gamma * 255
    table = np.clip(ramp[:, None] * gain + offset, 0, 255).astype(np.uint8)
    image = as_image(cv2.LUT(image, table.reshape(256, 1, 3)))
    if random.random() < 0.2:
        image = shade(image, random)
    if random.random() < 0.08:
        image = as_image(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR))
    return image


def shade(image: Image, random: Random) -> Image:
    """Light from one side."""
    height, width = image.shape[:2]
    angle = random.uniform(0, 2 * np.pi)
    ys, xs = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    light = 1 + random.uniform(0.2, 0.7) * np.tanh(2 * (xs * np.cos(angle) + ys * np.sin(angle)))
    return as_image(np.clip(image * light[..., None].astype(np.float32), 0, 255).astype(np.uint8))


def lose_detail(image: Image, random: Random) -> Image:
    """Shrunk and enlarged again."""
    factor = np.exp(random.uniform(np.log(0.18), np.log(0.8)))
    size = (max(8, int(image.shape[1] * factor)), max(8, int(image.shape[0] * factor)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    how = cv2.INTER_CUBIC if random.random() < 0.5 else cv2.INTER_LINEAR
    return as_image(cv2.resize(small, (image.shape[1], image.shape[0]), interpolation=how))


def blur(image: Image, random: Random) -> Image:
    """Out of focus, or moved while it was taken."""
    if random.random() < 0.5:
        return as_image(cv2.GaussianBlur(image, (0, 0), random.uniform(0.5, 2.5)))
    size = int(random.choice(KERNELS))
    line = np.zeros((size, size), dtype=np.float32)
    angle = random.uniform(0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * size / 2
    middle = np.array([size // 2, size // 2])
    start, end = np.round(middle - reach).astype(int), np.round(middle + reach).astype(int)
    cv2.line(line, start.tolist(), end.tolist(), 1.0)
    return as_image(cv2.filter2D(image, -1, line / line.sum()))


def add_noise(image: Image, random: Random) -> Image:
    noise = np.empty(image.shape, dtype=np.int16)
    cv2.setRNGSeed(int(random.integers(1 << 30)))
    cv2.randn(noise, np.zeros(3), np.full(3, random.uniform(2, 18)))  # one value per channel, or it reads beyond
    return as_image(cv2.add(image, noise, dtype=cv2.CV_8U))


def compress(image: Image, random: Random) -> Image:
    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(12, 80))])[1]
    return as_image(cv2.imdecode(data, cv2.IMREAD_COLOR))


def cover(image: Image, other: Image, random: Random) -> Image:
    """`image` with a patch over it: one colour, or a piece of `other` (of any size)."""
    height, width = image.shape[:2]
    w, h = (int(random.uniform(0.1, 0.45) * s) + 2 for s in (width, height))
    x, y = int(random.integers(0, width - w)), int(random.integers(0, height - h))
    if random.random() < 0.5:
        patch = as_image(np.full((h, w, 3), random.integers(0, 256, 3), dtype=np.uint8))
    else:
        patch = as_image(cv2.resize(other, (w, h), interpolation=cv2.INTER_LINEAR))
    mask = np.zeros((h, w), dtype=np.uint8)
    if random.random() < 0.5:
        cv2.ellipse(mask, (w // 2, h // 2), (w // 2, h // 2), 0, 0, 360, 255, -1)
    else:
        mask[:] = 255
    image = image.copy()
    image[y : y + h, x : x + w][mask > 0] = patch[mask > 0]
    return image
