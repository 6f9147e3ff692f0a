"""Answers an event as the deployed function would: `python -I -S answering.py PACKAGE RUNTIME < EVENT`.

Nothing but the standard library, the package and the libraries of Lambda's own runtime can be imported. AWS answers as
if its table were empty; every request to it is told on stderr.
"""

import base64
import json
import os
import sys
import time

KEY = base64.b64encode(b"a key that only tests know").decode()
ANSWERS = {
    "GetSecretValue": {"SecretString": KEY},
    "BatchGetItem": {"Responses": {}, "UnprocessedKeys": {}},
    "GetParametersByPath": {"Parameters": []},
}


class Content:
    """As much of urllib3's response as botocore reads."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, *_: object, **__: object) -> list[bytes]:
        return [self.content]


def answer(event_name: str, request: object, **_: object) -> object:
    """Stand in for AWS, in botocore's before-send."""
    from botocore.awsrequest import AWSResponse

    operation = event_name.rsplit(".", 1)[1]
    print(operation, file=sys.stderr)
    return AWSResponse(request.url, 200, {}, Content(json.dumps(ANSWERS.get(operation, {})).encode()))


def main(package: str, runtime: str) -> None:
    sys.path += [package, runtime]
    os.environ |= {
        "TABLE_NAME": "ledger",
        "MEDIA_BUCKET": "media",
        "ACCOUNTS_PATH": "/punctual/Punctual/accounts",
        "SIGNING_SECRET_ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:signing",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    began = time.process_time()
    import boto3

    boto3.setup_default_session()
    boto3.DEFAULT_SESSION.events.register("before-send", answer)
    from core.backends.posting_entry import handle

    seconds = time.process_time() - began
    print(json.dumps({"seconds_to_start": seconds, "answer": handle(json.load(sys.stdin), None)}))


main(*sys.argv[1:])
