"""A job in a process of its own that says on standard output how far it is: `PERSON VOICE OUTPUT WORK CACHE`."""

import sys
from pathlib import Path

from heygem.domain.job import LipSyncRequest
from heygem.domain.progress import CancelToken, Progress
from tests.pipeline.test_generate import GreenEngine, make_generator


def tell(progress: Progress) -> None:
    print(progress.stage, progress.done, flush=True)


if __name__ == "__main__":
    person, voice, output, work, cache = map(Path, sys.argv[1:])
    generator = make_generator(cache, GreenEngine(pause_s=0.02), segment_frames=20)
    generator.generate(LipSyncRequest(person, voice, output), tell, CancelToken(), work)
