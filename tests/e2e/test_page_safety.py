"""Text of an article, a model or an address is never markup, script or a link."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.browser

TAG = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
HOSTILE = {
    "id": "hostile",
    "title": f"{TAG} 제목",
    "publisher": f"{TAG} 신문",
    "author": "<b>기자</b>",
    "date": "2025-04-02",
    "url": "javascript:document.title='owned'",
    "text": f"{TAG} 항구에 배 7척이 들어왔다. [1] ![x](http://x.invalid/) {{{{7*7}}}} "
    "<a href='javascript:alert(1)'>여기</a>를 누르라고 한다. 가\u202e나\u200b다.",
}
FOREIGN = (
    "img:not(.brand img), script:not(head script), iframe, object, style, b, link:not(head link)"
)


def assert_inert(page: Any) -> None:
    assert page.all(FOREIGN) == []
    hrefs = page.js("return [...document.querySelectorAll('a')].map(a => a.href)")
    assert all(href.startswith(page.url) for href in hrefs), hrefs
    on = "return [...document.querySelectorAll('*')].flatMap(n => n.getAttributeNames())"
    assert not any(name.startswith("on") or name == "style" for name in page.js(on))
    assert page.browser.title == "근거 geungeo"


def test_hostile_article_is_only_text(home: Any) -> None:
    body = json.dumps(HOSTILE, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/octet-stream"}
    sent = httpx.post(
        f"{home.url}/articles/file?name=h.jsonl", content=body, headers=headers, timeout=120
    )
    assert sent.json()["added"] == ["hostile"]
    try:
        home.open()
        home.wait(lambda: "<img src=x" in home.text(".article-title"))
        assert_inert(home)
        answer = home.ask(f"{TAG} 항구에 배 몇 척이 들어왔나?")
        assert TAG in home.text(".question")
        assert_inert(home)
        home.wait(lambda: home.text(".conversation-title").startswith(TAG))
        home.open("/articles/hostile")
        home.one("article.article")
        article = httpx.get(f"{home.url}/articles/hostile", timeout=120).json()
        assert home.text("article.article") == article["text"]
        assert "onerror" in home.text("#reader .facts")
        # Invisible characters are made visible.
        assert {node.get_attribute("title") for node in home.all(".invisible")} == {
            "U+202E",
            "U+200B",
        }
        assert_inert(home)
        httpx.delete(f"{home.url}/conversations/{answer['conversation_id']}", timeout=120)
    finally:
        httpx.delete(f"{home.url}/articles/hostile", timeout=120)


def test_hostile_answer_is_only_text_and_its_links_stay_on_the_page(home: Any) -> None:
    # Text and addresses that the server would never release.
    copied = home.module(
        """
        const [tag, evil] = args;
        const { Turn } = await import("/static/turn.js");
        const { articleView } = await import("/static/article.js");
        const { answerAsText } = await import("/static/copy.js");
        const { $ } = await import("/static/dom.js");
        const turn = new Turn(tag, { open() {} });
        const place = { article_id: evil, version: 1, start: 0, end: 3, section: evil };
        const quote = { quote: tag + "\\u202e", title: tag, publisher: tag, published_at: evil };
        const at = { marker: 1, answer_start: 0, answer_end: tag.length };
        const citations = [{ ...place, ...quote, ...at, url: evil, note: tag }];
        const made = { backend: tag, timings_ms: { total: 1 }, passages: [], language: tag };
        const asked = { id: "i", question: tag, standalone_question: `${tag}!` };
        const answer = { ...asked, ...made, status: "answered", text: `${tag} [1]`, citations };
        turn.restore(answer, null);
        const article = { id: evil, version: 1, versions: [1, 2], url: evil, text: tag };
        const shown = { title: tag, language: tag };
        const sections = [{ kind: tag, start: 0, end: 5 }];
        const view = articleView({ ...article, ...shown, sections }, place, turn, {});
        $("turns").replaceChildren(turn.node);
        $("reader").replaceChildren(view.node);
        return answerAsText(answer);
        """,
        TAG,
        "javascript:document.title='owned'",
    )
    assert home.text(".claim") == TAG
    assert_inert(home)
    assert "    javascript:" not in copied
    assert "\u202e" not in copied


def test_content_security_policy_forbids_unused_features(home: Any) -> None:
    policy = httpx.get(home.url, timeout=120).headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    forbidden = (
        "document.body.insertAdjacentHTML('beforeend', '<i>x</i>')",
        "document.createElement('script').text = 'document.title=1'",
        "setTimeout('document.title=1')",
    )
    for attempt in forbidden:
        refused = f"try {{ {attempt}; return 'done' }} catch (error) {{ return error.name }}"
        assert home.js(refused) == "TypeError", attempt
    # Nothing is fetched from elsewhere, so that the page works without the internet.
    loaded = home.js("return performance.getEntriesByType('resource').map(one => one.name)")
    assert loaded
    assert all(name.startswith(home.url) for name in loaded)
    assert home.complaints()  # the browser reports what it forbade
