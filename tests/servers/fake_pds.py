"""As much of a Bluesky server as Punctual speaks with, answering as @atproto/pds 0.5.35 was seen to answer.

    python fake_pds.py

Prints one line of JSON with its address, and stops when its standard input ends.
"""

import hashlib
import json
import secrets
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

ACCOUNTS: dict[str, dict[str, str]] = {}  # by handle: did, password, app (an app password)
TOKENS: dict[str, str] = {}  # DID by access token
RECORDS: dict[str, dict[str, object]] = {}  # by at:// address
BLOBS: dict[str, bytes] = {}  # by the CID that stands for it
BLOB_LIMIT = 5 * 1024 * 1024
LOCK = threading.Lock()


class Refusal(Exception):
    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status, self.answer = status, {"error": error, "message": message}


def create_account(asked: dict, _: str | None) -> dict:
    did = f"did:plc:{secrets.token_hex(12)}"
    ACCOUNTS[asked["handle"]] = {"did": did, "password": asked["password"]}
    return {"did": did, "handle": asked["handle"], "accessJwt": _token(did)}


def create_app_password(asked: dict, did: str | None) -> dict:
    account = next(account for account in ACCOUNTS.values() if account["did"] == did)
    account["app"] = "-".join(secrets.token_hex(2) for _ in range(4))
    return {"name": asked["name"], "password": account["app"]}


def revoke_app_password(asked: dict, did: str | None) -> dict:
    next(account for account in ACCOUNTS.values() if account["did"] == did).pop("app")
    return {}


def create_session(asked: dict, _: str | None) -> dict:
    for handle, account in ACCOUNTS.items():
        known = asked["identifier"] in (handle, account["did"])
        if known and asked["password"] in (account["password"], account.get("app")):
            return {"did": account["did"], "handle": handle, "accessJwt": _token(account["did"]), "active": True}
    raise Refusal(401, "AuthenticationRequired", "Invalid identifier or password")


def describe_server(_: dict, __: str | None) -> dict:
    return {"did": "did:web:localhost", "availableUserDomains": [".test"], "blobUploadLimit": BLOB_LIMIT}


def resolve_handle(asked: dict, _: str | None) -> dict:
    if asked["handle"] not in ACCOUNTS:
        raise Refusal(400, "HandleNotFound", "Unable to resolve handle")
    return {"did": ACCOUNTS[asked["handle"]]["did"]}


def upload_blob(content: bytes, did: str | None, content_type: str) -> dict:
    if did is None:
        raise Refusal(401, "AuthenticationRequired", "Authentication Required")
    if len(content) > BLOB_LIMIT:
        raise Refusal(413, "PayloadTooLarge", "request entity too large")
    if content[4:8] == b"ftyp":
        content_type = "video/x-m4v" if content[8:11] == b"M4V" else "video/mp4"
    cid = f"bafkrei{hashlib.sha256(content).hexdigest()[:52]}"
    BLOBS[cid] = content
    return {"blob": {"$type": "blob", "ref": {"$link": cid}, "mimeType": content_type, "size": len(content)}}


def put_record(asked: dict, did: str | None) -> dict:
    if did is None or did != asked["repo"]:
        raise Refusal(401, "AuthenticationRequired", "Authentication Required")
    address = f"at://{did}/{asked['collection']}/{asked['rkey']}"
    with LOCK:
        there = RECORDS.get(address)
        if there != asked["record"]:
            if there is not None and asked.get("swapRecord", "") is None:
                raise Refusal(400, "InvalidSwap", "Record was at bafyreifcfn3iloohguszsyihudpkzcs3esfkxfgnih2myaw")
            _check_embed(asked["record"].get("embed", {}))
            if len(asked["record"]["text"]) > 3000:
                raise Refusal(400, "InvalidRequest", "Invalid app.bsky.feed.post record: string too big")
            RECORDS[address] = asked["record"]
    return {"uri": address, "cid": "bafyreifcfn3iloohguszsyihudpkzcs3esfkxfgnih2myawvsa2xe5j2ci"}


def _check_embed(embed: dict) -> None:
    video = [embed["video"]] if "video" in embed else []
    for blob in [image["image"] for image in embed.get("images", [])] + video:
        if blob["ref"]["$link"] not in BLOBS:
            raise Refusal(400, "BlobNotFound", "Could not find blob: " + blob["ref"]["$link"])
    if video and video[0]["mimeType"] != "video/mp4":
        wrong = f'Expected "video/mp4" (got "{video[0]["mimeType"]}") at $.record.embed.video.mimeType'
        raise Refusal(400, "InvalidRequest", f"Invalid app.bsky.feed.post record: {wrong}")


def get_record(asked: dict, _: str | None) -> dict:
    address = f"at://{asked['repo']}/{asked['collection']}/{asked['rkey']}"
    if address not in RECORDS:
        raise Refusal(400, "RecordNotFound", f"Could not locate record: {address}")
    return {"uri": address, "value": RECORDS[address]}


def list_records(asked: dict, _: str | None) -> dict:
    place = f"at://{asked['repo']}/{asked['collection']}/"
    return {"records": [{"uri": uri, "value": value} for uri, value in RECORDS.items() if uri.startswith(place)]}


UPLOAD = "com.atproto.repo.uploadBlob"
METHODS = {
    "com.atproto.server.createAccount": create_account,
    "com.atproto.server.createAppPassword": create_app_password,
    "com.atproto.server.revokeAppPassword": revoke_app_password,
    "com.atproto.server.createSession": create_session,
    "com.atproto.server.describeServer": describe_server,
    "com.atproto.identity.resolveHandle": resolve_handle,
    "com.atproto.repo.putRecord": put_record,
    "com.atproto.repo.getRecord": get_record,
    "com.atproto.repo.listRecords": list_records,
}


def _token(did: str) -> str:
    token = secrets.token_hex(16)
    TOKENS[token] = did
    return token


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(body if self.path.endswith(UPLOAD) else json.loads(body))

    def _answer(self, asked: dict | bytes) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            if token and token not in TOKENS:
                raise Refusal(400, "InvalidToken", "Token could not be verified")
            status, answer = 200, self._done(asked, TOKENS.get(token))
        except Refusal as refusal:
            status, answer = refusal.status, refusal.answer
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _done(self, asked: dict | bytes, did: str | None) -> dict:
        if isinstance(asked, bytes):
            return upload_blob(asked, did, self.headers["Content-Type"])
        return METHODS[urlsplit(self.path).path.removeprefix("/xrpc/")](asked, did)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"address": f"http://127.0.0.1:{server.server_address[1]}"}), flush=True)
    sys.stdin.read()
