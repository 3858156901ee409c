"""The library of finished videos: what lies in the outputs' folder and what is known of it."""

from heygem.library.reconcile import Reconciling
from heygem.library.stock import Stocktaking
from heygem.library.thumbnails import Thumbnails
from heygem.library.zip_stream import ZipStreams


class Library(Reconciling, Stocktaking, Thumbnails, ZipStreams):
    """Everything that can be asked of it. For many threads and processes; raises DatabaseError where the database
    cannot be reached. What a power cut leaves half done, `reconcile` puts right.
    """
