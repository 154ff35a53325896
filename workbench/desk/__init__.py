"""What a curator does at the desk, one function a use case: above the store, below HTTP."""

from workbench.desk.bulk import Bulk, BulkUndo, Outcome, act_on_many, undo_batch
from workbench.desk.decisions import Decision, Undo, conflict, decide, take_back
from workbench.desk.documents import document_of, document_row, ground
from workbench.desk.intake import jobs, propose_again, propose_outdated, receive, retry
from workbench.desk.review import next_record, page, queue, reground, review

__all__ = [
    "Bulk",
    "BulkUndo",
    "Decision",
    "Outcome",
    "Undo",
    "act_on_many",
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
    "retry",
    "review",
    "take_back",
    "undo_batch",
]
