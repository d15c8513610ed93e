"""Dates, names, publishers and data of web pages whose sources contradict each other."""

from __future__ import annotations

import pytest

from geungeo.rag.readers.lines import is_page_line
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


# Lines


@pytest.mark.parametrize(
    ("line", "is_page"),
    [
        ("최신순으로 보기", True),
        ("60초마다 자동 새로고침", True),
        ("최신순으로 보기60초마다 자동 새로고침", True),
        ("최신순 | 등록순", True),
        ("최신순 공감순 답글순", True),
        ("오래된 순으로 정렬", True),
        ("자동 새로고침 끄기", True),
        ("1분 간격으로 자동 갱신됩니다.", True),
        ("새로고침", True),
        ("자동 업데이트 중", True),
        ("Sort by newest first", True),
        ("Newest Oldest", True),
        ("Auto-refresh every 60 seconds", True),
        ("최신순으로 보면 가람이 첫째다.", False),
        ("60초마다 버스가 온다", False),
        ("60초마다 자동으로 새로고침하는 화면을 놓았다.", False),
        ("자동 갱신 계약", False),
        ("The newest bridge", False),
        ("Oldest bridge in town", False),
        ("본 기사는 가온통신이 제공한 기사로, 저작권은 가온통신에 있습니다.", True),
        ("이 기사는 제휴사인 나래통신이 제공하는 콘텐츠입니다.", True),
        ("이 기사의 저작권은 나래통신에 있습니다.", True),
        ("※ 본 콘텐츠는 나래신문과 제휴를 통해 제공받은 기사입니다.", True),
        ("이 보도자료는 가람전자가(이) 작성해 보도링크 서비스를 통해 배포한 뉴스입니다.", True),
        ("본 기사는 나래경제의 전재 기사입니다.", True),
        ("해당 기사는 나래통신이 공급한 뉴스로, 가람일보와 책임이 없습니다.", True),
        ("본 자료는 가람시가 배포한 보도자료입니다.", True),
        ("이 기사는 가람시의 역사를 다룬 글이다.", False),
        ("이 글은 내가 처음 쓴 글입니다.", False),
        ("본 기사는 3일 보도한 다리 기사의 뒷이야기입니다.", False),
        ("가람시는 “본 자료는 시가 배포한 자료”라고 밝혔다.", False),
        ("이 글은 “저작권은 모두에게 있습니다”라는 말로 끝난다.", False),
        ("이 자료는 시가 제공한 것으로, 다리의 무게가 적혀 있다.", False),
        ("그는 이 사진의 저작권은 나래시에 있습니다라고 말했다.", False),
        ("이 사이트를 이용하려면 자바스크립트를 켜야 합니다.", True),
        ("자바스크립트를 사용하도록 설정하십시오.", True),
        ("JavaScript를 허용해야 합니다.", True),
        ("원활한 이용을 위해 자바 스크립트 사용이 필요합니다.", True),
        ("자바스크립트가 비활성화돼 있습니다.", True),
        ("그는 자바스크립트를 10년 동안 가르쳤다.", False),
        ("학생들은 자바스크립트를 배워야 한다고 말했다.", False),
        ("개발자는 “자바스크립트를 켜야 합니다”라고 했다.", False),
    ],
)
def test_controls_and_notices_are_lines_of_the_page(line: str, is_page: bool) -> None:
    assert is_page_line(line) is is_page
