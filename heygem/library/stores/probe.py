"""Whether an archive can be used: by using it."""

import os
from io import BytesIO
from uuid import uuid4

from heygem.domain.archive_errors import ArchiveCopyWrongError
from heygem.library.flow import Flow
from heygem.library.stores.store import ArchiveStore


def probe_store(store: ArchiveStore) -> None:
    """Writes a small file there, reads it and removes it. Raises as ArchiveStore does, and ArchiveCopyWrongError."""
    key, data = f".heygem-probe-{uuid4().hex}", os.urandom(64)
    store.send(key, BytesIO(data), len(data), Flow())
    try:
        if store.read(key, 0, len(data)) != data:
            raise ArchiveCopyWrongError(name=key)
    finally:
        store.remove(key)
