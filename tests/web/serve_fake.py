"""Serves the page over a fake engine, for the browser tests: `python serve_fake.py PORT FOLDER`.

The voice's name says how long a job takes: with `slow.wav` ten seconds, with `voice.wav` five, with others less than
one. What inspections find hangs on the file's name too, see fakes.fake_inspect; `flaky….mp4` fails at the first
attempt. FOLDER/inputs is the folder of the server; FOLDER/face.txt and engine.txt keep the
last job's choices.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from heygem.config.settings import load_settings
from heygem.domain.errors import EncodeError, HeyGemError
from heygem.domain.job import LipSyncRequest, LipSyncResult
from heygem.domain.progress import CancelToken, ProgressSink
from heygem.web.app import serve
from tests.fakes import FakeServices, FakeWork

PACES_S = {"slow.wav": 0.1, "voice.wav": 0.05}
PORT, FOLDER = int(sys.argv[1]), Path(sys.argv[2])
failed: set[Path] = set()


def find_error(request: LipSyncRequest) -> HeyGemError | None:
    if not request.person.name.startswith("flaky") or request.person in failed:
        return None
    failed.add(request.person)
    return EncodeError(reason="test")


def work(request: LipSyncRequest, sink: ProgressSink, cancel: CancelToken, work_dir: Path) -> LipSyncResult:
    (FOLDER / "face.txt").write_text(str(request.face))
    (FOLDER / "engine.txt").write_text(request.engine)
    return FakeWork(PACES_S.get(request.voice.name, 0.005), error_for=find_error)(request, sink, cancel, work_dir)


if __name__ == "__main__":
    paths = {name: FOLDER / name for name in ("outputs", "cache", "logs", "models", "data", "inputs")}
    archive = {"url": str(FOLDER / "nas"), "max_mb_s": 4}
    (FOLDER / "nas").mkdir(exist_ok=True)
    services = FakeServices(load_settings(server={"port": PORT}, paths=paths, archive=archive), work)
    services.start()
    try:
        serve(services)
    finally:
        services.close()
