"""How good an answer is: the only normalisation and the only matcher, for evaluation, reward and
screen alike.

`text` says when two strings are alike, `matching` pairs values, `funders` scores one document,
`corpus` many, `statements` the statements found in a document, `errors` names what is wrong,
`edits` counts what there is to correct, and `reading` takes funders out of other people's JSON.
Knows no model, no store and no torch.
"""

from models.scoring.corpus import Answered, LevelScore, Report, bootstrap_f1, score_corpus
from models.scoring.edits import count_edits
from models.scoring.errors import ErrorKind, Finding, count_errors, find_errors
from models.scoring.funders import LEVELS, Counts, Level, pair_funders, score_document
from models.scoring.matching import FIELD_MODES, MODES, Criteria, Mode, Resolver
from models.scoring.reading import funders_from_text, parse_funders, read_funders
from models.scoring.statements import RESEMBLANCES, evaluate_statements, score_statements
from models.scoring.text import normalize_award_id, normalize_text, similarity

__all__ = [
    "FIELD_MODES",
    "LEVELS",
    "MODES",
    "RESEMBLANCES",
    "Answered",
    "Counts",
    "Criteria",
    "ErrorKind",
    "Finding",
    "Level",
    "LevelScore",
    "Mode",
    "Report",
    "Resolver",
    "bootstrap_f1",
    "count_edits",
    "count_errors",
    "evaluate_statements",
    "find_errors",
    "funders_from_text",
    "normalize_award_id",
    "normalize_text",
    "pair_funders",
    "parse_funders",
    "read_funders",
    "score_corpus",
    "score_document",
    "score_statements",
    "similarity",
]
