"""A Hub on a port of this machine: what the real client asks for, over real sockets.

It keeps repositories as lists of commits, large files by their sha256, and a log of every request.
`break_at` cuts the connection of requests whose path holds a word; `statuses` answers them so.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "hf_aSecretThatNobodyMayWriteDown"
READER = "hf_aTokenThatMayOnlyRead"
LARGE = (".parquet", ".safetensors")
TREE_PAGE = 7


@dataclass
class Repo:
    private: bool
    commits: list[tuple[str, dict[str, bytes]]] = field(default_factory=list)

    def put(self, files: dict[str, bytes]) -> str:
        seed = json.dumps([len(self.commits), sorted(files)]).encode()
        body = b"".join(files[path] for path in sorted(files))
        sha = hashlib.sha1(seed + body).hexdigest()
        self.commits.append((sha, files))
        return sha

    def at(self, revision: str) -> tuple[str, dict[str, bytes]] | None:
        if revision == "main":
            return self.commits[-1]
        return next((one for one in self.commits if one[0] == revision), None)


@dataclass
class FakeHub:
    repos: dict[str, Repo] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    heard: list[str | None] = field(default_factory=list)
    broken: str = ""
    statuses: dict[str, int] = field(default_factory=dict)
    before_commit: Any = None
    url: str = ""
    lock: Any = field(default_factory=threading.RLock)

    def files(self, name: str) -> dict[str, bytes]:
        return self.repos[name].commits[-1][1]

    def uploads(self) -> list[str]:
        return [line for line in self.log if line.startswith("PUT ")]


def blob_id(content: bytes) -> str:
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()


class Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._serve()

    do_HEAD = do_POST = do_PUT = do_GET

    def _serve(self) -> None:
        split = urlsplit(self.path)
        self.parts = [unquote(part) for part in split.path.strip("/").split("/")]
        self.query = parse_qs(split.query)
        self.body = self._body()
        with self.hub.lock:
            self.hub.log.append(f"{self.command} {split.path}")
            self.hub.heard.append(self.headers.get("Authorization"))
        if self.hub.broken and self.hub.broken in split.path:
            self.close_connection = True
            self.connection.close()
            return
        status = next((s for word, s in self.hub.statuses.items() if word in split.path), None)
        if status:
            self._json({"error": "so it was asked"}, status)
            return
        with self.hub.lock:
            self._route()

    def _body(self) -> bytes:
        if "chunked" not in (self.headers.get("Transfer-Encoding") or ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    @property
    def token(self) -> str | None:
        return (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None

    def _route(self) -> None:
        first, *rest = self.parts
        if first == "upload":
            self._store(rest[0])
        elif first == "api":
            self._api(rest)
        elif self.parts[-4:] == ["info", "lfs", "objects", "batch"]:
            self._batch()
        elif self.parts[-1] == "verify":
            self._verify()
        elif "resolve" in self.parts:
            self._resolve()
        else:
            self._json({"error": "no such place"}, 404)

    def _api(self, rest: list[str]) -> None:
        if rest == ["whoami-v2"]:
            known = self.token in (TOKEN, READER)
            self._json({"name": "ada"} if known else {"error": "Invalid"}, 200 if known else 401)
        elif rest == ["validate-yaml"]:
            self._json({"errors": [], "warnings": []})
        elif rest == ["repos", "create"]:
            self._create()
        elif rest[0] in ("datasets", "models"):
            self._repo(f"{rest[0]}/{rest[1]}/{rest[2]}", rest[3:])
        else:
            self._json({"error": "no such place"}, 404)

    def _may(self, repo: Repo, write: bool = False) -> bool:
        if write:
            return self.token == TOKEN
        return not repo.private or self.token in (TOKEN, READER)

    def _create(self) -> None:
        asked = json.loads(self.body)
        name = f"{asked.get('type', 'model')}s/{asked['organization']}/{asked['name']}"
        if self.token != TOKEN:
            self._json({"error": "Forbidden"}, 403)
        elif name in self.hub.repos:
            self._json({"error": "You already created this"}, 409)
        else:
            self.hub.repos[name] = Repo(
                asked.get("visibility") == "private" or asked.get("private")
            )
            self.hub.repos[name].put({".gitattributes": b"*.parquet filter=lfs\n"})
            self._json({"url": f"{self.hub.url}/{name}"})

    def _repo(self, name: str, rest: list[str]) -> None:
        repo = self.hub.repos.get(name)
        if repo is None or not self._may(repo):
            status = 404 if self.token else 401
            self._json({"error": "not found"}, status, {"X-Error-Code": "RepoNotFound"})
            return
        act, revision = [*rest, "revision", "main"][:2] if len(rest) != 1 else [rest[0], "main"]
        found = repo.at(revision)
        if found is None:
            self._json({"error": "no revision"}, 404, {"X-Error-Code": "RevisionNotFound"})
        elif act == "revision":
            body = {"id": name.split("/", 1)[1], "sha": found[0], "private": repo.private}
            self._json({**body, "siblings": [], "tags": [], "downloads": 0, "likes": 0})
        elif act == "tree":
            self._tree(found[1])
        elif act == "paths-info":
            wanted = parse_qs(self.body.decode()).get("paths", [])
            self._json([self._entry(p, found[1][p]) for p in wanted if p in found[1]])
        elif not self._may(repo, write=True):
            self._json({"error": "Forbidden"}, 403)
        elif act == "preupload":
            self._preupload(found[1])
        elif act == "commit":
            self._commit(name, repo)

    def _entry(self, path: str, content: bytes) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "type": "file",
            "path": path,
            "size": len(content),
            "oid": blob_id(content),
        }
        if path.endswith(LARGE):
            sha = hashlib.sha256(content).hexdigest()
            pointer = f"version https://git-lfs\noid sha256:{sha}\nsize {len(content)}\n".encode()
            entry["oid"] = blob_id(pointer)
            entry["lfs"] = {"oid": sha, "size": len(content), "pointerSize": len(pointer)}
        return entry

    def _tree(self, files: dict[str, bytes]) -> None:
        start = int(self.query.get("cursor", ["0"])[0])
        folders = sorted({path.rpartition("/")[0] for path in files} - {""})
        every: list[dict[str, Any]] = [
            {"type": "directory", "path": path, "size": 0, "oid": blob_id(path.encode())}
            for path in folders
        ]
        every += [self._entry(path, files[path]) for path in sorted(files)]
        headers = {}
        if start + TREE_PAGE < len(every):
            path = urlsplit(self.path).path
            more = f"{self.hub.url}{path}?recursive=true&cursor={start + TREE_PAGE}"
            headers["Link"] = f'<{more}>; rel="next"'
        self._json(every[start : start + TREE_PAGE], headers=headers)

    def _preupload(self, files: dict[str, bytes]) -> None:
        told = []
        for file in json.loads(self.body)["files"]:
            path = file["path"]
            content = files.get(path)
            told.append(
                {
                    "path": path,
                    "uploadMode": "lfs" if path.endswith(LARGE) else "regular",
                    "shouldIgnore": False,
                    "oid": self._entry(path, content)["oid"] if content is not None else None,
                }
            )
        self._json({"files": told})

    def _batch(self) -> None:
        if self.token != TOKEN:
            self._json({"error": "Forbidden"}, 403)
            return
        base = self.path.removesuffix("/objects/batch")
        objects = []
        for one in json.loads(self.body)["objects"]:
            told: dict[str, Any] = {"oid": one["oid"], "size": one["size"]}
            if one["oid"] not in self.hub.blobs:
                told["actions"] = {
                    "upload": {"href": f"{self.hub.url}/upload/{one['oid']}"},
                    "verify": {"href": f"{self.hub.url}{base}/verify"},
                }
            objects.append(told)
        self._json({"transfer": "basic", "objects": objects})

    def _store(self, oid: str) -> None:
        if hashlib.sha256(self.body).hexdigest() != oid:
            self._json({"error": "other bytes"}, 400)
            return
        self.hub.blobs[oid] = self.body
        self._json({})

    def _verify(self) -> None:
        asked = json.loads(self.body)
        held = self.hub.blobs.get(asked["oid"], b"")
        self._json({}, 200 if len(held) == asked["size"] else 404)

    def _commit(self, name: str, repo: Repo) -> None:
        if self.hub.before_commit is not None:
            self.hub.before_commit()
        lines = [json.loads(line) for line in self.body.splitlines()]
        files = dict(repo.commits[-1][1])
        for line in lines:
            key, value = line["key"], line["value"]
            if key == "header" and value.get("parentCommit") not in (None, repo.commits[-1][0]):
                self._json({"error": "A commit has happened since."}, 412)
                return
            if key == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif key == "lfsFile":
                files[value["path"]] = self.hub.blobs[value["oid"]]
            elif key == "deletedFile":
                del files[value["path"]]
        sha = repo.put(files)
        url = f"{self.hub.url}/{name}/commit/{sha}"
        self._json({"commitUrl": url, "commitOid": sha, "success": True})

    def _resolve(self) -> None:
        place = self.parts.index("resolve")
        owner = self.parts[:place]
        name = "/".join(owner if owner[0] == "datasets" else ["models", *owner])
        revision, path = self.parts[place + 1], "/".join(self.parts[place + 2 :])
        repo = self.hub.repos.get(name)
        found = repo.at(revision) if repo is not None and self._may(repo) else None
        if found is None or path not in found[1]:
            code = "RepoNotFound" if found is None else "EntryNotFound"
            self._json({"error": "not found"}, 404, {"X-Error-Code": code})
            return
        content = found[1][path]
        entry = self._entry(path, content)
        headers = {"X-Repo-Commit": found[0], "ETag": f'"{entry["oid"]}"'}
        if "lfs" in entry:
            headers["X-Linked-Etag"] = f'"{entry["lfs"]["oid"]}"'
            headers["X-Linked-Size"] = str(len(content))
        self._send(content, 200, "application/octet-stream", headers)

    def _json(self, told: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self._send(json.dumps(told).encode(), status, "application/json", headers or {})

    def _send(self, body: bytes, status: int, kind: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def running_hub() -> Iterator[FakeHub]:
    """A Hub that answers until the end."""
    hub = FakeHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
