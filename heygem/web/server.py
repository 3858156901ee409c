"""A web server in a thread of its own. Knows nothing of what it serves."""

import logging
import threading
import time
from typing import Final

import uvicorn
from fastapi import FastAPI

from heygem.domain.errors import SettingsError

FINISH_S: Final = 2  # how long answers under way may take once the server is to end
CLOSE_S: Final = 6.0


class WebServer:
    """Serves `app` on `host` and `port` from `start` to `close`."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        config = uvicorn.Config(
            app,
            host,
            port,
            log_config=None,  # its own closes the handlers of everybody else
            log_level="warning",
            lifespan="on",
            timeout_graceful_shutdown=FINISH_S,
            server_header=False,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="web", daemon=True)
        self.url = f"http://{_reachable(host)}:{port}/"

    def start(self) -> None:
        """Returns once it answers. Raises SettingsError where it cannot, a port that another has just taken say."""
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise SettingsError(setting="server.port", reason=self.url)
            time.sleep(0.01)

    def close(self) -> None:
        """Ends what is still open after FINISH_S."""
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # that connections are cut is meant
        self._server.should_exit = True
        self._thread.join(CLOSE_S)


def _reachable(host: str) -> str:
    """A name by which a browser on this machine finds `host`."""
    if host in ("0.0.0.0", "::"):
        return "localhost"
    return f"[{host}]" if ":" in host else host
