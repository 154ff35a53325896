"""What a curator does at the desk, one function a use case: above the store, below HTTP."""

from workbench.desk.decisions import Decision, Undo, conflict, decide, take_back
from workbench.desk.documents import document_of, document_row, ground
from workbench.desk.intake import jobs, propose_again, propose_outdated, receive
from workbench.desk.review import next_record, page, queue, reground, review

__all__ = [
    "Decision",
    "Undo",
    "conflict",
    "decide",
    "document_of",
    "document_row",
    "ground",
    "jobs",
    "next_record",
    "page",
    "propose_again",
    "propose_outdated",
    "queue",
    "receive",
    "reground",
    "review",
    "take_back",
]
