"""What talks to the Hub: a process of its own, for one request that it reads from its input.

The app forbids itself the network. This process alone may use it, and only for the Hub; the token
reaches it through a pipe and ends with it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Request = dict[str, Any]
Answer = dict[str, Any]


def look(api: Any, asked: Request) -> Answer:
    """How a repository stands at a revision: its commit, whether it is private, its files."""
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    repo = {"repo_id": asked["repo"], "repo_type": asked["kind"], "revision": asked["revision"]}
    user = api.whoami()["name"] if api.token else None
    try:
        info = api.repo_info(**repo)
    except GatedRepoError:
        raise
    except RepositoryNotFoundError as error:
        if error.response.status_code == 404 or not api.token:
            return {"exists": False, "user": user, "files": []}
        raise
    at = {**repo, "revision": info.sha}
    files = [
        {
            "path": item.path,
            "size": item.size,
            "blob": item.blob_id,
            "sha256": item.lfs.sha256 if item.lfs else None,
        }
        for item in api.list_repo_tree(**at, recursive=True)
        if hasattr(item, "blob_id")
    ]
    return {
        "exists": True,
        "user": user,
        "sha": info.sha,
        "private": bool(info.private),
        "files": files,
    }


def fetch(api: Any, asked: Request) -> Answer:
    """Files of a commit, into a folder."""
    for path in asked["files"]:
        api.hf_hub_download(
            asked["repo"],
            path,
            repo_type=asked["kind"],
            revision=asked["revision"],
            local_dir=asked["folder"],
        )
    return {}


def commit(api: Any, asked: Request) -> Answer:
    """Files and deletions as one commit upon the one that was seen; a repository where none is."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    repo = {"repo_id": asked["repo"], "repo_type": asked["kind"]}
    parent = asked["parent"]
    if parent is None:
        api.create_repo(**repo, private=asked["private"])
        parent = api.repo_info(**repo, revision=asked["revision"]).sha
    folder = Path(asked["folder"])
    done = api.create_commit(
        **repo,
        operations=[
            *(CommitOperationAdd(path, str(folder / path)) for path in asked["add"]),
            *(CommitOperationDelete(path, is_folder=False) for path in asked["delete"]),
        ],
        commit_message=asked["message"],
        revision=asked["revision"],
        parent_commit=parent,
    )
    return {"sha": done.oid, "url": str(done.commit_url)}


ACTS: dict[str, Callable[[Any, Request], Answer]] = {
    "look": look,
    "fetch": fetch,
    "commit": commit,
}
NO_TOKEN = (
    "There is no token for the Hub.",
    "Run `hf auth login`, set HF_TOKEN, or type it on the Export page.",
)


def do(asked: Request) -> Answer:
    """One request; what goes wrong is told as a sentence with the next step."""
    from huggingface_hub import HfApi, constants, get_token

    token = asked.get("token") or get_token()
    if asked["do"] == "commit" and not token:
        return {"error": NO_TOKEN[0], "hint": NO_TOKEN[1]}
    # Without a token `False`: the client shall not look for one a second time.
    api = HfApi(endpoint=constants.ENDPOINT, token=token or False)
    try:
        return ACTS[asked["do"]](api, asked)
    except Exception as error:
        message, hint = explained(error, asked, bool(token))
        clean = (lambda text: text.replace(token, "***")) if token else str
        return {"error": clean(message), "hint": clean(hint)}


def explained(error: Exception, asked: Request, has_token: bool) -> tuple[str, str]:
    """What happened, and what to do."""
    from huggingface_hub import constants
    from huggingface_hub import errors as known

    repo, revision = asked["repo"], asked["revision"]
    for one in _causes(error):
        status = getattr(getattr(one, "response", None), "status_code", None)
        if isinstance(one, known.RevisionNotFoundError):
            return (
                f"{repo} has no revision {revision}.",
                "Name one that is there, or make it first.",
            )
        if isinstance(one, known.RemoteEntryNotFoundError):
            return f"A file of {repo} is not there.", "Compare again."
        if status == 401 and not has_token:
            return NO_TOKEN
        if status in BY_STATUS:
            message, hint = BY_STATUS[status]
            return message.format(repo=repo, revision=revision), hint
        if isinstance(status, int) and status >= 500:
            return f"The Hub has trouble of its own (status {status}).", "Try again later."
        if status is not None:
            why = str(getattr(one, "server_message", None) or "no reason given")[:300]
            return f"The Hub refuses (status {status}): {why}", "See what it asks for."
    if any(map(_is_network, _causes(error))):
        did_send = asked["do"] == "commit"
        return (
            f"The Hub cannot be reached at {constants.ENDPOINT}.",
            "Check the network and HF_ENDPOINT."
            + (" Then compare again: a push is there whole, or not at all." if did_send else ""),
        )
    return f"The Hub's client failed: {type(error).__name__}: {error}"[:500], "Try again."


def _is_network(error: BaseException) -> bool:
    from huggingface_hub.errors import LocalEntryNotFoundError

    library = type(error).__module__.split(".")[0]
    return library in ("httpx", "httpx2", "httpcore", "httpcore2") or isinstance(
        error, (ConnectionError, TimeoutError, LocalEntryNotFoundError)
    )


BY_STATUS = {
    401: ("The Hub does not know this token.", "Make a new one at huggingface.co, Settings."),
    403: (
        "This token may not write to {repo}.",
        "Use a token with the right to write there, or a repository of your own.",
    ),
    404: ("There is no repository {repo}, or the token may not see it.", "Check the name."),
    409: ("{repo} came to be, or is being changed, meanwhile.", "Compare again, then push."),
    412: (
        "{repo} has moved: somebody changed {revision} meanwhile. Nothing was pushed.",
        "Compare again, then push.",
    ),
    413: ("The Hub finds this too large.", "Push fewer records, with --project."),
    429: ("The Hub asks to wait: too many requests.", "Try again in some minutes."),
}


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def main() -> None:
    """Answer the request on standard input, on standard output."""
    asked = json.loads(sys.stdin.buffer.readline())
    out = sys.stdout
    sys.stdout = sys.stderr  # progress bars and whatever a library prints are no answer
    answer = do(asked)
    out.write(json.dumps(answer))
    out.flush()


if __name__ == "__main__":
    main()
