"""A plain receiver: takes any POST on 127.0.0.1 and answers 200 with nothing, as quickly as Python can.

`python -m benchmarks.receiver PORT [close]`; with `close` it ends each connection after one answer.
"""

import asyncio
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n%s\r\n{}"


class Receiver(asyncio.Protocol):
    """One connection: a request, and further ones unless either side closes it."""

    def __init__(self, *, closes: bool) -> None:
        self._closes = closes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, _, body = self._received.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next((line for line in lines if line.startswith(b"content-length:")), b":0")
        if len(body) >= int(length.split(b":")[1]):
            closes = self._closes or b"connection: close" in lines
            self._transport.write(ANSWER % (b"Connection: close\r\n" if closes else b""))
            self._received = b""
            if closes:
                self._transport.close()


async def main(port: int, *, closes: bool) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Receiver(closes=closes), "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), closes="close" in sys.argv[2:]))
