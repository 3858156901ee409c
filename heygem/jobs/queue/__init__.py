"""The durable queue: jobs, batches, drafts, inspections and workers, in a database that several processes share."""

from heygem.jobs.queue.control import Control
from heygem.jobs.queue.deliveries import Deliveries
from heygem.jobs.queue.draft_items import DraftItems
from heygem.jobs.queue.forgetting import Forgetting
from heygem.jobs.queue.inspections import Inspections
from heygem.jobs.queue.leases import Leases
from heygem.jobs.queue.listing import Listing
from heygem.jobs.queue.overview import Overview
from heygem.jobs.queue.recovery import Recovery
from heygem.jobs.queue.submission import Submission
from heygem.jobs.queue.workers import Workers

__all__ = ["JobQueue"]


class JobQueue(
    Submission, Control, Listing, Overview, DraftItems, Inspections, Workers, Leases, Recovery, Forgetting, Deliveries
):
    """Everything that the queue can be asked, by those who want videos and by those who make them.

    For many threads and processes. Each method is one transaction, done whole or not at all, and raises DatabaseError
    where the database cannot be reached. Times are the database's.
    """
