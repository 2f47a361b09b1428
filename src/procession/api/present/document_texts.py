"""Documents as they read: fields filled in, snippets quoted, headings to link to. Spec: T-16.1 to T-16.3."""

from procession.adapters.text import safe_markup
from procession.api.contract.document_texts import DocumentHeading, ProcessText, TemplateText
from procession.domain.calculating.sheet import hidden_in
from procession.domain.document_text import Heading, Place, placed, rebuilt, with_contents
from procession.domain.processes import Process
from procession.domain.quoting import quoted_in_process
from procession.domain.richtext import as_markup, fill_rich_variables
from procession.domain.templates import Template, TemplateRow
from procession.domain.variables import Reader, variable_of
from procession.storage.tx import ReadTx
from procession.usecases.quoting import quoted_in


async def present_template_text(tx: ReadTx, row: TemplateRow) -> TemplateText:
    body = row.document.body or ""
    snippets = await quoted_in(tx, [body])
    markup, contents = with_contents(snippets.now(safe_markup(body)))
    return TemplateText(row.id, row.title, markup, _shown(contents))


async def present_process_text(tx: ReadTx, process: Process, document: Template, zone: str) -> ProcessText:
    """With what the snippets said at the launch. Spec: T-13.3."""
    body, reader = document.body or "", Reader(zone=zone)
    snippets = await quoted_in(tx, [body])
    quoted = quoted_in_process(process, document, (), reader)
    hidden = hidden_in(document.kickoff, process.prerun, zone)
    answers = {
        field.id: as_markup(variable_of(field, process.prerun.get(field.id), reader), safe_markup)
        for field in document.kickoff
        if field.id not in hidden
    }

    def filled(place: Place) -> str:
        return placed(place, answers.get(place.field_id, ""))

    def text(piece: str) -> str:
        return fill_rich_variables(piece, quoted, sanitize=safe_markup)

    markup = rebuilt(snippets.at_launch(safe_markup(body), process.created_at), filled, text)
    markup, contents = with_contents(markup)
    return ProcessText(process.id, process.template_id, process.name, markup, _shown(contents))


def _shown(contents: list[Heading]) -> list[DocumentHeading]:
    return [DocumentHeading(each.id, each.level, each.title) for each in contents]
