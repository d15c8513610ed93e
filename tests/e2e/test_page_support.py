"""A claim that was checked by meaning has a quiet mark; quotations and proven claims have none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import axe_core_python
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from geungeo.index.workspace import Workspace
from geungeo.rag.answer import (
    Answer,
    Composer,
    DroppedClaim,
    Ground,
    GroundedClaim,
    SupportKind,
    Trace,
    check,
)
from geungeo.rag.settings import Settings
from geungeo.rag.text import Span
from tests.e2e.conftest import NAME, Page, begin
from tests.support.processes import serving_in_thread

pytestmark = pytest.mark.browser

AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text("utf-8")
EXPLAINED = {
    "ko": "뜻으로 확인한 문장입니다. 원문의 표현과 다를 수 있습니다.",
    "en": "Checked by meaning: the source may use other words.",
}
LOCKED = (
    "MS는 오픈AI에 수십억 달러를 투자하고, 앞으로 적어도 몇 년 동안은 결코 균열이 생길 수 없도록 "
    "한 계약을 맺은 바 있다."
)
RUMOUR = (
    "하지만 최근 몇 달 동안 MS는 챗GPT의 가격이 비싸고 속도 역시 느리다는 이유로 오픈AI에 대한 "
    "의존도를 낮추는 데 주력하고 있다는 소문이 돌고 있다."
)
SOON = "서로가 멀지않아 파트너가 아닌 경쟁자가 될 것이란 점을 피차 알고 있었다."
CLAIMS: tuple[tuple[str, SupportKind, tuple[str, ...]], ...] = (
    (SOON, "quote", (SOON,)),
    ("MS는 챗GPT가 비싸고 굼떠서 오픈AI에 덜 기대려 한다는 말이 나온다.", "entailment", (RUMOUR,)),
    ("MS는 오픈AI에 수십억 달러를 투자했다.", "rules", (LOCKED,)),
    (
        "계약대로라면 갈라설 리가 없던 두 회사가 이제 맞수로 돌아설 판이다.",
        "entailment",
        (LOCKED, SOON),
    ),
)


def three_kinds(workspace: Workspace) -> Answer:
    """Return an answer over the seed article whose claims have every kind of support."""
    article = workspace.store.article(workspace.store.articles()[0].id)
    composer = Composer()
    for claim, kind, quotes in CLAIMS:
        starts = [article.text.index(quote) for quote in quotes]
        spans = [Span(at, at + len(q)) for at, q in zip(starts, quotes, strict=True)]
        grounds = tuple(Ground(article, span, 0.8, kind=kind) for span in spans)
        composer.add(GroundedClaim(claim, grounds))
    answer = Answer(
        id="0" * 24,
        question="두 회사의 사이는?",
        standalone_question="두 회사의 사이는?",
        language="ko",
        status="answered",
        reason=None,
        text=composer.text,
        citations=tuple(composer.citations),
        conversation_id="kinds",
        backend="openai:m",
        trace=Trace(dropped=(DroppedClaim(text="둘은 화해했다.", why="rules", instead=SOON),)),
    )
    check(answer, workspace.store.article)
    return answer


@pytest.fixture(scope="module")
def judged_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a conversation whose answer has every kind of support."""
    settings = Settings(store=tmp_path_factory.mktemp("judged"))
    with Workspace.open(settings, seed=True) as workspace:
        workspace.store.conversations.append("kinds", three_kinds(workspace), f"browser:{NAME}")
    with serving_in_thread(settings) as (_, url):
        yield url


@pytest.fixture
def judged(chromium: Chrome, judged_url: str) -> Iterator[Page]:
    page = begin(chromium, judged_url)
    # Without it, a page that was not clicked yet has no focus, and :focus matches nothing.
    chromium.execute_cdp_cmd("Emulation.setFocusEmulationEnabled", {"enabled": True})
    page.resume("kinds")
    yield page
    assert page.complaints() == []


def tooltip(page: Page, number: int = 0) -> str:
    """Return what the tooltip of a mark shows; "none" if it is hidden."""
    script = (
        "const mark = document.querySelectorAll('.meaning')[arguments[0]];"
        "return getComputedStyle(mark, '::after').content"
    )
    return str(page.js(script, number)).strip('"')


def test_only_claims_judged_by_meaning_are_marked(judged: Page) -> None:
    marked = "return [...document.querySelectorAll('.claim.by-meaning')].map(n => n.textContent)"
    assert judged.js(marked) == [claim for claim, kind, _ in CLAIMS if kind == "entailment"]
    assert len(judged.all(".claim")) == 4
    # The mark follows its claim, before the numbers.
    follows = (
        "return [...document.querySelectorAll('.meaning')]"
        ".map(n => n.parentNode.previousSibling.previousSibling.textContent)"
    )
    assert judged.js(follows) == judged.js(marked)
    assert (
        judged.js("return document.querySelectorAll('.markers > .meaning:first-child').length") == 2
    )
    # It is no part of the text: what is copied is the answer.
    answer = judged.last_answer()
    assert judged.text(".answer-text") == answer["text"].replace("[", "").replace("]", "")
    # A quotation in place of a claim looks like any quotation.
    assert answer["trace"]["dropped"][0]["instead"] == judged.text(".claim:first-child")
    assert judged.one(".claim").get_attribute("class") == "claim"


@pytest.mark.parametrize("language", ["ko", "en"])
def test_mark_explains_itself_to_pointer_keyboard_and_screen_reader(
    judged: Page, language: str
) -> None:
    if language == "en":
        judged.click("#language")
    mark = judged.one(".meaning")
    assert mark.accessible_name == EXPLAINED[language]
    assert mark.aria_role == "button"
    assert tooltip(judged) == "none"
    ActionChains(judged.browser).move_to_element(mark).perform()
    assert tooltip(judged) == EXPLAINED[language]
    ActionChains(judged.browser).move_to_element(judged.one(".brand")).perform()
    assert tooltip(judged) == "none"
    # By keyboard: the mark is the stop before its numbers, Escape closes the tooltip only.
    judged.js("document.querySelector('.marker').focus()")
    judged.focused.send_keys(Keys.TAB)
    assert judged.focused == mark
    assert tooltip(judged) == EXPLAINED[language]
    judged.focused.send_keys(Keys.ESCAPE)
    assert tooltip(judged) == "none"
    assert judged.focused == mark
    judged.focused.send_keys(Keys.TAB)
    assert judged.focused.get_attribute("data-marker") == "2"


def test_marked_sentence_is_announced_with_the_word(judged: Page) -> None:
    said = judged.module(
        """
        const { Turn } = await import("/static/turn.js");
        const { $ } = await import("/static/dom.js");
        const turn = new Turn("왜?", { open() {}, askAgain() {} });
        $("announcer").replaceChildren();
        const place = { article_id: "a", version: 1, start: 0, end: 1, section: "body" };
        const cite = (marker, support_kind, answer_start, answer_end) =>
          ({ marker, quote: "말.", title: "글", support_kind, answer_start, answer_end, ...place });
        turn.receive("passages", []);
        turn.receive("delta", { text: "갔다. [1]" });
        turn.receive("citation", cite(1, "rules", 0, 3));
        turn.receive("delta", { text: " 왔다. [2]" });
        turn.receive("citation", cite(2, "entailment", 8, 11));
        const marked = [...turn.node.querySelectorAll(".by-meaning")].map((n) => n.textContent);
        return { marked, said: [...$("announcer").children].map((n) => n.textContent) };
        """
    )
    assert said == {"marked": ["왔다."], "said": ["갔다.", "왔다. (뜻으로 확인)"]}


def test_copied_text_has_the_word_behind_the_quote(judged: Page) -> None:
    answer = judged.last_answer()
    copied = judged.module(
        'return (await import("/static/copy.js")).answerAsText(args[0])', answer
    ).splitlines()
    by_meaning = {
        one["marker"] for one in answer["citations"] if one["support_kind"] == "entailment"
    }
    sources = [line for line in copied if line.startswith("[")]
    assert {
        n for n, line in enumerate(sources, 1) if line.endswith("” (뜻으로 확인)")
    } == by_meaning
    assert len(sources) == 3
    assert by_meaning == {1, 2, 3}


@pytest.mark.parametrize("width", [1440, 360])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_tooltip_fits_and_axe_finds_no_serious_problem(
    judged: Page, width: int, theme: str
) -> None:
    judged.js("localStorage.setItem('geungeo.theme', arguments[0])", theme)
    judged.size(width, 900)
    judged.open()
    judged.one(".answer-foot")
    for number, mark in enumerate(judged.all(".meaning")):
        judged.js("arguments[0].focus()", mark)
        assert tooltip(judged, number) == EXPLAINED["ko"]
        box = judged.js(
            "const text = document.querySelector('.answer-text').getBoundingClientRect();"
            "const tip = getComputedStyle(arguments[0], '::after');"
            "const around = ['paddingLeft', 'paddingRight', 'borderLeftWidth', 'borderRightWidth'];"
            "const outer = tip.boxSizing === 'border-box' ? [] : around;"
            "const width = ['width', ...outer].reduce((sum, at) => sum + parseFloat(tip[at]), 0);"
            "return {left: parseFloat(tip.left), width, room: text.width}",
            mark,
        )
        assert box["left"] >= 0
        assert box["left"] + box["width"] <= box["room"] + 1
        assert judged.js("return document.documentElement.scrollWidth <= innerWidth")
    judged.js(AXE)
    found = judged.module(
        "return (await axe.run(document, {resultTypes: ['violations']})).violations"
    )
    assert [rule["id"] for rule in found if rule["impact"] in {"serious", "critical"}] == []
