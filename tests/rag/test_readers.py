"""Reading documents: formats, encodings, and errors that name the document."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geungeo.rag.article import Article, SectionKind
from geungeo.rag.errors import (
    EmptySource,
    MalformedSource,
    SourceError,
    UndecodableSource,
    UnsupportedSource,
)
from geungeo.rag.readers import read
from tests.support import SEED


def one(data: bytes, name: str) -> Article:
    (draft,) = read(data, name).drafts
    return draft.article()


def kinds(article: Article, kind: SectionKind) -> list[str]:
    return [s.span.of(article.text) for s in article.sections if s.kind is kind]


def test_the_seed_is_read_with_all_sections(seed_article: Article) -> None:
    assert seed_article.title.startswith("오랜 '동지' MS와 오픈AI")
    assert (seed_article.publisher, seed_article.author) == ("애플경제", "전윤미")
    assert seed_article.published_at == "2025-03-10"
    assert seed_article.text == SEED.read_text("utf-8")
    assert len(kinds(seed_article, SectionKind.DECK)) == 1
    assert len(kinds(seed_article, SectionKind.BYLINE)) == 1
    assert kinds(seed_article, SectionKind.HEADING) == [
        "MS, 자체 모델 ‘MAI’ 개발, 기술 독립 선언",
        "MS “코파일럿 기반 ‘챗GPT’ 성능 미흡” 불만",
        "오픈AI는 다른 투자자 유치, MS는 오픈AI 시장 공략",
    ]
    assert len(kinds(seed_article, SectionKind.CAPTION)) == 3


@pytest.mark.parametrize("encoding", ["cp949", "euc-kr", "utf-16", "utf-16-le", "utf-8-sig"])
def test_other_encodings_read_like_utf8(encoding: str) -> None:
    text = "속보 제목\n\n오늘 서울에서 회의가 열렸다. 참석자는 모두 12명이었다.\n"
    assert one(text.encode(encoding), "a.txt").text == text


def test_undecodable_text_is_rejected_with_its_line() -> None:
    data = "첫 줄이다.\n둘째 줄이다.\n".encode() + b"\xff\xfe\xfa broken \x80\x81\n"
    with pytest.raises(UndecodableSource, match=r"a\.txt: line 3"):
        read(data, "a.txt")


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7 ...", b"\x89PNG\r\n\x1a\n", bytes(range(256)) * 8, b"PK\x03\x04zip"]
)
def test_binary_files_are_rejected(data: bytes) -> None:
    with pytest.raises(UnsupportedSource):
        read(data, "a.txt")


@pytest.mark.parametrize("data", [b"", b" \n\t ", "\ufeff\n".encode()])
def test_empty_files_are_rejected(data: bytes) -> None:
    with pytest.raises(EmptySource):
        read(data, "a.txt")


def test_the_error_for_an_unknown_suffix_names_the_supported_ones() -> None:
    with pytest.raises(UnsupportedSource, match=r"\.html, .*\.txt"):
        read("글".encode(), "a.exe")


def test_markdown_is_read_as_displayed() -> None:
    source = (
        "---\ntitle: 반도체 수출\npublisher: 테스트일보\ndate: 2025-03-01\n---\n"
        "# 반도체 수출\n\n지난달 수출이 **12%** 늘었다. [자료](https://x.y)를 보라.\n\n"
        "## 전망\n\n![그래프](g.png) 사진=연합뉴스\n\n- 첫째\n- 둘째\n"
    )
    article = one(source.encode(), "a.md")
    assert (article.title, article.publisher) == ("반도체 수출", "테스트일보")
    assert article.published_at == "2025-03-01"
    assert "지난달 수출이 12% 늘었다. 자료를 보라." in article.text
    assert kinds(article, SectionKind.HEADING) == ["전망"]
    assert kinds(article, SectionKind.CAPTION) == ["사진=연합뉴스"]
    assert "https://x.y" not in article.text


def test_html_is_read_without_the_rest_of_the_page() -> None:
    body = "".join(
        f"<p>문단 {n}입니다. 이 기사는 본문을 뽑아내는 시험에 쓰이며 충분히 길어야 합니다.</p>"
        for n in range(6)
    )
    page = (
        "<html><head><title>시험 기사</title>"
        '<meta property="og:site_name" content="시험신문">'
        '<meta property="article:published_time" content="2025-03-02T09:00:00+09:00">'
        "</head><body><nav>메뉴 메뉴</nav><article><h1>시험 기사</h1>"
        f"{body}<h2>중간 제목</h2>{body}</article><script>alert(1)</script></body></html>"
    )
    article = one(page.encode(), "a.html")
    assert article.title == "시험 기사"
    assert article.published_at == "2025-03-02T09:00:00+09:00"
    assert "문단 3입니다." in article.text
    assert "alert(1)" not in article.text and "메뉴" not in article.text


def test_jsonl_counts_blank_and_duplicate_lines_and_reports_bad_ones() -> None:
    good = json.dumps(
        {
            "id": "n1",
            "title": "제목",
            "text": "한 줄\u2028기록이다.",
            "date": "2025-03-01T10:00:00",
        },
        ensure_ascii=False,
    )
    lines = ["\ufeff" + good + "\r", "", good, '{"text": ""}', "{broken", '{"text": NaN}', "[1]"]
    reading = read("\n".join(lines).encode(), "a.jsonl")
    (draft,) = reading.drafts
    assert draft.id == "n1"
    assert draft.published_at == "2025-03-01T10:00:00+09:00"
    assert reading.skipped == 2
    assert [str(failure).split(": ")[0] for failure in reading.failures] == [
        "a.jsonl:4",
        "a.jsonl:5",
        "a.jsonl:6",
        "a.jsonl:7",
    ]


def test_jsonl_without_a_valid_line_is_rejected() -> None:
    with pytest.raises(MalformedSource, match=r"a\.jsonl:1"):
        read(b"{nonsense", "a.jsonl")


def test_a_javascript_url_is_not_kept() -> None:
    record = json.dumps({"text": "본문이다.", "url": "javascript:alert(1)"})
    assert one(record.encode(), "a.jsonl").url is None


@given(st.binary(max_size=400), st.sampled_from([".txt", ".md", ".html", ".jsonl"]))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_rejected_with_the_name(data: bytes, suffix: str) -> None:
    try:
        reading = read(data, f"a{suffix}")
    except SourceError as error:
        assert str(error).startswith("a.")
    else:
        assert all(draft.article().text for draft in reading.drafts)


@given(st.text(min_size=1), st.sampled_from([".txt", ".md", ".jsonl"]))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_or_rejected_with_the_name(text: str, suffix: str) -> None:
    data = text.encode("utf-8", "replace")
    if suffix == ".jsonl":
        data = json.dumps({"text": text}).encode()
    try:
        reading = read(data, f"a{suffix}")
    except SourceError as error:
        assert "a." in str(error)
    else:
        for draft in reading.drafts:
            article = draft.article()
            assert all(section.span.of(article.text).strip() for section in article.sections)
