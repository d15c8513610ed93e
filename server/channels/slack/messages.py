"""An Answer as messages of Block Kit.

All text is ``plain_text``, so nothing in an article can become a mention, a link or
formatting, and a quote is shown character for character; the links are buttons. The three
control characters are escaped all the same, as Slack asks for every text.
https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    PlainTextObject,
    SectionBlock,
)

from geungeo.rag.answer import Answer, Citation, Nearest, nearest_heading, support_label
from geungeo.rag.checking import Check, ClaimSource
from geungeo.rag.text import Language
from geungeo.server.channels.wording import Phrase, hint, origin, phrase
from geungeo.server.check_report import (
    SIGNS,
    difference_lines,
    source_origin,
    summary_line,
    verdict_label,
)
from geungeo.server.escaping import SLACK_ENTITIES, escape_slack
from geungeo.server.http.links import source_link

MAX_SECTION = 3_000
MAX_BLOCKS = 50
MAX_URL = 3_000
MAX_HEADER = 150
# Undocumented: above about 13,200 characters in all blocks together Slack responds with
# msg_blocks_too_long (github.com/slackapi/bolt-js/issues/2509).
MAX_MESSAGE = 12_000
MAX_ORIGIN = 300
FEEDBACK = "feedback_"
UP, DOWN = "feedback_up", "feedback_down"
ARTICLE = "article_"
ARTICLE_SUMMARY, ARTICLE_ONLY = "article_summary", "article_only"
MAX_VALUE = 2_000

Message = dict[str, Any]


def answer_messages(answer: Answer, base_url: str) -> list[Message]:
    """Return the answer, a quote for each marker and buttons, in as few messages as possible.

    The short answer is a header above it, which Slack shows in bold.
    """
    groups: list[list[Block]] = [[block] for block in _sections(answer.text)]
    short = answer.short_answer
    if short and len(escape_slack(short.text)) <= MAX_HEADER:
        groups[0].insert(0, HeaderBlock(text=_plain(short.text)))
    sources = {citation.marker: citation for citation in answer.citations}
    if sources:
        groups.append([DividerBlock()])
    groups += [
        _quote(sources[marker], base_url, answer.language, support_label(answer, marker))
        for marker in sorted(sources)
    ]
    if answer.nearest:
        groups.append([DividerBlock(), _context(nearest_heading(answer))])
        groups += [_nearest(one, base_url, answer.language) for one in answer.nearest]
    if answer.reason and (advice := hint(answer.reason, answer.language)):
        groups.append([_context(advice)])
    groups += [[block] for block in _articles(answer)]
    groups.append([_feedback(answer)])
    return _messages(_packed(groups), answer.text, answer.language)


def check_messages(check: Check, base_url: str) -> list[Message]:
    """Return the result of a check: a summary, then each statement with its sources."""
    summary = summary_line(check)
    groups = [[block] for block in _sections(summary)]
    for claim in check.claims:
        label = f"{SIGNS[claim.verdict]} {verdict_label(claim, check.language)}"
        blocks = [DividerBlock(), *_sections(f"{label}\n{claim.text}")]
        blocks += [
            _context(shortened(line, MAX_SECTION))
            for line in difference_lines(claim, check.language)
        ]
        for source in claim.sources:
            blocks += _quoted(source, base_url, check.language)
        for one in claim.nearest[:1]:
            blocks += _quoted(one, base_url, check.language)
        groups.append(blocks)
    return _messages(_packed(groups), summary, check.language)


def note_messages(text: str) -> list[Message]:
    """Return a message without an Answer."""
    return [_message(text, _sections(text))]


def _sections(text: str, accessory: ButtonElement | None = None) -> list[Block]:
    """Return ``text`` in as many sections as it needs; the first has the ``accessory``."""
    cut = list(pieces(text, MAX_SECTION))
    return [
        SectionBlock(text=_plain(piece), accessory=None if number else accessory)
        for number, piece in enumerate(cut)
    ]


def _quote(
    citation: Citation, base_url: str, language: Language, support: str | None
) -> list[Block]:
    url = source_link(citation, base_url)
    button = None
    if url is not None and len(url) <= MAX_URL:
        button = ButtonElement(
            text=_plain(f"{phrase('open', language)} [{citation.marker}]"),
            url=url,
            action_id=f"open_{citation.marker}",
        )
    # The label follows the shortened origin, so that a long title does not push it out.
    source = " · ".join(filter(None, [shortened(origin(citation), MAX_ORIGIN), support]))
    note = shortened(citation.note or "", MAX_ORIGIN)
    contexts = [_context(text) for text in (source, note) if text]
    return [*_sections(f"[{citation.marker}] “{citation.quote}”", button), *contexts]


def _nearest(one: Nearest, base_url: str, language: Language) -> list[Block]:
    return _quoted(one, base_url, language)


def _quoted(one: Nearest | ClaimSource, base_url: str, language: Language) -> list[Block]:
    url = source_link(one, base_url)
    button = None
    if url is not None and len(url) <= MAX_URL:
        button = ButtonElement(
            text=_plain(phrase("open", language)), url=url, action_id=f"open_{one.start}"
        )
    source = shortened(source_origin(one), MAX_ORIGIN)
    return [*_sections(f"“{one.quote}”", button), _context(source)]


def _feedback(answer: Answer) -> Block:
    return ActionsBlock(
        block_id=f"{FEEDBACK}{answer.language}",
        elements=[
            ButtonElement(
                text=PlainTextObject(text=sign, emoji=True), action_id=action, value=answer.id
            )
            for sign, action in (("👍", UP), ("👎", DOWN))
        ],
    )


def _articles(answer: Answer) -> Iterator[Block]:
    """Yield the buttons for the article that an answer cites first."""
    first = next(iter(answer.citations), None)
    if first is None or len(first.article_id) > MAX_VALUE or answer.intent == "summary":
        return
    named: list[tuple[str, Phrase]] = [(ARTICLE_SUMMARY, "summary")]
    conversation = ""
    # A conversation is needed to go on with: the answer to a slash command has none.
    if answer.conversation_id is not None:
        named.append((ARTICLE_ONLY, "only"))
        conversation = f":{answer.conversation_id}"
    yield ActionsBlock(
        block_id=f"{ARTICLE}{answer.language}{conversation}",
        elements=[
            ButtonElement(
                text=_plain(phrase(text, answer.language)), action_id=action, value=first.article_id
            )
            for action, text in named
        ],
    )


def _context(text: str) -> Block:
    return ContextBlock(elements=[_plain(text)])


def _plain(text: str) -> PlainTextObject:
    # Without emoji, so that ":smile:" in a quote stays text.
    return PlainTextObject(text=escape_slack(text), emoji=False)


def _packed(groups: Sequence[Sequence[Block]]) -> list[list[Block]]:
    """Distribute groups of blocks over messages; only a group larger than a message is split."""
    packed: list[list[Block]] = [[]]
    for group in groups:
        whole = _fits([], group)
        for part in [group] if whole else [[block] for block in group]:
            if packed[-1] and not _fits(packed[-1], part):
                packed.append([])
            packed[-1].extend(part)
    return packed


def _fits(blocks: Sequence[Block], more: Sequence[Block]) -> bool:
    together = [*blocks, *more]
    return len(together) <= MAX_BLOCKS and sum(map(_size, together)) <= MAX_MESSAGE


def _size(block: Block) -> int:
    """Return the number of characters of text in a block."""
    texts: Sequence[object] = ()
    if isinstance(block, SectionBlock):
        texts = [block.text]
    elif isinstance(block, ContextBlock):
        texts = block.elements
    return sum(len(one.text) for one in texts if isinstance(one, PlainTextObject))


def _messages(packed: Sequence[Sequence[Block]], text: str, language: Language) -> list[Message]:
    """Return messages; the first one's notification is the answer's ``text``."""
    total = len(packed)
    return [
        _message(text if not n else phrase("more", language, number=n + 1, total=total), blocks)
        for n, blocks in enumerate(packed)
    ]


def _message(text: str, blocks: Sequence[Block]) -> Message:
    """Return a message, with a fallback ``text`` for notifications and screen readers."""
    return {
        "text": escape_slack(shortened(text, MAX_SECTION)),
        "blocks": [block.to_dict() for block in blocks],
        "unfurl_links": False,
        "unfurl_media": False,
        "mrkdwn": False,
        "parse": "none",
        "link_names": False,
    }


def pieces(text: str, limit: int) -> Iterator[str]:
    """Yield ``text`` in pieces that fit into ``limit`` after escaping; joined they are ``text``.

    Pieces end after a blank if possible. Characters are counted in UTF-16 units, the largest of
    the counts that Slack could use.
    """
    start = 0
    while start < len(text):
        end, room = start, limit
        while end < len(text) and (cost := _cost(text[end])) <= room:
            room -= cost
            end += 1
        if end < len(text):
            blank = max(text.rfind(" ", start, end), text.rfind("\n", start, end))
            # A blank in the first half would waste most of a piece.
            end = blank + 1 if blank > (start + end) // 2 else end
        yield text[start:end]
        start = end


def shortened(text: str, limit: int) -> str:
    """Return ``text``, shortened with an ellipsis to fit into ``limit`` after escaping."""
    parts = list(pieces(text, limit))
    if len(parts) <= 1:
        return text
    return next(pieces(text, limit - 1)).rstrip() + "…"


def _cost(char: str) -> int:
    return len(SLACK_ENTITIES.get(char, char)) + (char > "\uffff")
