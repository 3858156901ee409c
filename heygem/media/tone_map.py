"""HDR to SDR: a table that takes BT.2020 RGB, coded by one of the curves of ITU-R BT.2100, to BT.709 RGB.

Pure but for `write_cube`. Knows nothing of video.
"""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heygem.domain.media import Transfer

Floats = NDArray[np.float64]

TABLE_SIZE: Final = 33
SOURCE_PEAK_NITS: Final = 1000.0
SDR_WHITE_NITS: Final = 203.0  # ITU-R BT.2408: the HDR level that corresponds to SDR's white
DISPLAY_GAMMA: Final = 2.4  # ITU-R BT.1886
BT2020_LUMA: Final = np.array([0.2627, 0.6780, 0.0593])
# ITU-R BT.2087, inverted: linear BT.2020 to linear BT.709.
BT2020_TO_BT709: Final = np.array(
    [[1.660491, -0.587641, -0.072850], [-0.124550, 1.132900, -0.008349], [-0.018151, -0.100579, 1.118730]]
)
# SMPTE ST 2084.
M1, M2 = 2610 / 16384, 2523 / 4096 * 128
C1, C2, C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32


def pq_to_nits(signal: Floats) -> Floats:
    """SMPTE ST 2084's EOTF: 0..1 to 0..10000 cd/m2."""
    power = np.clip(signal, 0, 1) ** (1 / M2)
    return 10000 * (np.maximum(power - C1, 0) / (C2 - C3 * power)) ** (1 / M1)


def nits_to_pq(nits: Floats) -> Floats:
    """The inverse of `pq_to_nits`."""
    power = (np.clip(nits, 0, 10000) / 10000) ** M1
    return ((C1 + C2 * power) / (1 + C3 * power)) ** M2


def hlg_to_nits(signal: Floats, peak_nits: float = SOURCE_PEAK_NITS) -> Floats:
    """ITU-R BT.2100's HLG inverse OETF and OOTF on (..., 3) RGB, for a display of `peak_nits` (system gamma 1.2)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    signal = np.clip(signal, 0, 1)
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    luma = (scene @ BT2020_LUMA)[..., None]
    nits: Floats = peak_nits * luma**0.2 * scene
    return nits


def compress_highlights(
    nits: Floats, peak_nits: float = SOURCE_PEAK_NITS, white_nits: float = SDR_WHITE_NITS
) -> Floats:
    """The EETF of ITU-R BT.2390 (section 5.4.1): untouched below the knee, a Hermite spline above it."""
    source_peak = nits_to_pq(np.array(peak_nits))
    level = np.clip(nits_to_pq(nits) / source_peak, 0, 1)
    target = nits_to_pq(np.array(white_nits)) / source_peak
    knee = 1.5 * target - 0.5
    t = np.clip((level - knee) / (1 - knee), 0, 1)
    spline = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * target
    return pq_to_nits(np.where(level < knee, level, spline) * source_peak)


def tone_map(signal: Floats, transfer: Transfer) -> Floats:
    """(..., 3) HDR RGB to SDR RGB, both 0..1. The brightest channel is compressed; the others follow: hue is kept."""
    nits = hlg_to_nits(signal) if transfer is Transfer.HLG else pq_to_nits(signal)
    brightest = np.maximum(nits.max(axis=-1, keepdims=True), 1e-6)
    linear = nits * compress_highlights(brightest) / brightest / SDR_WHITE_NITS
    return np.asarray(np.clip(linear @ BT2020_TO_BT709.T, 0, 1) ** (1 / DISPLAY_GAMMA))


def write_cube(path: Path, transfer: Transfer, size: int = TABLE_SIZE) -> None:
    """Writes the table as a .cube file, in which red runs fastest."""
    axis = np.linspace(0, 1, size)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    table = tone_map(np.stack([red, green, blue], axis=-1), transfer).reshape(-1, 3)
    rows = "\n".join(f"{r:.6f} {g:.6f} {b:.6f}" for r, g, b in table)
    path.write_text(f"LUT_3D_SIZE {size}\n{rows}\n", encoding="ascii")
