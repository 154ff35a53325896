"""Sets the sample papers as journal pages: `python -m workbench.samples.render`.

Needs ReportLab, which only developers have: the PDFs are committed, and the same source gives
the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY
from reportlab.lib.pagesizes import A4, letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    FrameBreak,
    HRFlowable,
    NextPageTemplate,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

from workbench.samples.charts import HEIGHT, chart
from workbench.samples.source import Block, Paper, load

HERE = Path(__file__).parent
MARK = "Sample paper written for the Funding Workbench. All people and results are invented."

_FACES = {
    "Times": ("Times-Roman", "Times-Bold", "Times-Italic"),
    "Helvetica": ("Helvetica", "Helvetica-Bold", "Helvetica-Oblique"),
}
_GREY = HexColor("#555555")
_GUTTER = 18.0


class Sheet:
    """The measures and type of one paper: what every part of its pages asks for."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.width, self.height = letter if paper.get("page") == "letter" else A4
        self.margin = float(paper.get("margin") or 54)
        self.columns = int(paper.get("columns") or 1)
        self.roman, self.bold, self.italic = _FACES[paper.get("font") or "Times"]
        self.size = float(paper.get("size") or 10)
        self.measure = self.width - 2 * self.margin
        self.column = (self.measure - _GUTTER * (self.columns - 1)) / self.columns
        self.top, self.bottom = self.height - 64, 62.0

    def style(self, scale: float = 1.0, **settings: Any) -> ParagraphStyle:
        """The body's paragraph style, scaled, with some settings changed."""
        size = self.size * scale
        base = {
            "fontName": self.roman,
            "fontSize": size,
            "leading": size * 1.22,
            "alignment": TA_JUSTIFY,
            "embeddedHyphenation": 1,
            "allowWidows": 0,
            "allowOrphans": 0,
        }
        return ParagraphStyle("sample", **(base | settings))

    def paragraph(self, text: str, style: ParagraphStyle) -> Paragraph:
        """A paragraph of source text; only justified ones are hyphenated."""
        is_hyphenated = style.alignment == TA_JUSTIFY
        return Paragraph(self.paper.markup(text, is_hyphenated), style)


def head(sheet: Sheet) -> list[Flowable]:
    """Journal, title, authors, abstract: what stands above the columns of the first page."""
    paper = sheet.paper
    small = sheet.style(0.84, alignment=0, textColor=_GREY)
    title = sheet.style(1.75, fontName=sheet.bold, alignment=0, spaceBefore=8, spaceAfter=7)
    authors = sheet.style(1.1, alignment=0, spaceAfter=4)
    abstract = sheet.style(0.95, leftIndent=12, rightIndent=12, spaceBefore=6, spaceAfter=4)
    label = paper.get("abstract_label") or "Abstract"
    keywords = paper.get("keywords_label") or "Keywords"
    lines = (
        (paper.get("article_type"), small),
        (paper.get("title"), title),
        (paper.get("authors"), authors),
        *((line.strip(), small) for line in paper.get("affiliations").split(";")),
        (paper.get("dates"), small),
        (f"**{label}.** {paper.get('abstract')}", abstract),
        *_second_abstract(paper, abstract),
        (f"**{keywords}:** {paper.get('keywords')}", sheet.style(0.88, leftIndent=12)),
    )
    texts = [sheet.paragraph(text, style) for text, style in lines if text]
    return [*texts, Spacer(1, 6), _rule(sheet.measure), Spacer(1, 4)]


def _second_abstract(paper: Paper, style: ParagraphStyle) -> Iterator[tuple[str, ParagraphStyle]]:
    if paper.get("english_abstract"):
        yield f"**Abstract.** *{paper.get('english_abstract')}*", style


def _rule(width: float) -> HRFlowable:
    return HRFlowable(width, 0.6, color=_GREY, spaceBefore=0, spaceAfter=0, hAlign="LEFT")


def body(sheet: Sheet) -> Iterator[Flowable]:
    """The blocks below the head, set to the column."""
    before = ""
    for block in sheet.paper.blocks:
        yield from _set(sheet, block, is_first=before != "paragraph")
        before = block.kind


def _set(sheet: Sheet, block: Block, is_first: bool) -> Iterator[Flowable]:
    if block.kind == "table":
        yield _table(sheet, block.text)
        yield Spacer(1, 8)
    elif block.kind == "chart":
        yield CondPageBreak(HEIGHT + 3.5 * sheet.size)  # with its caption
        yield Spacer(1, 4)
        yield chart(block.text, sheet.column)
    else:
        if block.kind == "heading":
            # Not keepWithNext: that would also keep the first paragraph in one piece.
            yield CondPageBreak(5 * sheet.size)
        yield sheet.paragraph(block.text, _text_style(sheet, block, is_first))


def _text_style(sheet: Sheet, block: Block, is_first: bool) -> ParagraphStyle:
    if block.kind == "heading":
        return sheet.style(1.08, fontName=sheet.bold, alignment=0, spaceBefore=9, spaceAfter=3)
    if block.kind == "item":
        return sheet.style(0.82, leftIndent=14, firstLineIndent=-14, spaceAfter=1.5)
    if block.kind == "caption":
        above_table = not block.text.startswith("**Fig")
        return sheet.style(
            0.86, alignment=0, spaceBefore=6, spaceAfter=6, keepWithNext=int(above_table)
        )
    if block.kind == "equation":
        return sheet.style(alignment=TA_CENTER, spaceBefore=4, spaceAfter=4)
    is_flush = is_first or block.text.startswith("**")
    return sheet.style(firstLineIndent=0 if is_flush else 12)


def _table(sheet: Sheet, source: str) -> Table:
    """A ruled table: a line above and below the header and one at the foot."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in source.splitlines()]
    table = Table(rows, hAlign="LEFT", colWidths=_shares(rows, sheet.column))
    table.setStyle(
        [
            ("FONT", (0, 0), (-1, -1), sheet.roman, sheet.size * 0.86),
            ("FONT", (0, 0), (-1, 0), sheet.bold, sheet.size * 0.86),
            ("LINEABOVE", (0, 0), (-1, 0), 0.8, _GREY),
            ("LINEBELOW", (0, 0), (-1, 0), 0.4, _GREY),
            ("LINEBELOW", (0, -1), (-1, -1), 0.8, _GREY),
            *((edge, (0, 0), (-1, -1), 1.5) for edge in ("TOPPADDING", "BOTTOMPADDING")),
        ]
    )
    return table


def _shares(rows: list[list[str]], width: float) -> list[float]:
    """Column widths in proportion to the longest cell."""
    longest = [max(len(cell) for cell in column) + 4 for column in zip(*rows, strict=True)]
    return [width * length / sum(longest) for length in longest]


def _frame(x: float, y: float, width: float, height: float) -> Frame:
    return Frame(x, y, width, height, 0, 0, 0, 0)


def _column_frames(sheet: Sheet, top: float, foot: float = 0) -> list[Frame]:
    """Frames for the columns below `top`; `foot` keeps room for a footnote under the first."""
    step = sheet.column + _GUTTER
    bottoms = [sheet.bottom + (foot if index == 0 else 0) for index in range(sheet.columns)]
    return [
        _frame(sheet.margin + index * step, bottom, sheet.column, top - bottom)
        for index, bottom in enumerate(bottoms)
    ]


def _footnote(sheet: Sheet) -> list[Flowable]:
    if not sheet.paper.get("footnote"):
        return []
    text = sheet.paragraph(sheet.paper.get("footnote"), sheet.style(0.82, spaceBefore=0))
    return [Spacer(1, 6), _rule(sheet.column * 0.4), Spacer(1, 3), text]


def _heights(flowables: list[Flowable], width: float) -> float:
    """How much room flowables take, one under the other."""
    total = 0.0
    for flowable in flowables:
        total += flowable.wrap(width, 10_000)[1]
        total += flowable.getSpaceBefore() + flowable.getSpaceAfter()
    return total


def _draw_first(sheet: Sheet, canvas: Canvas, doc: BaseDocTemplate) -> None:
    """The journal's name over the first page, the footnote and the foot under it."""
    canvas.setFont(sheet.italic, 10)
    canvas.drawString(sheet.margin, sheet.height - 44, sheet.paper.get("journal"))
    canvas.setFont(sheet.roman, 8.5)
    right = sheet.width - sheet.margin
    canvas.drawRightString(right, sheet.height - 44, sheet.paper.get("citation"))
    canvas.setLineWidth(1.2)
    canvas.line(sheet.margin, sheet.height - 50, right, sheet.height - 50)
    notes = _footnote(sheet)
    if notes:
        room = _frame(sheet.margin, sheet.bottom, sheet.column, _heights(notes, sheet.column) + 1)
        room.addFromList(notes, canvas)
    _draw_foot(sheet, canvas, doc)


def _draw_later(sheet: Sheet, canvas: Canvas, doc: BaseDocTemplate) -> None:
    """The running head and the foot of the other pages."""
    right = sheet.width - sheet.margin
    canvas.setFont(sheet.italic, 8.5)
    canvas.drawString(sheet.margin, sheet.height - 44, sheet.paper.get("running"))
    canvas.drawRightString(right, sheet.height - 44, sheet.paper.get("journal"))
    canvas.setLineWidth(0.4)
    canvas.line(sheet.margin, sheet.height - 50, right, sheet.height - 50)
    _draw_foot(sheet, canvas, doc)


def _draw_foot(sheet: Sheet, canvas: Canvas, doc: BaseDocTemplate) -> None:
    number = int(sheet.paper.get("first_page") or 1) + doc.page - 1
    canvas.setFont(sheet.roman, 8.5)
    canvas.drawCentredString(sheet.width / 2, 40, str(number))
    canvas.setFont(sheet.roman, 6.5)
    canvas.setFillColor(_GREY)
    canvas.drawCentredString(sheet.width / 2, 27, MARK)


def _templates(sheet: Sheet, opening: list[Flowable]) -> list[PageTemplate]:
    under = sheet.top - _heights(opening, sheet.measure) - 2
    foot = _heights(_footnote(sheet), sheet.column)
    above = _frame(sheet.margin, under, sheet.measure, sheet.top - under)
    return [
        PageTemplate(
            "first",
            [above, *_column_frames(sheet, under, foot)],
            onPageEnd=partial(_draw_first, sheet),
        ),
        PageTemplate(
            "later", _column_frames(sheet, sheet.top), onPageEnd=partial(_draw_later, sheet)
        ),
    ]


def render(source: Path, target: Path) -> None:
    """Set one paper."""
    sheet = Sheet(load(source))
    opening = head(sheet)
    doc = BaseDocTemplate(
        str(target),
        pagesize=(sheet.width, sheet.height),
        title=sheet.paper.get("title"),
        author=sheet.paper.get("authors"),
        subject=MARK,
        lang=sheet.paper.get("language") or "en-GB",
        invariant=1,
        pageTemplates=_templates(sheet, opening),
    )
    doc.build([NextPageTemplate("later"), *opening, FrameBreak(), *body(sheet)])


def main() -> None:
    """Set every paper of `papers/` beside this file."""
    for source in sorted((HERE / "papers").glob("*.md")):
        render(source, HERE / f"{source.stem}.pdf")


if __name__ == "__main__":
    main()
