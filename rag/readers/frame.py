"""Parts of a web page around its article, by the names and the structure of its elements.

An element is part of the frame because of the words in its class, id, role or own tag, because
it holds controls and no text, or because it comes after the text and is none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from geungeo.rag.article import SectionKind
from geungeo.rag.readers.dom import Piece
from geungeo.rag.readers.lines import (
    SENTENCE,
    are_contacts,
    begins_comments,
    begins_related,
    ends_sentence,
    is_advertisement,
    is_byline,
    is_caption,
    is_page_line,
    is_statement,
    signature,
)
from geungeo.rag.text import listed

_SPACES = re.compile(r"\s+")

# Words that surely name a part of the frame, alone or in a compound: midad, relatedbox.
_SURE = listed(
    """
    related relation recommend recommended recommendation recomm comment cmt reply replies reple
    discussion sns share sharing social sharedaddy banner bnr advert advertise advertising
    advertisement ad ads adv adsense adsbygoogle adfit promo promotion popular rank ranking footer
    gnb lnb nav menu breadcrumb copyright subscribe subscriber subscription newsletter signup
    login sponsor taboola dable outbrain vote emoji reaction popup modal sidebar paging pagination
    pagenav cookie consent
    sitemap paywall donate donation membership feedback
    werbung anzeige teilen kommentar kommentare empfehlung empfehlungen partage publicite
    commentaire commentaires publicidad compartir comentario comentarios kanren koukoku
    """
)
# Words that can also name a part of the article, such as a list.
_LIKELY = listed(
    """
    rel relat hot best most tag keyword hashtag print util tool toolbar btn button search journalist
    reporter writer audio tts layer quick aside side prev next another other series issue latest
    headlinelist newslist list more event poll notice guide skip family stock ticker widget copy
    support cheer like pop sort serial corner satis teaser
    """
)
_BEFORE = (
    "google|dfp|mobile|mid|top|bottom|right|left|inline|in|float|floating|news|article|post|main|sub"
    "|page|site|view|sticky|blog|user"
)
_AFTER = (
    "s|es|ed|ation|area|box|wrap|wrapper|list|lists|news|article|articles|content|contents|container"
    "|slot|unit|template|zone|section|sec|item|items|link|links|group|bar|btn|layer|inner|cont|view"
    "|tit|title|txt|text|info|block|module|panel|frame|inread|mid|html|card|cards|layout|post|posts|story"
    "|stories|topic|topics|video|videos|reading|product|products|widget"
)


def _compounds(words: Iterable[str]) -> re.Pattern[str]:
    # The longest word first, so that `adsense` is no `ad` with something behind it.
    given = "|".join(sorted(words, key=len, reverse=True))
    return re.compile(rf"(?:{_BEFORE})?(?:{given})(?:{_AFTER})?")


_SURE_WORD, _LIKELY_WORD = _compounds(_SURE), _compounds(_LIKELY)
_FOREIGN = re.compile(r"댓글|관련|광고|추천|구독|공유|関連|広告|コメント|シェア")
_ROLES = listed(
    "navigation complementary contentinfo search dialog alertdialog toolbar menu menubar"
)
_TAGS = frozenset({"nav", "footer", "aside", "form"})
_NAMING = ("class", "id", "data-testid", "data-component", "data-module", "data-role")
# Where a slide is in its carousel at the moment says nothing about what it holds.
_SLIDE_STATE = re.compile(r"\b\w+-slide-(?:next|prev|active|visible)\b")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[a-z]+")


def describe(element: Any) -> str:
    """Return the class and id of an element."""
    return f"{element.get('class') or ''} {element.get('id') or ''}"


def is_named_frame(element: Any, *, tags: bool = True) -> tuple[bool, bool]:
    """Return whether the names of an element make it part of the frame, and whether surely.

    Without ``tags`` only its class, id and the like count.
    """
    if tags and (element.tag in _TAGS or element.get("role") in _ROLES):
        return True, True
    given = " ".join(element.get(name) or "" for name in _NAMING)
    if not given.strip():
        return False, False
    if _FOREIGN.search(f"{given} {element.get('aria-label') or ''}"):
        return True, True
    split = _CAMEL.sub("-", _SLIDE_STATE.sub("", given)).lower()
    likely = False
    for name in split.split():
        words = _WORD.findall(name)
        for word in (*words, *map("".join, pairwise(words))):
            if _SURE_WORD.fullmatch(word):
                return True, True
            likely = likely or _LIKELY_WORD.fullmatch(word) is not None
    return likely, False


def is_about_writer(element: Any) -> bool:
    """Whether the names of an element say that it is about the writer: ``reporter_card``."""
    words = _WORD.findall(_CAMEL.sub("-", describe(element)).lower())
    return not _WRITERS.isdisjoint(words)


_WRITERS = listed("author reporter journalist writer columnist contributor")


def is_between_paragraphs(element: Any, running: set[Any]) -> bool:
    """Whether paragraphs of a text come right before and after an element.

    ``running`` are the elements that contain running text.
    """

    def beside(others: Iterator[Any]) -> bool:
        return any(one in running and not is_named_frame(one)[0] for one in others)

    return beside(element.itersiblings(preceding=True)) and beside(element.itersiblings())


def is_text(inside: Sequence[Piece], least: int = 2) -> bool:
    """Whether blocks are mostly running text, of at least ``least`` blocks."""
    size = sum(len(piece.text) for piece in inside)
    running = [len(piece.text) for piece in inside if piece.is_running_text]
    return len(running) >= least and sum(running) >= 0.75 * size


def is_prose(element: Any, inside: Sequence[Piece], text: Sequence[Piece]) -> bool:
    """Whether an element with the name of a part of the page holds prose as ``text`` has it.

    There is nothing to click in it, and it addresses its readers no more than the text. A single
    sentence has words of the text, unless paragraphs of the text have the same names.
    """
    running = [piece for piece in inside if piece.is_running_text]
    label = len(inside[0].text) if not inside[0].is_running_text else 0
    size = sum(len(piece.text) for piece in inside)
    if not running or label > _LABEL_CHARS:
        return False
    if sum(len(piece.text) for piece in running) < _PROSE_SHARE * (size - label):
        return False
    if any(piece.linked > _LINKED_SHARE * len(piece.text) or _is_page(piece) for piece in inside):
        return False
    if has_controls(element):
        return False
    if not all(in_style_of(piece.text, text) for piece in running):
        return False
    sentences = sum(len(SENTENCE.findall(piece.text)) for piece in running)
    names = _DIGITS.sub("", describe(element)).strip()
    same = (one for piece in text for one in piece.path[-1:] if names and one.tag == element.tag)
    return (
        sentences > 1
        or not _Words([*text, *running]).lack(running)
        or any(_DIGITS.sub("", describe(one)).strip() == names for one in same)
    )


def is_plain_list(element: Any, inside: Sequence[Piece]) -> bool:
    """Whether an element is a list of words, with nothing to click in it."""
    linked = any(piece.linked for piece in inside)
    plain = element.tag in _LISTS and not (linked or has_controls(element))
    return plain and not is_box(element, inside)


_LISTS = frozenset({"ul", "ol", "dl"})


def has_controls(element: Any) -> bool:
    """Whether an element contains a form, a field, a button or a frame of another page."""
    return any(one is not element for one in element.iter("form", *_CONTROLS, *_FRAMES))


def in_style_of(line: str, text: Sequence[Piece]) -> bool:
    """Whether a line addresses its readers no more than ``text`` does."""
    addresses = _ADDRESS if _is_polite(text) else _POLITE
    return not addresses.search(line) and not line.endswith("?")


def is_opened(element: Any, root: Any) -> bool:
    """Whether a button or a link shows ``element``: one that names it or is beside it."""
    name = element.get("id")
    if name and any(
        name in (one.get(key) or "").lstrip("#").split()
        for one in root.iter("button", "a", "label", "summary", "input")
        for key in ("aria-controls", "href", "data-target", "data-bs-target", "for")
    ):
        return True
    beside = (next(element.itersiblings(preceding=True), None), next(element.itersiblings(), None))
    return any(one is not None and _is_opener(one) for one in beside)


def _is_opener(element: Any) -> bool:
    """Whether an element is a button, or a link that leads nowhere, and no more."""
    if not isinstance(element.tag, str):
        return False
    controls = [one for one in element.iter("button", "a", "label") if _leads_nowhere(one)]
    size = sum(len("".join(one.itertext()).strip()) for one in controls)
    return bool(controls) and len("".join(element.itertext()).strip()) <= size


def _leads_nowhere(element: Any) -> bool:
    href = (element.get("href") or "#").strip().lower()
    return href.startswith(("#", "javascript:")) or element.get("role") == "button"


_DIGITS = re.compile(r"\d+")
_PROSE_SHARE = 0.75  # of the characters of a box of prose
_LINKED_SHARE = 0.2  # of a paragraph that links in a word or two


def container_of(text: Sequence[Piece]) -> Any:
    """Return the innermost element that contains all blocks; ``None`` for the whole page."""
    path = _shared_path(text)
    if len(text) == 1:
        path = path[:-1]
    return path[-1] if path and path[-1].tag not in {"html", "body"} else None


def is_box(element: Any, inside: Sequence[Piece]) -> bool:
    """Whether an element is a box of the page by what it holds: tabs, an offer, a banner."""
    return (
        _is_tabs(element, describe(element), inside)
        or _is_banner(element, inside)
        or _is_offer(element, inside)
        or _is_placeholder(element, inside)
        or _is_foreign(element, inside)
        or _is_labelled(element, inside)
        or _is_links(inside)
        or _is_teasers(inside)
        or _is_contacts(element, inside)
    )


def _is_contacts(element: Any, inside: Sequence[Piece]) -> bool:
    """Whether an element is a table or a list of the officials who answer questions."""
    return (
        element.tag in _TABULAR
        and len(inside) <= _CONTACTS
        and are_contacts([piece.text for piece in inside])
    )


_TABULAR = frozenset({"table", "ul", "ol", "dl"})
_CONTACTS = 12  # rows, at most


def _is_tabs(element: Any, described: str, inside: Sequence[Piece]) -> bool:
    """Whether an element holds the labels of tabs, not what they show."""
    named = element.get("role") in {"tab", "tablist"} or _TAB_CLASS.search(described)
    size = sum(len(piece.text) for piece in inside)
    return bool(named) and size <= _BOX_CHARS and not any(one.is_running_text for one in inside)


_TAB_CLASS = re.compile(
    r"(?:^|[-_\s])\w{0,4}tabs?(?:[-_\s]?(?:list|menu|nav|bar|btns?|heads?|wrap|title|item))?(?:[-_\s]|$)"
    r"(?!cont|pane|body)",
    re.IGNORECASE,
)


def _is_banner(element: Any, inside: Sequence[Piece]) -> bool:
    """Whether an element shows a picture that is an advertisement, with at most a few words."""
    if sum(len(piece.text) for piece in inside) > _BANNER_CHARS or any(
        piece.is_running_text for piece in inside
    ):
        return False
    return any(
        _ADVERTISEMENT.fullmatch((image.get("alt") or "").strip())
        or _BANNER_ADDRESS.search(image.get("src") or "")
        for image in element.iter("img", "amp-img")
    )


def _is_offer(element: Any, inside: Sequence[Piece]) -> bool:
    """Whether an element is a box that asks to subscribe, to join or to give, with its button."""
    if not _is_small(element, inside) or sum(piece.is_running_text for piece in inside) > 1:
        return False
    if any(piece.is_link and _OFFER.search(piece.text) for piece in inside):
        return True
    buttons = (_SPACES.sub(" ", "".join(one.itertext())) for one in element.iter("button"))
    return any(_OFFER.search(text) for text in buttons) or any(
        one.get("type") == "email" for one in element.iter("input")
    )


def _is_foreign(element: Any, inside: Sequence[Piece]) -> bool:
    """Whether an element has a frame of another page beside a line that is no sentence."""
    if not _is_small(element, inside) or any(
        ends_sentence(piece.text)
        or " | " in piece.text
        or any(one.tag in _FIGURES for one in piece.path[piece.path.index(element) :])
        for piece in inside
    ):
        return False
    return next(element.iter(*_FRAMES), None) is not None


def _is_labelled(element: Any, inside: Sequence[Piece]) -> bool:
    """Whether an element begins with a label that says that it is an advertisement."""
    return (
        is_advertisement(inside[0].text)
        and _is_small(element, inside)
        and sum(piece.is_running_text for piece in inside) <= 1
    )


def _is_links(inside: Sequence[Piece]) -> bool:
    """Whether blocks are a label and links below it."""
    return (
        len(inside) > 1
        and len(inside[0].text) <= _LABEL_CHARS
        and not ends_sentence(inside[0].text)
        and not is_byline(inside[0].text)
        and all(one.is_link for one in inside[1:])
    )


def _is_teasers(inside: Sequence[Piece]) -> bool:
    """Whether blocks are the heading of a list of other articles and a teaser or two."""
    running = sum(piece.is_running_text for piece in inside)
    return (
        1 < len(inside) <= _BOX_BLOCKS
        and running <= _TEASERS
        and begins_related(inside[0].text)
        and _OTHERS.search(inside[0].text) is not None
    )


def _is_placeholder(element: Any, inside: Sequence[Piece]) -> bool:
    """Whether an element stands for a player or a post that is not there."""
    named = _PLAYER.search(f"{describe(element)} {element.get('data-component') or ''}")
    return bool(named) and all(
        _NOT_THERE.search(piece.text) or not piece.is_running_text for piece in inside
    )


def _is_small(element: Any, inside: Sequence[Piece]) -> bool:
    """Whether an element has a few blocks, none of which is a headline, a caption or a byline."""
    return (
        len(inside) <= _BOX_BLOCKS
        and sum(len(piece.text) for piece in inside) <= _BOX_CHARS
        and element.tag not in _HEADLINES
        and next(element.iter(*_HEADLINES[:1]), None) is None
        and not any(
            is_byline(piece.text) or is_caption(piece.text) or signature(piece.text)
            for piece in inside
        )
    )


_TEASERS = 2
_OTHERS = re.compile(r"뉴스|기사|속보|이슈|헤드라인|랭킹|articles|stories", re.IGNORECASE)
_BANNER_CHARS = 100
_BOX_CHARS = 200
_BOX_BLOCKS = 5
_HEADLINES = ("h1", "h2", "h3", "h4", "h5", "h6")
_FIGURES = frozenset({"figure", "table", "li", "blockquote", *_HEADLINES})
_CONTROLS = ("button", "input", "select", "textarea")
_FRAMES = ("iframe", "ins", "object", "embed")
_ADVERTISEMENT = re.compile(r"\[?(?:광고|배너|ads?|advert(?:isement)?|banner)\]?", re.IGNORECASE)
_BANNER_ADDRESS = re.compile(r"(?:^|[/_.-])(?:banners?|ads?|adv|adimg)(?:[/_-])", re.IGNORECASE)
_OFFER = re.compile(
    r"(?:구독|후원|기부|응원|가입|신청|결제|체험|멤버십|회원|레터|선물)(?:을|를)?\s?(?:신청|시작|선물)?\s?(?:하기|해요|받기|보내기)"
    r"|(?:구독|레터|후원)(?:\s?신청)?$|subscribe|sign ?up|donate|join (?:us|now)|become a member"
    r"|abonnieren|jetzt testen|anmelden|s.abonner|suscr[íi]b|登録する|購読|会員登録",
    re.IGNORECASE,
)
_PLAYER = re.compile(r"(?:^|[-_\s])(?:embed|player|video|vod|jw)(?:[-_\s]|$)", re.IGNORECASE)
_NOT_THERE = re.compile(
    r"쿠키|동의|재생|불러|로딩|지원하지|브라우저|cookie|consent|loading|support|enable|browser|einverstanden|zustimm",
    re.IGNORECASE,
)


# What is in the text and what comes after it


def without_odd_boxes(kept: Sequence[Piece]) -> list[Piece]:
    """Return blocks without boxes in the text that are built otherwise and share no words with it.

    Most paragraphs of a text are in elements of one kind. A box of another kind or with a button,
    whose lines have words that hardly occur in the text, is an advertisement, an offer or a list
    of other articles. Quotations, captions, tables and single headings by their tag are none.
    """
    core = _core(kept)
    if core is None:
        return list(kept)
    element, inside = core
    usual = _usual_tags(element, inside)
    if usual is None:
        return list(kept)
    is_polite, words = _is_polite(inside), _Words(inside)
    found: set[int] = set()
    for branch in _branches(inside, {element, *element.iterancestors()}):
        box = next((one for one in branch[0].path if one.getparent() is element), None)
        if box is None or any(map(_is_own, branch)):
            continue
        tags = {_tags_below(element, piece) for piece in branch}
        odd = usual not in tags or next(box.iter(*_CONTROLS), None) is not None
        if not odd or not (_is_remark(branch, is_polite) or _is_list_of_others(box, branch)):
            continue
        if words.lack(branch):
            found.update(piece.order for piece in branch)
    return [piece for piece in kept if piece.order not in found]


class _Words:
    """The words of a text, to compare those of a part with."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._counts = Counter(
            word for piece in pieces if piece.is_running_text for word in _stems(piece.text)
        )

    def lack(self, branch: Sequence[Piece]) -> bool:
        """Whether the words of blocks hardly occur in the rest of the text."""
        own: Counter[str] = Counter()
        words: set[str] = set()
        for piece in branch:
            found = _stems(piece.text)
            words |= found
            own.update(found if piece.is_running_text else ())
        shared = sum(self._counts[word] > own[word] for word in words)
        return shared <= _SHARED_WORDS * len(words)


def followed(kept: Sequence[Piece], usable: Sequence[Piece]) -> list[Piece]:
    """Return blocks with the text that goes on right behind the element that has them.

    It shares its words with the text before, which a note on the author or an offer does not, or
    it is one more paragraph in the plain style of the text.
    """
    if not kept:
        return list(kept)
    last = kept[-1]
    inner = _shared_path(kept)
    above = set(inner)
    near = set(inner[-_NEAR_LEVELS:])
    known = _stems(" ".join(piece.text for piece in kept))
    behind = [piece for piece in usable if piece.order > last.order and near & set(piece.path)]
    found = list(kept)
    headings: list[Piece] = []
    least = 1
    is_plain = not _is_polite(kept)
    for branch in _branches(behind, above):
        if all(_is_credit(piece) for piece in branch):
            continue
        if all(one.is_link for one in branch) and least == 1:
            least = _BEHIND_LINKS  # a link within the text; a teaser below a headline is short
            continue
        if not headings and least == 1 and _is_heading(branch):
            headings = list(branch)
            continue
        own = _stems(" ".join(piece.text for piece in branch))
        is_next = (
            is_plain
            and not headings
            and least == 1
            and all(_PLAIN.search(piece.text) for piece in branch)
        )
        if (
            not is_text(branch, 1)
            or any(map(_is_page, branch))
            or (len(own & known) < max(_GOES_ON * len(own), 2) and not is_next)
            or sum(len(SENTENCE.findall(piece.text)) for piece in branch) < least
        ):
            break
        found.extend([*headings, *branch])
        headings, least = [], 1
    return found


def _shared_path(pieces: Sequence[Piece]) -> tuple[Any, ...]:
    """Return the elements that contain all blocks, from the outermost."""
    first, last = pieces[0].path, pieces[-1].path
    same = 0
    while same < min(len(first), len(last)) and first[same] is last[same]:
        same += 1
    return first[:same]


def _usual_tags(core: Any, inside: Sequence[Piece]) -> tuple[str, ...] | None:
    """Return the tags from ``core`` to its paragraphs; ``None`` where they differ much."""
    sizes: dict[tuple[str, ...], int] = {}
    for piece in inside:
        if piece.is_running_text:
            tags = _tags_below(core, piece)
            sizes[tags] = sizes.get(tags, 0) + len(piece.text)
    tags, size = max(sizes.items(), key=lambda one: one[1])
    return tags if size >= _CORE_SHARE * sum(sizes.values()) else None


def _tags_below(core: Any, piece: Piece) -> tuple[str, ...]:
    return tuple(one.tag for one in piece.path[piece.path.index(core) + 1 :])


def _is_own(piece: Piece) -> bool:
    """Whether a block is a part of an article by its element or its wording."""
    return (
        any(one.tag in _QUOTED for one in piece.path[-2:])
        or _is_credit(piece)
        or piece.kind is SectionKind.DECK
        or _MARKED.match(piece.text) is not None
    )


def _is_remark(branch: Sequence[Piece], is_polite: bool) -> bool:  # noqa: FBT001
    """Whether blocks are a line or two that address the reader, or no sentence.

    A text in polite style can address its readers itself.
    """
    if any(one.tag in _STRUCTURED for piece in branch for one in piece.path[-2:]):
        return False
    text = " ".join(piece.text for piece in branch)
    sentences = sum(len(SENTENCE.findall(piece.text)) for piece in branch)
    if len(text) > _ODD_CHARS or sentences > 2:
        return False
    addresses = _ADDRESS if is_polite or not _HANGUL.search(text) else _POLITE
    return not sentences or addresses.search(text) is not None


def _is_list_of_others(box: Any, branch: Sequence[Piece]) -> bool:
    """Whether a box has a label and lines below it, none of which is a sentence or a fact."""
    first, rest = branch[0], branch[1:]
    # A list without a label, and terms with what they mean, belong to the text.
    return (
        bool(rest)
        and box.tag not in {"ul", "ol"}
        and sum(1 for _ in box.iter("dt")) <= 1
        and not (box.tag == "dl" and sum(1 for _ in box.iter("dd")) <= 1)
        and len(first.text) <= _LABEL_CHARS
        and not any(SENTENCE.search(piece.text) for piece in branch)
        and sum(bool(re.search(r"[:：=]", piece.text)) for piece in rest) < len(rest) / 2
    )


def _is_polite(pieces: Sequence[Piece]) -> bool:
    """Whether a text is written in polite style (``…습니다.``)."""
    running = [piece.text for piece in pieces if piece.is_running_text]
    return sum(_POLITE.search(text) is not None for text in running) > len(running) / 3


def _stems(text: str) -> set[str]:
    """Return the beginnings of the words of ``text``, which their inflected forms share."""
    return {
        word[:2] if "가" <= word[0] <= "힣" else word
        for word in re.findall(r"[^\W\d_]{2,}", text.casefold())
        if len(word) > 3 or "가" <= word[0] <= "힣"
    }


_ODD_CHARS = 120
_LABEL_CHARS = 30
_SHARED_WORDS = 0.25  # the most of the words of a box of the page that the text has
_GOES_ON = 0.3  # the least of the words of its last part that the text has
_NEAR_LEVELS = 3
_BEHIND_LINKS = 4  # sentences
_STRUCTURED = frozenset({"ul", "ol", "dl", *_HEADLINES})
_QUOTED = frozenset({"figure", "table", "blockquote"})
_PLAIN = re.compile(r"(?<!니)다\.[”\"'’]?$")
_HANGUL = re.compile(r"[가-힣]")
_ADDRESS = re.compile(
    r"^[^\"“„]*(?:\b(?:you|your|our|us|Sie|Ihre?|uns|unsere?|vous|votre|notre)\b|ください|ませんか)[^\"“„]*$"
)
_MARKED = re.compile(r"[◆◇■□▲△●○▶※①-⑳Q]|\d{1,2}[.)]\s")
_POLITE = re.compile(r"(?:[세어해]요|니다|까요)[.!?]*$")


def trimmed(kept: Sequence[Piece]) -> list[Piece]:
    """Return blocks without what comes after the element that has most of the text.

    The article ends at the first neighbour of that element that is no text: a list of others,
    a note, a form. A heading that text follows is part of the article, and so is further text of
    some length. Bylines, captions and rows of tables are no end.
    """
    core = _core(kept)
    if core is None:
        return list(kept)
    element, inside = core
    last = inside[-1].order
    above = {element, *element.iterancestors()}
    size = sum(len(piece.text) for piece in kept if piece.is_running_text)
    found = [piece for piece in kept if piece.order <= last]
    is_polite, words = _is_polite(inside), _Words(inside)
    headings: list[Piece] = []
    ended = commented = False
    for branch in _branches([piece for piece in kept if piece.order > last], above):
        commented = commented or any(begins_comments(piece.text) for piece in branch)
        if all(_is_credit(piece) for piece in branch):
            # Behind the heading of comments, rows of a table are those of readers.
            found.extend(piece for piece in branch if not commented or is_byline(piece.text))
            continue
        running = [
            piece.text
            for piece in branch
            if piece.is_running_text and piece.element.tag != "table" and not _is_page(piece)
        ]
        chars = sum(map(len, running))
        sentences = sum(len(SENTENCE.findall(text)) for text in running)
        is_running = chars >= _TEXT_SHARE * sum(len(piece.text) for piece in branch)
        if _has_control(branch, above):
            is_running = is_running and sentences > 2
        elif _is_remark(branch, is_polite) and words.lack(branch):
            is_running = False
        further = sentences > 1
        if is_running and (not ended or (further and chars > _FURTHER_SHARE * size)):
            found.extend([*headings, *branch])
            headings, ended = [], False
        elif not ended and not headings and _is_heading(branch):
            headings = list(branch)
        else:
            headings, ended = [], True
    return sorted(found, key=lambda piece: piece.order)


def _has_control(branch: Sequence[Piece], above: set[Any]) -> bool:
    """Whether the element of blocks has a field or a button."""
    box = next((one for one in branch[0].path if one not in above), None)
    return box is not None and next(box.iter("form", *_CONTROLS), None) is not None


def _core(kept: Sequence[Piece]) -> tuple[Any, list[Piece]] | None:
    """Return the innermost element that has most of the running text, and its blocks."""
    inside: dict[Any, list[Piece]] = {}
    depths: dict[Any, int] = {}
    for piece in kept:
        for depth, element in enumerate(piece.path):
            inside.setdefault(element, []).append(piece)
            depths[element] = depth
    size = sum(len(piece.text) for piece in kept if piece.is_running_text)
    best: Any = None
    for element, pieces in inside.items():
        running = [len(piece.text) for piece in pieces if piece.is_running_text]
        enough = len(running) >= _LEAST_BLOCKS and sum(running) >= _CORE_SHARE * size
        if enough and (best is None or depths[element] > depths[best]):
            best = element
    return (best, inside[best]) if best is not None else None


def _branches(pieces: Sequence[Piece], above: set[Any]) -> Iterator[list[Piece]]:
    """Yield the blocks of each element that is a neighbour of the text or of what contains it."""
    branch: list[Piece] = []
    before: Any = None
    for piece in pieces:
        own = next((element for element in piece.path if element not in above), piece)
        if branch and own is not before:
            yield branch
            branch = []
        branch.append(piece)
        before = own
    if branch:
        yield branch


def _is_credit(piece: Piece) -> bool:
    return (
        piece.kind is SectionKind.CAPTION
        or is_byline(piece.text)
        or is_caption(piece.text)
        or signature(piece.text) is not None
        or (piece.element.tag == "table" and " | " in piece.text)
    )


def _is_page(piece: Piece) -> bool:
    return is_page_line(piece.text) or begins_related(piece.text) or begins_comments(piece.text)


def _is_heading(branch: Sequence[Piece]) -> bool:
    return (
        len(branch) == 1
        and branch[0].kind is SectionKind.HEADING
        and not _is_page(branch[0])
        and not is_statement(branch[0].text)
    )


_CORE_SHARE = 0.75  # of the running text that the innermost element has
_LEAST_BLOCKS = 3
_TEXT_SHARE = 0.6  # of the characters of an element that is text
_FURTHER_SHARE = 0.05  # of the text that an element behind the end of the text must have
