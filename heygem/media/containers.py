"""The one door to PyAV for reading: opens a file and turns what the operating system and FFmpeg say about it into the
errors of the domain. Knows nothing of pictures or sounds."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar, cast

import av
import av.container
import av.error
from av.packet import Packet
from av.stream import Stream

from heygem.domain.errors import MediaError, MediaUnreadableError
from heygem.media.files import check_file

# Playlists (HLS, DASH, concat) are missing on purpose: they would let an uploaded file read other files or the network.
DEMUXERS: Final = (
    "aac,ac3,aiff,amr,ape,apng,asf,au,avi,av1,caf,dv,eac3,flac,flv,gif,h264,hevc,ivf,m4v,matroska,mjpeg,mov,mp3,mpeg,"
    "mpegts,mpegvideo,mxf,nut,obu,ogg,rm,tta,w64,wav,webm,wv,yuv4mpegpipe"
)
OPEN_OPTIONS: Final = {"format_whitelist": DEMUXERS, "protocol_whitelist": "file"}

NO_CONTENTS: Final = "the table of contents (moov) is missing: the recording or the copy was broken off"
MAX_BOXES: Final = 64

logger = logging.getLogger(__name__)
StreamT = TypeVar("StreamT", bound=Stream)

logging.getLogger("libav").setLevel(logging.CRITICAL)


def media_url(path: Path) -> str:
    """`path` as FFmpeg takes it literally: a name with `:`, `%` or a leading `-` means nothing but itself."""
    return f"file:{path.absolute()}"


@contextmanager
def open_container(
    path: Path, when_empty: type[MediaError] = MediaUnreadableError
) -> Iterator[av.container.InputContainer]:
    """The opened file; `when_empty` is raised for one that ends with its headers.

    Whatever else FFmpeg objects to, on opening or inside the block, is a MediaUnreadableError.
    """
    check_file(path)
    try:
        with av.open(media_url(path), "r", container_options=OPEN_OPTIONS, metadata_errors="replace") as container:
            yield container
    except av.error.EOFError as error:
        raise when_empty(path, reason=error.strerror) from error
    except av.error.FFmpegError as error:
        reason = NO_CONTENTS if _lacks_contents(path) else error.strerror
        raise MediaUnreadableError(path, reason=reason) from error


def check_codec(stream: Stream, path: Path) -> None:
    """Raises MediaUnreadableError where FFmpeg does not know how to decode the stream."""
    if stream.codec_context is None:
        raise MediaUnreadableError(path, reason=f"the codec of its {stream.type} track is unknown")


def read_packets(container: av.container.InputContainer, stream: StreamT) -> "Iterator[Packet[StreamT]]":
    """The packets of one stream that hold data. Damage that cannot be read past ends them, unless it comes first."""
    packets = cast("Iterator[Packet[StreamT]]", container.demux(stream))
    has_begun = False
    while True:
        try:
            packet = next(packets, None)
        except av.error.InvalidDataError as error:
            if not has_begun:
                raise
            logger.warning("what follows damage is lost: %s", error)
            return
        except IndexError:  # PyAV's, at the very end, where damage looked like one more track
            return
        if packet is None:
            return
        has_begun = True
        if packet.size:
            yield packet


def _lacks_contents(path: Path) -> bool:
    """Whether it is an MP4 or MOV without `moov`: what is left of a recording or a copy that was broken off."""
    with path.open("rb") as file:
        names: list[bytes] = []
        while len(header := file.read(8)) == 8 and len(names) < MAX_BOXES:
            size = int.from_bytes(header[:4], "big")
            names.append(header[4:])
            if size == 1:  # the true size follows
                size = int.from_bytes(file.read(8), "big") - 8
            if size < 8:
                break
            file.seek(size - 8, os.SEEK_CUR)
    return names[:1] == [b"ftyp"] and b"moov" not in names
