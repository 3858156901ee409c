"""A SOCKS5 proxy on this machine (RFC 1928, without a login) that leads everything to one port."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.serving import serving_in_thread


@contextmanager
def serving_socks(port: int) -> Iterator[tuple[str, list[bytes]]]:
    """Its address, and the hosts that were asked for."""
    hosts: list[bytes] = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(self.request.recv(2)[1])  # the ways of logging in that it offers
            self.request.sendall(b"\5\0")
            length = self.request.recv(5)[4]  # of the host's name, the port's two bytes come after it
            hosts.append(self.request.recv(length + 2)[:-2])
            with socket.create_connection(("127.0.0.1", port)) as server:
                self.request.sendall(b"\5\0\0\1\0\0\0\0\0\0")
                back = threading.Thread(target=pump, args=(server, self.request))
                back.start()
                pump(self.request, server)
                back.join()

    proxy = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    with serving_in_thread(proxy):
        yield f"socks5://127.0.0.1:{proxy.server_address[1]}", hosts


def pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:  # the other one has gone
        return
