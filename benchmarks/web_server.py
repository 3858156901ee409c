"""An nginx of our own on free ports of this machine, which serves a folder, each connection as fast as it may be."""

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CONFIGURATION = """
daemon off; master_process off; pid {home}/pid; error_log {home}/errors; {user}
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; keepalive_requests 100000; default_type application/octet-stream;
  client_body_temp_path {home}/1; proxy_temp_path {home}/2; fastcgi_temp_path {home}/3;
  uwsgi_temp_path {home}/4; scgi_temp_path {home}/5;
  server {{
    listen 127.0.0.1:{port} backlog=512; limit_rate {rate};
    location / {{ root {folder}; }}
    location /owner/repo/resolve/main/ {{
      alias {folder}/; add_header X-Repo-Commit {commit};
    }}
  }}
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise TimeoutError(f"nothing listens on {port}")


@contextmanager
def nginx(folder: Path, bytes_per_s: int, delay_ms: int = 0) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Its address, and the processes, which may be killed. `bytes_per_s` of each connection, 0 for any; `delay_ms` in
    each direction.
    """
    with tempfile.TemporaryDirectory(prefix="nginx-") as home:
        port = free_port()
        text = CONFIGURATION.format(
            home=home, folder=folder, port=port, rate=bytes_per_s, commit="0" * 40, user="user root;"
        )
        file = Path(home) / "nginx.conf"
        file.write_text(text)
        processes = [subprocess.Popen(["nginx", "-c", str(file), "-p", home], stderr=subprocess.DEVNULL)]
        wait_for(port)
        if delay_ms:
            server_port, port = port, free_port()
            line = [sys.executable, "-m", "benchmarks.slow_line", str(port), str(server_port), str(delay_ms)]
            processes.append(subprocess.Popen(line))
            wait_for(port)
        try:
            yield f"http://127.0.0.1:{port}", processes
        finally:
            for process in reversed(processes):
                process.terminate()
                process.wait()
