"""Dates, names, publishers and data of web pages whose sources contradict each other."""

from __future__ import annotations

import pytest

from tests.rag.readers.test_outlets import TEXT, TITLE, page

# Dates


@pytest.mark.parametrize(
    ("head", "line", "date"),
    [
        # What fills a template counts less than the line of the article.
        (
            '<meta name="date" content="2009-03-02">',
            "2025년 7월 3일 (목) 한여울 기자",
            "2025-07-03",
        ),
        ('<meta name="date" content="2009-03-02">', "입력 2025.07.03", "2025-07-03"),
        (
            '<meta name="dc.date" content="2009-03-02">',
            "[12호] 2025.07.03 한여울 기자",
            "2025-07-03",
        ),
        ('<meta name="dcterms.created" content="2026-01-02">', "등록일 : 2025.07.03", "2025-07-03"),
        ('<meta name="og:createdate" content="2026-01-02">', "승인 25.07.03 09:10", "2025-07-03"),
        ('<meta name="date" content="2025-07-03">', "최종수정 2025.07.05", "2025-07-03"),
        ('<meta name="date" content="2025-07-03">', "수정 2025.07.05 한여울 기자", "2025-07-03"),
        ('<meta name="date" content="2025-07-03">', "한여울 기자", "2025-07-03"),
        ('<meta name="date" content="2025-07-03">', "인쇄일 : 2025.07.05", "2025-07-03"),
        (
            '<meta property="article:published_time" content="2025-07-03">',
            "입력 2025.07.01",
            "2025-07-03",
        ),
        ('<meta name="regdate" content="20250703">', "2025.07.01 한여울 기자", "2025-07-03"),
        # A field that no one filled
        (
            '<meta property="article:published_time" content="1970-01-01T00:00:00+00:00">',
            "입력 2025.07.03",
            "2025-07-03",
        ),
        (
            '<meta property="article:published_time" content="0001-01-01T00:00:00">',
            "2025.07.03",
            "2025-07-03",
        ),
        ('<meta name="pubdate" content="0">', "2025년 7월 3일", "2025-07-03"),
        # A year of two digits
        ("", "사는이야기 25.07.03 09:10 최종 업데이트 25.07.05 15:20", "2025-07-03"),
        ("", "25.07.03 09:10", "2025-07-03"),
        ("", "사회 | 25/07/03 09:10:22", "2025-07-03"),
        ("", "'25. 7. 3. 09:10 한여울 기자", "2025-07-03"),
        ("", "25-07-03 (목) 09:10 | 조회 12", "2025-07-03"),
        ("", "25.07.03 오후 3:10 발행", "2025-07-03"),
        ("", "한여울 기자 25.07.03 09:10", "2025-07-03"),
        ("", "등록 25.07.03", "2025-07-03"),
        ("", "버전 25.07.03", None),
        ("", "문의 02.25.07 09:10", None),
        ("", "25.13.03 09:10", None),
        ("", "경기 25.7 09:10", None),
    ],
)
def test_date_is_that_of_the_article(head: str, line: str, date: str | None) -> None:
    found = page(f"<h1>{TITLE}</h1><p>{line}</p>{TEXT}", head).published_at
    assert (found and found[:10]) == date


ADDRESS = "http://www.g.example/news/2025/07/03/a_1.html"
BASE = '<base href="http://www.g.example/">'


@pytest.mark.parametrize(
    ("head", "below", "url"),
    [
        (BASE, f"출처 : {ADDRESS}", ADDRESS),
        (BASE, f"{ADDRESS}", ADDRESS),
        (BASE, f"기사 원문 : {ADDRESS}", ADDRESS),
        (BASE, f"URL: {ADDRESS}", ADDRESS),
        (BASE, f"Source: {ADDRESS}", ADDRESS),
        ("", f"<a href='{ADDRESS}'>{ADDRESS}</a></p><p>문의 desk@g.example", ADDRESS),
        ('<link rel="stylesheet" href="http://g.example/a.css">', f"기사주소 | {ADDRESS}", ADDRESS),
        ("", f"<img src='http://www.g.example/l.gif'></p><p>[{ADDRESS}]", ADDRESS),
        # The source of the article, or a site that the text is about
        ("", f"출처 : {ADDRESS}", None),
        ('<base href="http://other.example/">', f"출처 : {ADDRESS}", None),
        ('<base href="http://notg.example/">', f"출처 : {ADDRESS}", None),
        ('<link href="//[g.example"><base href="//www.g.example/">', f"출처 : {ADDRESS}", ADDRESS),
        (BASE, "출처 : http://[www.g.example/2025/07/03/", None),
        (BASE, f"자료는 {ADDRESS} 에서 볼 수 있다.", None),
        (BASE, f"가람시 누리집 {ADDRESS}", None),
        (
            f'{BASE}<link rel="canonical" href="http://g.example/a">',
            f"출처 : {ADDRESS}",
            "http://g.example/a",
        ),
    ],
)
def test_address_printed_below_the_text_is_that_of_the_page(
    head: str, below: str, url: str | None
) -> None:
    found = page(f"<h1>{TITLE}</h1>{TEXT}<p>{below}</p>", head)
    assert (found.url, found.published_at) == (url, "2025-07-03" if url == ADDRESS else None)
