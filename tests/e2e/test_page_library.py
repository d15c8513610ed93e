"""The page's library: add articles, find them, keep conversations and feedback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser

DROP = """
const files = new DataTransfer();
for (const [name, bytes] of arguments[0]) {
  files.items.add(new File([Uint8Array.from(bytes)], name));
}
const over = (type) => document.documentElement.dispatchEvent(
  new DragEvent(type, { dataTransfer: files, bubbles: true, cancelable: true }));
over("dragenter");
const shown = !document.getElementById("drop").hidden;
over("drop");
return shown;
"""
WHALES = "옛 완성형 고래 소식\n\n2024-02-03     나기자\n\n동해에 고래 12마리가 돌아왔다고 밝혔다."


def drop(page: Any, *files: tuple[str, bytes]) -> bool:
    """Drag files over the page and drop them; return whether the page showed a drop target."""
    return bool(page.js(DROP, [[name, list(data)] for name, data in files]))


def jobs(page: Any) -> list[list[str]]:
    """Return name, state and details of every upload, once all are finished."""
    page.wait(lambda: not page.all(".job.waiting, .job.sending"))
    return [job.split("\n") for job in page.texts(".job")]


def titles(page: Any) -> list[str]:
    script = "return [...document.querySelectorAll('.article-title')].map(n => n.textContent)"
    return list(page.js(script))


def test_articles_are_added_by_file_text_and_address_and_found(home: Any) -> None:
    home.sees(".results .quiet", "아직 기사가 없습니다")
    records = [
        {"id": f"n{n}", "title": f"{n}번째 소식", "date": f"2025-01-{n % 28 + 1:02}", "text": "글."}
        for n in range(60)
    ]
    records[10]["date"] = "어제"
    lines = [json.dumps(one, ensure_ascii=False) for one in records]
    lines[44] = "{oops"
    # One of each type that can be dropped, in the encoding that Korean files often have.
    assert drop(
        home,
        ("옛글.TXT", WHALES.encode("cp949")),
        ("소식.jsonl", "\n".join(lines).encode()),
        ("그림.png", b"\x89PNG"),
        ("빈 글.md", b" \n"),
    )
    done = jobs(home)
    assert done[0] == ["옛글.TXT", "들어갔습니다"]
    assert done[1][:2] == ["소식.jsonl", "새 기사 59건 · 실패 1건"]
    assert "소식.jsonl:45" in done[1][2]
    assert done[1][3].startswith("확인해 주세요: field 'date': date '어제' cannot be read")
    assert done[2][1:] == ["넣지 못했습니다", "이런 종류의 파일은 넣을 수 없습니다."]
    assert done[3][1:3] == ["넣지 못했습니다", "글이 비어 있습니다."]
    home.sees(".jobs-head", "4개 가운데 4개 끝남")
    home.type("#ingest-text", "한강 수상버스\n\n서울시가 운항을 늘린다.")
    home.click("#ingest-text + button")
    home.type("#ingest-url", "javascript:alert(1)", Keys.ENTER)
    assert len(jobs(home)) == 5  # the browser checks the form of an address
    home.one("#ingest-url").clear()
    home.type("#ingest-url", "http://127.0.0.1:1/private", Keys.ENTER)
    home.wait(lambda: len(home.all(".job")) == 6)
    text, address = jobs(home)[4:]
    assert text == ["한강 수상버스", "들어갔습니다"]
    assert address[1:3] == [
        "넣지 못했습니다",
        "이 주소에서는 가져오지 않습니다. 인터넷에서 누구나 볼 수 있는 주소를 적어 주세요.",
    ]
    assert "실패" in home.text("#announcer")
    assert any("422" in line for line in home.complaints())
    home.focused.send_keys(Keys.ESCAPE)
    home.wait(lambda: home.shown(".count") == "기사 61건")
    assert len(titles(home)) == 50
    home.click(".results .more")
    home.wait(lambda: len(titles(home)) == 61)
    home.type(".finder [type=search]", "고래")
    home.wait(lambda: titles(home) == ["옛 완성형 고래 소식"])
    home.type(".finder [type=search]", "가 없다")
    home.sees(".results .quiet", "조건에 맞는 기사가 없습니다")
    home.click(".results .button")
    home.wait(lambda: len(titles(home)) == 50)
    home.js(
        "const day = document.querySelector('[name=published_from]'); day.value = '2025-01-28';"
        "day.dispatchEvent(new Event('input'))"
    )
    home.wait(lambda: titles(home) == ["27번째 소식", "55번째 소식"])
    home.click(".article-link")
    home.wait(lambda: home.shown("#reader h2") == "27번째 소식")


def test_conversations_are_listed_closed_resumed_exported_and_deleted(
    home: Any, tmp_path: Path
) -> None:
    httpx.post(f"{home.url}/articles", json={"text": WHALES, "name": "whales.txt"}, timeout=120)
    first = home.ask("동해에 고래 몇 마리가 돌아왔나?")
    assert first["citations"]
    home.click("#new-conversation")
    assert home.all(".turn") == []
    home.ask("김치찌개 끓이는 법은?")
    home.wait(lambda: len(home.all(".conversation")) == 2)
    assert home.shown(".conversation[aria-current]").startswith("김치찌개")
    home.js("document.querySelectorAll('.conversation')[1].click()")
    home.wait(lambda: home.text(".question") == first["question"])
    home.open()  # and so it is after a reload
    home.wait(lambda: home.text(".question") == first["question"])
    behavior = {"behavior": "allow", "downloadPath": str(tmp_path)}
    home.browser.execute_cdp_cmd("Browser.setDownloadBehavior", behavior)
    home.js("document.querySelector('.conversation[aria-current] + * .icon-button').click()")
    home.wait(lambda: list(tmp_path.glob("*.md")))
    kept = next(tmp_path.glob("*.md")).read_text("utf-8")
    assert first["citations"][0]["quote"] in kept
    remove = (
        "document.querySelector('.conversation[aria-current] + * .icon-button:last-child').click()"
    )
    home.js(remove)
    home.sees("dialog", "되돌릴 수 없습니다")
    home.focused.send_keys(Keys.ENTER)  # what has the focus does no harm
    home.wait(lambda: not home.all("dialog"))
    assert len(home.all(".conversation")) == 2
    home.js(remove)
    home.click("dialog .danger")
    home.wait(lambda: len(home.all(".conversation")) == 1)
    assert home.all(".turn") == []
    listed = httpx.get(f"{home.url}/conversations", timeout=120).json()["conversations"]
    assert [one["first_question"] for one in listed] == ["김치찌개 끓이는 법은?"]


def test_feedback_is_stored_and_an_answer_copied_with_its_sources(home: Any) -> None:
    httpx.post(f"{home.url}/articles", json={"text": WHALES, "name": "whales.txt"}, timeout=120)
    answer = home.ask("동해에 고래 몇 마리가 돌아왔나?")

    def pressed() -> list[str]:
        return [button.get_attribute("aria-pressed") for button in home.all(".vote")]

    assert pressed() == ["false", "false"]
    home.click(".vote[data-rating=down]")
    home.click(".vote[data-rating=up]")
    home.wait(lambda: "의견 고맙습니다" in home.text("#announcer"))
    assert pressed() == ["true", "false"]
    home.open()
    home.one(".turn .vote")
    assert pressed() == ["true", "false"]
    allowed = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    home.browser.execute_cdp_cmd("Browser.grantPermissions", allowed)
    home.click(".copy")
    home.one(".copy .icon-check")
    copied = home.module("return navigator.clipboard.readText()")
    citation = answer["citations"][0]
    assert copied.startswith(f"{answer['question']}\n\n{answer['text']}\n\n근거:\n")
    assert f"[1] “{citation['quote']}”" in copied
    place = f"version={citation['version']}&start={citation['start']}&end={citation['end']}"
    assert f"{home.url}/articles/{citation['article_id']}?{place}" in copied
