"""Archives the one video of a library, to be killed on the way: `-m tests.library.archive_to_kill FOLDER URL`."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from heygem.library.archiver import Archiver
from heygem.library.catalogue import Library
from heygem.library.flow import Flow
from heygem.library.retention import PlannedStep, StepAction, StepReason
from heygem.library.stores.s3 import S3Access, S3Store
from heygem.storage.database import Database
from tests.archives import PART_BYTES
from tests.s3_server import KEY, SECRET

if __name__ == "__main__":
    folder, url = Path(sys.argv[1]), sys.argv[2]
    store = S3Store("bucket", "heygem/", S3Access(url, "us-east-1", key=KEY, secret=SECRET), PART_BYTES)
    library = Library(Database(f"sqlite:///{folder}/heygem.db"), folder / "outputs", folder / "cache", store=store)
    (record,) = library.list_records()
    step = PlannedStep(record, StepAction.ARCHIVE, StepReason.PAST_AGE, datetime.now(UTC))
    Archiver(library, FileLock(folder / "archive.lock")).carry_out([step], Flow())
