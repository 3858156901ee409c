"""Photos, upright as their EXIF says: JPEG, PNG, WebP, BMP, TIFF, and AVIF where OpenCV has it.

Everything else is left to the video reader.
"""

from pathlib import Path
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from heygem.domain.errors import MediaTruncatedError, MediaUnreadableError
from heygem.media.files import check_file, translate_os_error

Image: TypeAlias = NDArray[np.uint8]  # (H, W, 3) BGR

SIGNATURES: Final = {
    b"\xff\xd8\xff": "jpeg",
    b"\x89PNG\r\n\x1a\n": "png",
    b"BM": "bmp",
    b"II*\x00": "tiff",
    b"MM\x00*": "tiff",
}
HEIF_BRANDS: Final = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif")
WEBP_ANIMATION_FLAG: Final = 0x02
JPEG_START_OF_SCAN: Final = 0xDA
JPEG_END: Final = b"\xff\xd9"


def find_photo_format(path: Path) -> str | None:
    """`jpeg`, `png`, `webp`, `bmp`, `tiff` or `heif` by the file's first bytes, None for anything else."""
    check_file(path)
    try:
        with path.open("rb") as file:
            head = file.read(32)
    except OSError as error:
        raise translate_os_error(path, error) from error
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        if head[12:16] == b"VP8X" and head[20] & WEBP_ANIMATION_FLAG:
            raise MediaUnreadableError(path, reason="animated WebP is neither a photo nor a video")
        return "webp"
    if head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS:
        return "heif"
    return next((name for signature, name in SIGNATURES.items() if head.startswith(signature)), None)


def read_photo(path: Path) -> Image:
    """The upright photo as (H, W, 3) uint8 BGR. Raises MediaTruncatedError or MediaUnreadableError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise translate_os_error(path, error) from error
    if not _is_complete(data):
        raise MediaTruncatedError(path, found=0, expected=1)
    try:
        image = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise MediaUnreadableError(path, reason=error.err) from error
    if image is None:
        raise MediaUnreadableError(path, reason="the photo is damaged, or HEIC, which should be saved as JPEG")
    return np.ascontiguousarray(image, dtype=np.uint8)


def _is_complete(data: bytes) -> bool:
    """Whether the file has its end; OpenCV would fill what is missing with grey."""
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG_END in data[_find_jpeg_scan(data) :]
    if data.startswith(b"\x89PNG"):
        return b"IEND" in data[-4096:]
    if data.startswith(b"RIFF"):
        return int.from_bytes(data[4:8], "little") + 8 <= len(data)
    return True


def _find_jpeg_scan(data: bytes) -> int:
    """Where the picture's own data begins, behind the headers (and the thumbnail that may be in them)."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF and data[position + 1] != JPEG_START_OF_SCAN:
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return position
