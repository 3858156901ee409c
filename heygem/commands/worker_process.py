"""One worker as a process of its own: `python -m heygem.commands.worker_process`, started by a supervisor alone.

The settings come as one line of JSON on standard input. That it is closed means that the supervisor has ended, and so
does the worker: it gives its job back.
"""

import argparse
import logging
import os
import signal
import sys
import threading
from typing import Final, NoReturn

from heygem.config.logs import set_up_logs
from heygem.config.settings import Settings
from heygem.domain.errors import HeyGemError
from heygem.domain.queue import WorkerKind
from heygem.jobs.processes import end_children, host_name

log = logging.getLogger(__name__)

ABORTED: Final = 75  # exit status of a worker whose main thread did not end by itself
BROKEN: Final = 70


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--id", required=True)
    parser.add_argument("--kind", required=True, type=WorkerKind)
    parser.add_argument("--device", required=True)
    arguments = parser.parse_args()
    settings = Settings.model_validate_json(sys.stdin.buffer.readline())
    set_up_logs(settings.paths.logs, f"{arguments.kind} {arguments.device} {os.getpid()}")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the supervisor decides
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        _serve(settings, arguments.id, arguments.kind, arguments.device, stop)
    except Exception:
        log.exception("worker %s ends after an unforeseen error", arguments.id)
        end_children()
        os._exit(BROKEN)  # at once: a broken device may never let the interpreter end
    logging.shutdown()
    os._exit(0)  # without the second that the interpreter takes to let go of torch


def _serve(settings: Settings, worker_id: str, kind: WorkerKind, device: str, stop: threading.Event) -> None:
    from heygem.services import Services  # here, so that a wrong command line is told at once

    services = Services(settings.model_copy(update={"device": device}))
    services.queue.register_worker(worker_id, kind, host_name(), os.getpid(), device)
    worker = services.make_worker(worker_id, kind, abort)

    def end_with_supervisor() -> None:
        sys.stdin.buffer.read()
        stop.set()

    def let_go() -> None:
        stop.wait()
        worker.pulse.let_go()

    for watch in (end_with_supervisor, let_go):
        threading.Thread(target=watch, name=watch.__name__, daemon=True).start()
    worker.pulse.start()
    try:
        services.warm_up(kind)
    except HeyGemError as error:  # every job will say so
        log.error("worker %s cannot work: %s", worker_id, error)
    worker.run(stop)
    services.queue.forget_worker(worker_id)


def abort(reason: str) -> NoReturn:
    log.error("the worker ends at once: %s", reason)
    end_children()
    os._exit(ABORTED)


if __name__ == "__main__":
    main()
