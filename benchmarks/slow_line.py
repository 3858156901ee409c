"""A line to a port of this machine that delays what goes through: `python -m benchmarks.slow_line PORT TO DELAY_MS`."""

import asyncio
import sys
from collections import deque
from typing import Final

READ_BYTES: Final = 64 << 10
MOST_ON_THE_WAY: Final = 64  # reads


class OneWay:
    """Hands on what it reads, each piece `delay_s` after it came."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay_s: float) -> None:
        self._reader = reader
        self._writer = writer
        self._delay_s = delay_s
        self._pieces: deque[tuple[float, bytes]] = deque()
        self._changed = asyncio.Condition()

    async def run(self) -> None:
        try:
            await asyncio.gather(self._read(), self._write())
        except OSError:
            pass
        finally:
            self._writer.close()

    async def _read(self) -> None:
        now, piece = asyncio.get_running_loop().time, b"-"
        while piece:
            piece = await self._reader.read(READ_BYTES)
            async with self._changed:
                await self._changed.wait_for(lambda: len(self._pieces) < MOST_ON_THE_WAY)
                self._pieces.append((now() + self._delay_s, piece))
                self._changed.notify_all()

    async def _write(self) -> None:
        now = asyncio.get_running_loop().time
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._pieces)
                due, piece = self._pieces.popleft()
                self._changed.notify_all()
            await asyncio.sleep(max(0.0, due - now()))
            if not piece:
                return
            self._writer.write(piece)
            await self._writer.drain()


async def serve(port: int, server_port: int, delay_s: float) -> None:
    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", server_port)
        ways = [OneWay(reader, back, delay_s), OneWay(there, writer, delay_s)]
        done, running = await asyncio.wait(
            [asyncio.create_task(way.run()) for way in ways], return_when=asyncio.FIRST_COMPLETED
        )
        for task in running:
            task.cancel()
        await asyncio.gather(*done, *running, return_exceptions=True)

    async with await asyncio.start_server(connect, "127.0.0.1", port, backlog=128) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) / 1000))
