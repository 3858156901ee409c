"""Serves the page over a fake engine, for the browser tests: `python serve_fake.py PORT FOLDER`.

The voice's name says how the job goes: `slow.wav` takes ten seconds, `voice.wav` three, others less than one;
`broken.wav` fails at the end. FOLDER/face.txt keeps the last job's choice of a face.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from heygem.config.settings import load_settings
from heygem.domain.errors import HeyGemError, MediaUnreadableError
from heygem.domain.job import LipSyncRequest, LipSyncResult
from heygem.domain.progress import CancelToken, ProgressSink
from heygem.web.app import serve
from tests.fakes import FakeServices, FakeWork

PACES_S = {"slow.wav": 0.1, "voice.wav": 0.03}
PORT, FOLDER = int(sys.argv[1]), Path(sys.argv[2])


def find_error(request: LipSyncRequest) -> HeyGemError | None:
    return MediaUnreadableError(request.voice, reason="test") if request.voice.name == "broken.wav" else None


def work(request: LipSyncRequest, sink: ProgressSink, cancel: CancelToken) -> LipSyncResult:
    (FOLDER / "face.txt").write_text(str(request.face))
    return FakeWork(PACES_S.get(request.voice.name, 0.005), error_for=find_error)(request, sink, cancel)


if __name__ == "__main__":
    paths = {name: FOLDER / name for name in ("outputs", "cache", "logs", "models")}
    serve(FakeServices(load_settings(server={"port": PORT}, paths=paths), work))
