"""Invokes the packaged posting function: `python -I -S invoke_package.py PACKAGE RUNTIME < EVENT`.

It can import only the standard library, the package and the libraries of Lambda's runtime. AWS responds as if its table
were empty; stderr lists the requests.
"""

import base64
import json
import os
import sys
import time

KEY = base64.b64encode(b"a key that only tests know").decode()
RESPONSES = {
    "GetParameter": {"Parameter": {"Value": f"whsec_{KEY}"}},
    "BatchGetItem": {"Responses": {}, "UnprocessedKeys": {}},
    "GetParametersByPath": {"Parameters": []},
}


class RawResponse:
    """The part of urllib3's response that botocore reads."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, *_: object, **__: object) -> list[bytes]:
        return [self.content]


def respond(event_name: str, request: object, **_: object) -> object:
    """Respond as AWS, in botocore's before-send event."""
    from botocore.awsrequest import AWSResponse

    operation = event_name.rsplit(".", 1)[1]
    print(operation, file=sys.stderr)
    return AWSResponse(request.url, 200, {}, RawResponse(json.dumps(RESPONSES.get(operation, {})).encode()))


def main(package: str, runtime: str) -> None:
    sys.path += [package, runtime]
    os.environ |= {
        "TABLE_NAME": "ledger",
        "MEDIA_BUCKET": "media",
        "ACCOUNTS_PATH": "/punctual/Punctual/accounts",
        "SIGNING_SECRET_PARAMETER": "/Punctual/signing-secret",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    began = time.process_time()
    import boto3

    boto3.setup_default_session()
    boto3.DEFAULT_SESSION.events.register("before-send", respond)
    from core.backends.posting_entry import handle

    seconds = time.process_time() - began
    print(json.dumps({"seconds_to_start": seconds, "response": handle(json.load(sys.stdin), None)}))


main(*sys.argv[1:])
