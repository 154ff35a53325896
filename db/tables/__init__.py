"""The tables of the store, by what they are about."""

from __future__ import annotations

from sqlmodel import SQLModel

from db.tables.cards import CardField, CorrectionRow
from db.tables.hooks import DeliveryRow, DeliveryState, WebhookRow
from db.tables.links import LinkDecisionRow, LinkVerdict
from db.tables.papers import (
    DECIDED,
    DocumentRow,
    JobKind,
    JobRow,
    JobState,
    ProposalRow,
    Reason,
    RecordRow,
    RevisionKind,
    RevisionRow,
)
from db.tables.people import ROLES, FailedSignInRow, PersonRow, Role, SignInKind, SignInRow
from db.tables.projects import ProjectRow
from db.tables.teamwork import AssignmentRow, CommentRow, LeaseRow, ReadingRow, ViewRow
from db.tables.training import AdapterRow, AdapterState, RunState, TrainingRunRow

TABLES: tuple[type[SQLModel], ...] = (
    DocumentRow,
    RecordRow,
    ProposalRow,
    RevisionRow,
    JobRow,
    TrainingRunRow,
    AdapterRow,
    PersonRow,
    SignInRow,
    FailedSignInRow,
    AssignmentRow,
    LeaseRow,
    ReadingRow,
    ProjectRow,
    CommentRow,
    ViewRow,
    WebhookRow,
    DeliveryRow,
    LinkDecisionRow,
    CorrectionRow,
)

__all__ = [
    "DECIDED",
    "ROLES",
    "TABLES",
    "AdapterRow",
    "AdapterState",
    "AssignmentRow",
    "CardField",
    "CommentRow",
    "CorrectionRow",
    "DeliveryRow",
    "DeliveryState",
    "DocumentRow",
    "FailedSignInRow",
    "JobKind",
    "JobRow",
    "JobState",
    "LeaseRow",
    "LinkDecisionRow",
    "LinkVerdict",
    "PersonRow",
    "ProjectRow",
    "ProposalRow",
    "ReadingRow",
    "Reason",
    "RecordRow",
    "RevisionKind",
    "RevisionRow",
    "Role",
    "RunState",
    "SignInKind",
    "SignInRow",
    "TrainingRunRow",
    "ViewRow",
    "WebhookRow",
]
