"""A fake Bluesky server with the methods that Punctual and its tests call. It responds like @atproto/pds 0.5.35.

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

ACCOUNTS: dict[str, dict[str, str]] = {}  # DID, password and app password, by handle
TOKENS: dict[str, str] = {}  # DID, by access token
RECORDS: dict[str, dict[str, object]] = {}  # record, by at:// URI
BLOBS: dict[str, bytes] = {}  # content, by CID
BLOB_LIMIT = 5 * 1024 * 1024
LOCK = threading.Lock()


class RejectedCall(Exception):
    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status, self.response = status, {"error": error, "message": message}


def create_account(params: dict, _: str | None) -> dict:
    did = f"did:plc:{secrets.token_hex(12)}"
    ACCOUNTS[params["handle"]] = {"did": did, "password": params["password"]}
    return {"did": did, "handle": params["handle"], "accessJwt": _token(did)}


def create_app_password(params: dict, did: str | None) -> dict:
    account = next(account for account in ACCOUNTS.values() if account["did"] == did)
    account["app_password"] = "-".join(secrets.token_hex(2) for _ in range(4))
    return {"name": params["name"], "password": account["app_password"]}


def revoke_app_password(params: dict, did: str | None) -> dict:
    next(account for account in ACCOUNTS.values() if account["did"] == did).pop("app_password")
    return {}


def create_session(params: dict, _: str | None) -> dict:
    for handle, account in ACCOUNTS.items():
        matches = params["identifier"] in (handle, account["did"])
        if matches and params["password"] in (account["password"], account.get("app_password")):
            return {"did": account["did"], "handle": handle, "accessJwt": _token(account["did"]), "active": True}
    raise RejectedCall(401, "AuthenticationRequired", "Invalid identifier or password")


def describe_server(_: dict, __: str | None) -> dict:
    return {"did": "did:web:localhost", "availableUserDomains": [".test"], "blobUploadLimit": BLOB_LIMIT}


def resolve_handle(params: dict, _: str | None) -> dict:
    if params["handle"] not in ACCOUNTS:
        raise RejectedCall(400, "HandleNotFound", "Unable to resolve handle")
    return {"did": ACCOUNTS[params["handle"]]["did"]}


def upload_blob(content: bytes, did: str | None, content_type: str) -> dict:
    if did is None:
        raise RejectedCall(401, "AuthenticationRequired", "Authentication Required")
    if len(content) > BLOB_LIMIT:
        raise RejectedCall(413, "PayloadTooLarge", "request entity too large")
    if content[4:8] == b"ftyp":
        content_type = "video/x-m4v" if content[8:11] == b"M4V" else "video/mp4"
    cid = f"bafkrei{hashlib.sha256(content).hexdigest()[:52]}"
    BLOBS[cid] = content
    return {"blob": {"$type": "blob", "ref": {"$link": cid}, "mimeType": content_type, "size": len(content)}}


def put_record(params: dict, did: str | None) -> dict:
    if did is None or did != params["repo"]:
        raise RejectedCall(401, "AuthenticationRequired", "Authentication Required")
    uri = f"at://{did}/{params['collection']}/{params['rkey']}"
    with LOCK:
        existing = RECORDS.get(uri)
        if existing != params["record"]:
            if existing is not None and params.get("swapRecord", "") is None:
                raise RejectedCall(400, "InvalidSwap", "Record was at bafyreifcfn3iloohguszsyihudpkzcs3esfkxfgnih2myaw")
            _check_embed(params["record"].get("embed", {}))
            if len(params["record"].get("text", "")) > 3000:
                raise RejectedCall(400, "InvalidRequest", "Invalid app.bsky.feed.post record: string too big")
            RECORDS[uri] = params["record"]
    return {"uri": uri, "cid": "bafyreifcfn3iloohguszsyihudpkzcs3esfkxfgnih2myawvsa2xe5j2ci"}


def _check_embed(embed: dict) -> None:
    video = [embed["video"]] if "video" in embed else []
    for blob in [image["image"] for image in embed.get("images", [])] + video:
        if blob["ref"]["$link"] not in BLOBS:
            raise RejectedCall(400, "BlobNotFound", "Could not find blob: " + blob["ref"]["$link"])
    if video and video[0]["mimeType"] != "video/mp4":
        reason = f'Expected "video/mp4" (got "{video[0]["mimeType"]}") at $.record.embed.video.mimeType'
        raise RejectedCall(400, "InvalidRequest", f"Invalid app.bsky.feed.post record: {reason}")


def get_record(params: dict, _: str | None) -> dict:
    uri = f"at://{params['repo']}/{params['collection']}/{params['rkey']}"
    if uri not in RECORDS:
        raise RejectedCall(400, "RecordNotFound", f"Could not locate record: {uri}")
    return {"uri": uri, "value": RECORDS[uri]}


def list_records(params: dict, _: str | None) -> dict:
    prefix = f"at://{params['repo']}/{params['collection']}/"
    return {"records": [{"uri": uri, "value": value} for uri, value in RECORDS.items() if uri.startswith(prefix)]}


def delete_record(params: dict, did: str | None) -> dict:
    if did is None or did != params["repo"]:
        raise RejectedCall(401, "AuthenticationRequired", "Authentication Required")
    RECORDS.pop(f"at://{did}/{params['collection']}/{params['rkey']}", None)
    return {}


UPLOAD = "com.atproto.repo.uploadBlob"
METHODS = {
    "com.atproto.server.createAccount": create_account,
    "com.atproto.server.createAppPassword": create_app_password,
    "com.atproto.server.revokeAppPassword": revoke_app_password,
    "com.atproto.server.createSession": create_session,
    "com.atproto.server.describeServer": describe_server,
    "com.atproto.identity.resolveHandle": resolve_handle,
    "com.atproto.repo.putRecord": put_record,
    "com.atproto.repo.deleteRecord": delete_record,
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
        self._respond(dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._respond(body if self.path.endswith(UPLOAD) else json.loads(body))

    def _respond(self, params: dict | bytes) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            if token and token not in TOKENS:
                raise RejectedCall(400, "InvalidToken", "Token could not be verified")
            status, response = 200, self._call(params, TOKENS.get(token))
        except RejectedCall as error:
            status, response = error.status, error.response
        body = json.dumps(response).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _call(self, params: dict | bytes, did: str | None) -> dict:
        if isinstance(params, bytes):
            return upload_blob(params, did, self.headers["Content-Type"])
        return METHODS[urlsplit(self.path).path.removeprefix("/xrpc/")](params, did)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"address": f"http://127.0.0.1:{server.server_address[1]}"}), flush=True)
    sys.stdin.read()
