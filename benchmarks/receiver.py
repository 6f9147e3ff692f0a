"""A minimal server on 127.0.0.1 that answers every POST with 200 and `{}`.

`python -m benchmarks.receiver PORT [close]`; `close` ends each connection after one response.
"""

import asyncio
import sys

RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n%s\r\n{}"


class Receiver(asyncio.Protocol):
    """One connection with one request or, if neither side closes it, several."""

    def __init__(self, *, closes: bool) -> None:
        self._closes = closes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        """Answer when the request is complete."""
        self._received += data
        head, _, body = self._received.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next((line for line in lines if line.startswith(b"content-length:")), b":0")
        if len(body) >= int(length.split(b":")[1]):
            closes = self._closes or b"connection: close" in lines
            self._transport.write(RESPONSE % (b"Connection: close\r\n" if closes else b""))
            self._received = b""
            if closes:
                self._transport.close()


async def main(port: int, *, closes: bool) -> None:
    """Serve until cancelled."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Receiver(closes=closes), "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), closes="close" in sys.argv[2:]))
