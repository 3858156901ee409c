"""One download with our engine, as a program: `python -m benchmarks.fetch SIZE SHA256 TARGET URL...`.

Prints how long it took without the program's start, then what each source gave.
"""

import sys
import time
from functools import partial
from pathlib import Path

from heygem.domain.models import ModelFile, TransferProgress
from heygem.domain.progress import CancelToken
from heygem.downloads.link import Link
from heygem.downloads.resolvers.remembered import RememberedLink
from heygem.downloads.transfer import TransferRules, transfer


def main() -> None:
    size, sha256, target, *urls = sys.argv[1:]
    wanted = ModelFile(Path(target).name, int(size), sha256)
    sources = [RememberedLink(f"source {number}", partial(Link, url)) for number, url in enumerate(urls, 1)]
    last: list[TransferProgress] = []
    began = time.monotonic()
    transfer(wanted, sources, Path(target), TransferRules(), last.append, CancelToken())
    print(f"{time.monotonic() - began:.2f}")
    for source in last[-1].sources:
        print(source.done_bytes, source.name)


if __name__ == "__main__":
    main()
