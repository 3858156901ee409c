"""Tells programs that their jobs have ended: sends what the queue has noted, signed, again and again if need be.

Each delivery is one sender's at a time, among all processes on the queue's database. It may come twice where a sender
dies after sending and before noting so; its `id` tells.
"""

import hashlib
import hmac
import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

import httpx

import heygem
from heygem.domain.retrying import backoff_s, read_retry_after
from heygem.jobs.queue.deliveries import Delivery

log = logging.getLogger(__name__)

POLL_S: Final = 1.0
SENDERS: Final = 4  # threads: one slow receiver does not keep the others waiting
TIMEOUT_S: Final = 10.0
CLOSE_S: Final = 2.0
FIRST_WAIT_S: Final = 10.0  # then 40 s, 3 min, 11 min, 43 min, 3 h, 6 h, each give or take a quarter
GROWTH: Final = 4.0
LONGEST_WAIT_S: Final = 6 * 3600.0
SIGNATURE_HEADER: Final = "X-HeyGem-Signature"
GONE: Final = 410  # the receiver wants no more of it


class DeliveryQueue(Protocol):
    """What a sender needs of the queue."""

    def claim_delivery(self) -> Delivery | None: ...
    def finish_delivery(self, delivery_id: str) -> None: ...
    def postpone_delivery(self, delivery_id: str, wait_s: float | None) -> None: ...


@dataclass(frozen=True)
class Failure:
    """`wait_s` is for how long the receiver wants to be left alone, `is_last` whether for ever."""

    reason: str
    wait_s: float = 0.0
    is_last: bool = False


class WebhookSender:
    """For several threads, in several processes."""

    def __init__(
        self,
        queue: DeliveryQueue,
        secret: str,
        attempts: int,
        first_wait_s: float = FIRST_WAIT_S,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """`secret` signs, and nothing is sent without one; `attempts` is how often a delivery is tried."""
        self._queue = queue
        self._secret = secret
        self._attempts = attempts
        self._first_wait_s = first_wait_s
        headers = {"User-Agent": f"HeyGem/{heygem.__version__}", "Content-Type": "application/json"}
        self._client = httpx.Client(headers=headers, timeout=timeout_s, follow_redirects=False)

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Deliveries are sent, by threads of their own, as long as the block runs."""
        stop = threading.Event()
        count = SENDERS if self._secret else 0
        threads = [threading.Thread(target=self.run, args=(stop,), name="webhooks", daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            deadline = time.monotonic() + CLOSE_S
            for thread in threads:
                thread.join(max(0.0, deadline - time.monotonic()))
            self._client.close()

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set."""
        while not stop.is_set():
            try:
                if self.step():
                    continue
            except Exception:  # a database that is away for a moment must not end the sending
                log.exception("the sender of webhooks stumbled")
            stop.wait(POLL_S)

    def step(self) -> bool:
        """Sends one delivery, if one is due."""
        delivery = self._queue.claim_delivery()
        if delivery is None:
            return False
        failure = self._send(delivery)
        if failure is None:
            self._queue.finish_delivery(delivery.delivery_id)
        elif failure.is_last or delivery.attempt >= self._attempts:
            log.warning("webhook %s to %s is given up: %s", delivery.delivery_id, delivery.url, failure.reason)
            self._queue.postpone_delivery(delivery.delivery_id, None)
        else:
            wait_s = max(failure.wait_s, backoff_s(delivery.attempt, self._first_wait_s, GROWTH, LONGEST_WAIT_S))
            self._queue.postpone_delivery(delivery.delivery_id, min(wait_s, LONGEST_WAIT_S))
        return True

    def _send(self, delivery: Delivery) -> Failure | None:
        """Why it has not arrived. What is answered is not read beyond its head, and a redirection is not followed."""
        body = json.dumps(dict(delivery.body), ensure_ascii=False).encode()
        headers = {SIGNATURE_HEADER: sign(self._secret, int(time.time()), body)}
        try:
            with self._client.stream("POST", delivery.url, content=body, headers=headers) as answer:
                if answer.is_success:
                    return None
                wait_s = read_retry_after(answer.headers.get("Retry-After", ""))
                return Failure(f"HTTP {answer.status_code}", wait_s, is_last=answer.status_code == GONE)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return Failure(f"{type(error).__name__}: {error}")


def sign(secret: str, unix_s: int, body: bytes) -> str:
    """The signature's header: the time, and the HMAC-SHA256 of time, full stop and body, so that it ages."""
    digest = hmac.new(secret.encode(), f"{unix_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={unix_s},v1={digest}"
