"""CreateSchedule through boto3: in this process compared with peers, over HTTP compared with an empty handler."""

import sys

from benchmarks.measuring import engine, free_port, heading, http_client, peer, process, rate, row, schedule, verdict

COUNT = 2000
EMPTY_HANDLER = """
import os, sys, tempfile, uvicorn
file, flush = tempfile.TemporaryFile(), {flush}
os.write(file.fileno(), b"x" * 4_000_000)
os.fsync(file.fileno())
async def app(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    if flush:
        os.pwrite(file.fileno(), b"y" * 4096, 0)
        os.fdatasync(file.fileno())
    headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
    await send({{"type": "http.response.start", "status": 200, "headers": headers}})
    await send({{"type": "http.response.body", "body": b"{{}}"}})
uvicorn.run(app, port=int(sys.argv[1]), log_level="error", lifespan="off")
"""


def http_rate(url: str, threads: int, *keys: str) -> float:
    """Return the rate of a server."""
    client = http_client(url, *keys)
    rate(lambda name: client.create_schedule(**schedule(name)), count=100, prefix=f"warm{threads}")
    return rate(
        lambda name: client.create_schedule(**schedule(name)), count=COUNT, threads=threads, prefix=f"n{threads}"
    )


def in_process_rate(threads: int) -> float:
    """Return the rate of the engine in this process."""
    with engine() as (_, client):
        rate(lambda name: client.create_schedule(**schedule(name)), count=100, prefix="warm")
        return rate(lambda name: client.create_schedule(**schedule(name)), count=COUNT, threads=threads)


def process_rate(command: list[str], port: int, threads: int, *keys: str, **environment: str) -> float:
    """Return the rate of a server, run by a command."""
    with process(command, port, **environment):
        return http_rate(f"http://127.0.0.1:{port}", threads, *keys)


def compare_with_peers(threads: int) -> None:
    """Compare the engine in this process with the installed peers."""
    own = in_process_rate(threads)
    row(f"in this process, durable, {threads} thread(s)", f"{own:,.0f}/s")
    port = free_port()
    for name, command, aim, environment in (
        ("ministack", [], 1.5, {"GATEWAY_PORT": str(port), "EDGE_PORT": str(port)}),
        ("moto_server", ["-p", str(port)], 4, {}),
    ):
        if path := peer(name):
            theirs = process_rate([path, *command], port, threads, **environment)
            row(f"{name}, in memory, {threads} thread(s)", f"{theirs:,.0f}/s", verdict(own / theirs, at_least=aim))


def empty_handler_rate(threads: int, *, flush: bool) -> float:
    """Return the rate of a handler that does nothing, or only flushes 4 KB."""
    port = free_port()
    return process_rate([sys.executable, "-c", EMPTY_HANDLER.format(flush=flush), str(port)], port, threads)


def compare_over_http(threads: int) -> None:
    """Compare the engine over HTTP with an empty handler."""
    floor, durable_floor = empty_handler_rate(threads, flush=False), empty_handler_rate(threads, flush=True)
    port = free_port()
    keys = {"PUNCTUAL_LOCAL_ACCESS_KEY_ID": "LOCALTEST", "PUNCTUAL_LOCAL_SECRET_ACCESS_KEY": "secret"}
    command = [sys.executable, "-m", "benchmarks.engine_alone", str(port)]
    own = process_rate(command, port, threads, *keys.values(), **keys)
    row(f"an empty handler over HTTP, {threads} thread(s)", f"{floor:,.0f}/s")
    row(
        f"a handler that flushes 4 KB, {threads} thread(s)", f"{durable_floor:,.0f}/s", f"{durable_floor / floor:.2f} x"
    )
    row(f"the engine over HTTP, durable, {threads} thread(s)", f"{own:,.0f}/s", verdict(own / floor, at_least=0.8))


if __name__ == "__main__":
    heading("Creating schedules")
    for threads in (1, 8):
        compare_with_peers(threads)
    for threads in (1, 8):
        compare_over_http(threads)
