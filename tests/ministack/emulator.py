"""MiniStack with its gaps closed where Punctual meets them: `python emulator.py MINISTACK RECEIVER_PORT CERTIFICATE`.

The arguments are the folder with the package, the port of the posting server, and a file with a key and a certificate.

Each function named `correct_...` closes one gap and says how AWS behaves. What stays open:

- Functions run on this machine's processor and Python, without a limit of memory or processor.
- An IAM function URL only checks that a request is signed; IAM policies are not evaluated.
- The scheduler ignores the time zone of a cron, the retry policy and the dead-letter queue.
"""

import asyncio
import json
import os
import socket
import ssl
import sys
import threading
from datetime import UTC, datetime

FUNCTION_URLS, POSTING_SERVER = ".on.aws", "posts.example.org"
"""The endings of the host names that the functions call over TLS."""
SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
SECONDS_BETWEEN_LOOKS = 0.5


def correct_scheduled_time(scheduler, eventbridge):
    """AWS replaces the placeholder of the scheduled time in a target's input by the instant in UTC."""
    invoke = eventbridge._invoke_target

    def invoke_with_time(target, event, schedule, view=None):
        text = target.get("Input", "")
        if event.get("Source") == "aws.scheduler" and SCHEDULED_TIME in text:
            at = scheduler._at_time_epoch(schedule["ScheduleExpression"])
            instant = datetime.fromtimestamp(at or event["Time"] // 60 * 60, UTC)
            target = target | {"Input": text.replace(SCHEDULED_TIME, f"{instant:%Y-%m-%dT%H:%M:%SZ}")}
        return invoke(target, event, schedule, view)

    eventbridge._invoke_target = invoke_with_time


def correct_pages(scheduler):
    """AWS sends NextToken with ListSchedules if more schedules follow."""
    list_all = scheduler._list_schedules

    def list_page(query):
        size, begin = int(query.get("MaxResults", 100)), int(query.get("NextToken", 0))
        status, headers, body = list_all(query | {"MaxResults": str(sys.maxsize)})
        found = json.loads(body)["Schedules"]
        page = {"Schedules": found[begin : begin + size]}
        if len(found) > begin + size:
            page["NextToken"] = str(begin + size)
        return status, headers, json.dumps(page).encode()

    scheduler._list_schedules = list_page


def correct_retries(eventbridge, functions):
    """Lambda repeats an invocation of the scheduler that failed, because it is asynchronous."""

    def dispatch(arn, payload):
        function, config, name = functions._get_func_record_for_ref(arn)
        if not function:
            print(f"There is no function {name}", file=sys.stderr)
            return
        functions.invoke_async_with_retry(functions._execution_record_for_config(function, config), json.loads(payload))

    eventbridge._dispatch_to_lambda = dispatch


def correct_invoke_config(functions):
    """AWS finds the configuration of asynchronous invocation of $LATEST, which CloudFormation sets, without a name."""
    find = functions._event_invoke_config
    functions._event_invoke_config = lambda function, qualifier: (
        find(function, qualifier) or (None if qualifier else find(function, "$LATEST"))
    )


def serve_tls(listener, certificate, port):
    """Pass the connections of a listener on to a port of this machine, without their TLS."""

    async def pipe(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def connect(reader, writer):
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pipe(reader, inner_writer), pipe(inner_reader, writer), return_exceptions=True)

    async def serve():
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        server = await asyncio.start_server(connect, sock=listener, ssl=context)
        await server.serve_forever()

    threading.Thread(target=asyncio.run, args=(serve(),), daemon=True).start()


def main(folder: str, receiver_port: str, certificate: str) -> None:
    """Serve AWS on GATEWAY_PORT of this machine, and TLS for the posting server and for function URLs."""
    sys.path.insert(0, folder)  # in this process only: the functions import this machine's boto3
    targets = {FUNCTION_URLS: int(os.environ["GATEWAY_PORT"]), POSTING_SERVER: int(receiver_port)}
    listeners = {ending: socket.create_server(("127.0.0.1", 0)) for ending in targets}
    for ending, listener in listeners.items():
        serve_tls(listener, certificate, targets[ending])
    hosts = {ending: listener.getsockname()[1] for ending, listener in listeners.items()}
    os.environ |= {
        "BIND_HOST": "127.0.0.1",
        "LOOPBACK_HOSTS": json.dumps(hosts),
        "PYTHONPATH": os.path.join(os.path.dirname(os.path.abspath(__file__)), "functions"),
        "SSL_CERT_FILE": certificate,
        "LAMBDA_ACCOUNT_CONCURRENCY": "10",  # as in a new account
        "IOT_MTLS_ENABLED": "false",  # it would listen beyond this machine
    }

    from ministack import app
    from ministack.services import eventbridge, lambda_svc, scheduler

    scheduler._SCHEDULE_TICK_INTERVAL = SECONDS_BETWEEN_LOOKS
    correct_scheduled_time(scheduler, eventbridge)
    correct_pages(scheduler)
    correct_retries(eventbridge, lambda_svc)
    correct_invoke_config(lambda_svc)
    sys.argv = sys.argv[:1]
    app.main()


if __name__ == "__main__":
    main(*sys.argv[1:])
