"""Pages of 25 layouts by another hand (``outlets/``), and own pages for each kind of fault."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from geungeo.rag.article import Draft, SectionKind
from geungeo.rag.readers import read
from geungeo.rag.readers.layout import continues
from geungeo.rag.readers.lines import credits_of, is_byline, is_page_line, signature
from geungeo.rag.readers.metadata import copyright_owner
from tests.rag.readers.outlet_pages import figures, measure

LEAD = "가람시가 새 다리를 놓는다고 3일 밝혔다."
END = "공사는 2028년에 끝난다고 시는 설명했다."
MORE = "시는 강 양쪽 마을을 잇는 버스 노선도 새로 짜서 하루 스무 번 다니게 한다고 덧붙였다."
TITLE = "가람시 새 다리 놓는다"
TEXT = f"<div class='txt'><p>{LEAD}</p><p>{MORE}</p><p>{END}</p></div>"


def page(body: str, head: str = "", title: str = TITLE) -> Draft:
    text = f"<html><head><title>{title}</title>{head}</head><body>{body}</body></html>"
    (found,) = read(text.encode(), "a.html").drafts
    return found


def body_of(found: Draft) -> list[str]:
    return [text for kind, text in found.blocks if kind is SectionKind.BODY]


def test_pages_of_outlets_are_read_right() -> None:
    pages = list(measure(Path(__file__).with_name("outlets")))
    # A broadcaster's site calls itself 온새미방송 뉴스, and so do we; its description does not.
    assert [one.differences for one in pages if one.name == "03.html"] == [
        ("publisher: '온새미방송 뉴스', not '온새미방송'",)
    ]
    assert figures(pages) == {
        "complete": 25,
        "clean": 25,
        "title": 25,
        "date": 25,
        "author": 25,
        "publisher": 24,
        "all": 24,
    }


def test_pages_of_further_layouts_are_read_right() -> None:
    pages = list(measure(Path(__file__).with_name("outlets_more")))
    # The last part of a newsletter, behind a link in a row of its own, is not taken.
    assert [one.name for one in pages if not all(one.right.values())] == ["01.html"]
    assert figures(pages) == dict.fromkeys(figures(pages), 10) | {"complete": 9, "all": 9}


def test_pages_of_a_fifth_set_are_read_right() -> None:
    pages = list(measure(Path(__file__).with_name("outlets_fifth")))
    # The earlier sets name a desk as the author where no person is; this one does not.
    assert [one.differences for one in pages if one.differences] == [
        ("author: ['디지털편집부'], not []",)
    ]
    assert figures(pages) == dict.fromkeys(figures(pages), 25) | {"author": 24, "all": 24}


@pytest.mark.parametrize("folder", ["outlets_sixth", "outlets_eighth"])
def test_all_pages_of_a_set_are_read_right(folder: str) -> None:
    pages = list(measure(Path(__file__).with_name(folder)))
    assert [one.differences for one in pages if one.differences] == []
    assert figures(pages) == dict.fromkeys(figures(pages), 25)


def test_pages_of_a_seventh_set_are_read_right() -> None:
    pages = list(measure(Path(__file__).with_name("outlets_seventh")))
    # The broadcasters of the third to the sixth set are called KCB 뉴스, as their site is.
    assert [one.differences for one in pages if one.differences] == [
        ("publisher: 'NRB 뉴스', not 'NRB'",)
    ]
    assert figures(pages) == dict.fromkeys(figures(pages), 25) | {"publisher": 24, "all": 24}


def test_pages_of_a_ninth_set_are_read_right() -> None:
    pages = list(measure(Path(__file__).with_name("outlets_ninth")))
    # Earlier sets call a broadcaster KCB 뉴스 where its site does, and no photographer an author.
    assert [one.differences for one in pages if one.differences] == [
        ("publisher: 'KJB 뉴스', not 'KJB'",),
        ("author: ['방초롱'], not ['방초롱', '유하람']",),
    ]
    assert figures(pages) == dict.fromkeys(figures(pages), 25) | {
        "author": 24,
        "publisher": 24,
        "all": 23,
    }


def test_pages_of_a_tenth_set_are_read_right() -> None:
    pages = list(measure(Path(__file__).with_name("outlets_tenth")))
    # Earlier sets want the desk as the author, the portal of the government as the publisher of a
    # ministry's release, and of a broadcaster the name that its JSON-LD has.
    assert [one.differences for one in pages if one.differences] == [
        ("publisher: 'KNS', not 'KNS 뉴스'",),
        ("author: ['온라인뉴스부'], not []",),
        ("publisher: '대한민국 정책마당', not '생활복지부'",),
    ]
    assert figures(pages) == dict.fromkeys(figures(pages), 25) | {
        "author": 24,
        "publisher": 23,
        "all": 22,
    }


def test_pages_of_an_eleventh_set_are_read_right() -> None:
    pages = list(measure(Path(__file__).with_name("outlets_eleventh")))
    # The data name the service that sends a letter, and nothing says that it is one.
    assert [one.differences for one in pages if one.differences] == [
        ("publisher: '스티클', not '한입경제'",),
    ]
    assert figures(pages) == dict.fromkeys(figures(pages), 25) | {"publisher": 24, "all": 24}


def test_pages_of_a_twelfth_set_are_read_right() -> None:
    pages = list(measure(Path(__file__).with_name("outlets_twelfth")))
    # Earlier sets call a broadcaster as its site does, and want the portal of a ministry's
    # release; a newsletter's figures of the day are read as text.
    assert [one.differences for one in pages if one.right["publisher"] is False] == [
        ("publisher: '온누리방송 뉴스', not '온누리방송'",),
        ("publisher: '대한민국 정책누리', not '생활안전부'",),
    ]
    assert [one.name for one in pages if not one.right["clean"]] == ["10.html"]
    assert figures(pages) == dict.fromkeys(figures(pages), 25) | {
        "clean": 24,
        "publisher": 23,
        "all": 22,
    }


def test_pages_of_a_thirteenth_set_are_read_right() -> None:
    pages = list(measure(Path(__file__).with_name("outlets_thirteenth")))
    wrong = {one.name: one.differences for one in pages if not all(one.right.values())}
    # The line for those without a player is in the row of the attachments; a question about a
    # letter that does not name it can be a guest's; of two bold headlines the smaller is first.
    assert wrong.keys() == {"03.html", "07.html", "12.html", "17.html"}
    assert wrong["03.html"] == ("publisher: 'KNB 뉴스', not 'KNB'",)
    assert figures(pages) == dict.fromkeys(figures(pages), 25) | {
        "clean": 23,
        "title": 24,
        "publisher": 24,
        "all": 21,
    }


@pytest.mark.parametrize(("folder", "clean"), [("outlets_third", 25), ("outlets_fourth", 24)])
def test_pages_by_other_hands_are_read_right(folder: str, clean: int) -> None:
    pages = list(measure(Path(__file__).with_name(folder)))
    # AI PRISM, the heading of a box below the text, looks like one of the text's.
    assert [one.name for one in pages if not all(one.right.values())] == ["19.html"] * (25 - clean)
    assert figures(pages) == dict.fromkeys(figures(pages), 25) | {"clean": clean, "all": clean}


# Authors


@pytest.mark.parametrize(
    ("head", "byline", "author"),
    [
        (
            '<meta name="author" content="garam_admin">',
            "<div class='by'>한여울 기자</div>",
            "한여울",
        ),
        ('<meta name="author" content="Garam Editor">', "<p class='who'>한여울 기자</p>", "한여울"),
        ('<meta name="author" content="관리자">', "<p>한여울 기자 | 2025.07.03</p>", "한여울"),
        (
            '<meta name="author" content="Garam Times">',
            "<p class='by'>By Han Yeo-ul</p>",
            "Han Yeo-ul",
        ),
        (
            '<meta name="author" content="Staff Reporter">',
            "<i class='author'>Ann Lee</i>",
            "Ann Lee",
        ),
        ("", "<span class='writer'>한여울 인턴기자</span>", "한여울"),
        ("", "<span class='articleWriter'>한여울 선임기자</span>", "한여울"),
        ("", "<b class='rep'>한여울 기자</b><b class='rep'>박다솜 기자</b>", "한여울, 박다솜"),
        ("", "<p>글 한여울 사진 박다솜</p>", "한여울"),
        ("", "<p>글·사진=한여울 기자</p>", "한여울"),
        ("", "<p>기획·구성 한여울 / 디자인 박다솜</p>", "한여울"),
        ("", "<p class='rep'>디지털뉴스팀</p>", "디지털뉴스팀"),
        ("", "<p class='byline'>온라인뉴스부 online@garam.example</p>", "온라인뉴스부"),
        (
            '<meta name="twitter:label1" content="Written by">'
            '<meta name="twitter:data1" content="한여울">',
            "",
            "한여울",
        ),
    ],
)
def test_author_is_who_wrote_and_not_an_account(head: str, byline: str, author: str) -> None:
    assert page(f"<h1>{TITLE}</h1>{byline}{TEXT}", head=head).author == author


def test_author_of_json_ld_can_stand_elsewhere_in_its_graph() -> None:
    head = (
        '<script type="application/ld+json">{"@graph":[{"@type":"NewsArticle","headline":"'
        + TITLE
        + '","author":{"@id":"https://g.example/#p"}},'
        '{"@type":"Person","@id":"https://g.example/#p","name":"한여울"}]}</script>'
    )
    assert page(f"<h1>{TITLE}</h1>{TEXT}", head=head).author == "한여울"


def test_of_several_articles_in_json_ld_that_of_the_page_counts() -> None:
    others = [
        f'{{"@type":"NewsArticle","headline":"{headline}","author":"{author}"}}'
        for headline, author in (("나래역 6번 출구 닫는다", "박다솜"), (TITLE, "한여울"))
    ]
    head = f'<script type="application/ld+json">[{",".join(others)}]</script>'
    assert page(f"<h1>{TITLE}</h1>{TEXT}", head=head).author == "한여울"


def test_readers_who_comment_are_no_authors() -> None:
    comment = "<div class='comment-author'>강물 기자</div><p>좋네요.</p>"
    assert page(f"<h1>{TITLE}</h1>{TEXT}<div id='comments'>{comment}</div>").author is None


@pytest.mark.parametrize(
    ("line", "writers"),
    [
        ("글 한여울 · 사진 박다솜", ["한여울"]),
        ("글=한여울 기자, 도움=나래시청", ["한여울"]),
        ("취재·구성: 한여울 | 영상: 박다솜", ["한여울"]),
        ("인터뷰 한여울 기자 · 정리 박다솜 인턴기자", ["한여울", "박다솜"]),
        ("촬영=박다솜, 편집=강물", []),
        ("기획 의도", None),
        ("정리 정돈", None),
        ("글쓰기 모임", None),
        ("사진 촬영 / 영상 편집", None),
    ],
)
def test_credits_name_the_writers(line: str, writers: list[str] | None) -> None:
    assert credits_of(line) == writers
    assert is_byline(line) or writers is None


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("한여울(국어국문 23)", "한여울"),
        ("한여울 (나래대 교수)", "한여울"),
        ("문의(총무과)", None),
        ("한여울(52)", None),
        ("한여울(나래대 교수)이 말했다.", None),
    ],
)
def test_signature_ends_a_contribution(line: str, name: str | None) -> None:
    assert signature(line) == name
    assert page(f"<h1>{TITLE}</h1>{TEXT}<p>{line}</p>").author == name


# Dates


@pytest.mark.parametrize(
    ("head", "line", "date"),
    [
        ("", '<p class="d" data-ts="1751501400000">07.03 09:10</p>', "2025-07-03T09:10:00+09:00"),
        ("", '<em data-regdt="1751501400">7월 3일</em>', "2025-07-03T09:10:00+09:00"),
        (
            '<meta property="article:published_time" content="2025-07-05T10:00:00+09:00">',
            "<p>입력 2025.07.03 09:10 수정 2025.07.05 10:00</p>",
            "2025-07-03T09:10:00+09:00",
        ),
        (
            '<meta property="article:published_time" content="2025-07-05T10:00:00+09:00">',
            "<p>Published : July 3, 2025 - 09:10 Updated : July 5, 2025 - 10:00</p>",
            "2025-07-03",
        ),
        (
            '<meta property="article:published_time" content="2025-07-03T09:10:00+09:00">',
            "<p>입력 2025.07.01 09:10 수정 2025.07.02 10:00</p>",
            "2025-07-03T09:10:00+09:00",
        ),
        ("", "<p>2025년 7월 3일 한여울 기자</p>", "2025-07-03"),
        ("", "<p>2025/07/03 (목) 한여울 기자 조회수 : 12</p>", "2025-07-03"),
        ('<link rel="canonical" href="https://g.example/news/2025/07/03/a1">', "", "2025-07-03"),
        ('<link rel="canonical" href="https://g.example/20250703/99/1">', "", "2025-07-03"),
        ('<link rel="canonical" href="https://g.example/a/202507030120001">', "", "2025-07-03"),
        ('<link rel="canonical" href="https://g.example/a/20257703/1">', "", None),
        ('<link rel="canonical" href="https://g.example/a/1234120250703">', "", None),
    ],
)
def test_date_is_that_of_the_first_publication(head: str, line: str, date: str | None) -> None:
    visit = "<p>2026년 1월 2일 금요일</p>" if "기자" in line else ""
    assert page(f"{visit}<h1>{TITLE}</h1>{line}{TEXT}", head=head).published_at == date


# Titles


@pytest.mark.parametrize(
    ("head", "window", "body"),
    [
        ('<meta property="og:title" content="[가람+] {}">', "{} | 가람일보", "<h1>{}</h1>"),
        ('<meta property="og:title" content="가람시 다리, 새 강 건널까">', "x", "<h1>{}</h1>"),
        ('<meta property="og:title" content="{} [가람현장]">', "{}[가람현장]", "<h1>{}</h1>"),
        ('<meta property="og:title" content="{}【종합】">', "{}【종합】 | 가람일보", "<h1>{}</h1>"),
        ('<meta property="og:title" content="월간 강 7월호">', "월간 강 | {}", "<h1>{}</h1>"),
        ("", ":: 가람일보에 오신 것을 환영합니다 ::", "<p class='tit'>{}</p>"),
        ("", "가람일보 기사 인쇄", "<table><tr><td><font size='5'>{}</font></td></tr></table>"),
        ("", "가람일보", "<p>홈 > 사회</p><p><b>{}</b></p><p>2025.07.03</p>"),
        ("", "{} > 사설 | 나래대신문", "<h1>{} > 사설</h1><h2>제3호 <i class='tit'>{}</i></h2>"),
    ],
)
def test_title_is_the_headline_that_readers_see(head: str, window: str, body: str) -> None:
    found = page(f"{body}{TEXT}".replace("{}", TITLE), head.format(TITLE), window.format(TITLE))
    assert found.title == TITLE


@pytest.mark.parametrize(
    "heading",
    [
        "<h1>가람일보</h1>",
        "<h1><img alt='가람일보'></h1>",
        "<h1>가람시 새 다리</h1>",
        "<h1>사회</h1>",
    ],
)
def test_title_of_the_data_is_kept_where_the_heading_is_another(heading: str) -> None:
    head = f'<meta property="og:title" content="{TITLE}">'
    assert page(f"{heading}{TEXT}", head).title == TITLE


def test_label_behind_the_headline_stays_where_readers_see_it() -> None:
    head = f'<meta property="og:title" content="{TITLE} [르포]">'
    assert page(f"<h1>{TITLE} [르포]</h1>{TEXT}", head).title == f"{TITLE} [르포]"


def test_lines_of_a_headline_are_one() -> None:
    found = page(f"<h1>가람시<br> 새 다리<br>놓는다</h1>{TEXT}", title="가람일보")
    assert found.title == TITLE
    assert body_of(found) == [LEAD, MORE, END]


# Publishers


@pytest.mark.parametrize(
    ("window", "body"),
    [
        (f"{TITLE} - 나래경제(NARAE)", "<p>ⓒ '돈이 보이는' 나래경제, 무단 전재 금지</p>"),
        (f"{TITLE} < 사람 < 나래경제", "<p>다리 ⓒ 나래경제 박다솜</p><p>저작권자 © 나래경제</p>"),
        (f"{TITLE} | 나래경제", "<a href='/'><img alt='나래경제'></a><p>© 소유하신 도메인.</p>"),
        ("환영합니다", "<a href='/'>나래경제</a>"),
        ("환영합니다", "<p>Copyright © 2003-2011 나래경제. All rights reserved.</p>"),
        (f"{TITLE} - 나래경제", ""),
        (f"나래경제 모바일 - {TITLE}", "<img class='logo' alt='나래경제'>"),
    ],
)
def test_publisher_is_named_by_title_logo_and_notice(window: str, body: str) -> None:
    assert page(f"<h1>{TITLE}</h1>{TEXT}{body}", title=window).publisher == "나래경제"


def test_owner_of_a_picture_is_not_the_publisher() -> None:
    lines = ["다리 조감도 ⓒ 박다솜", "저작권자 © 나래경제 무단전재 및 재배포 금지"]
    assert copyright_owner(lines) == "나래경제"
    assert copyright_owner(["Copyright © 소유하신 도메인. All rights reserved."]) is None


# Portals


ORIGINAL = "<a href='/o'>{}</a>"
RIGHTS = "<p>저작권은 해당 언론사에 있으며, 나무포털의 입장과 다를 수 있습니다.</p>"
WIRED = f"<div>[나래경제=부산, 한여울 기자] {LEAD}<br><br>{MORE}<br><br>{END}</div>"


@pytest.mark.parametrize(
    ("above", "text"),
    [
        (
            f"<p><a class='medium' href='/m'>나래경제</a> {ORIGINAL.format('원문 기사전송')}</p>",
            TEXT,
        ),
        (f"<p><span>나래경제</span>{ORIGINAL.format('기사원문')}</p>", TEXT),
        (f"<p><b>나래경제</b><span><img></span></p><p>{ORIGINAL.format('x')}</p>", WIRED + RIGHTS),
        (f"<p><a href='/m'><img alt='나래경제'></a>{ORIGINAL.format('언론사 홈')}</p>", TEXT),
        (f"<div><em>나래경제</em>{ORIGINAL.format('기사 원문 보기')}</div>", TEXT),
    ],
)
def test_publisher_on_a_portal_is_the_outlet(above: str, text: str) -> None:
    head = '<meta property="og:site_name" content="나무포털 뉴스">'
    notice = "<p>[ⓒ 나래경제 & narae.example, 무단 전재 및 재배포 금지]</p>"
    footer = "<p>Copyright © Namu Portal. All Rights Reserved.</p>"
    found = page(f"<h1>{TITLE}</h1>{above}{text}{notice}{footer}", head, f"{TITLE} : 나무포털 뉴스")
    assert found.publisher == "나래경제"


def test_agency_is_not_the_publisher_of_a_newspaper() -> None:
    head = '<meta property="og:site_name" content="가람일보">'
    text = f"<div>(나래=나래통신) 한여울 기자 = {LEAD}<br><br>{MORE}<br><br>{END}</div>"
    notice = "<p>[ⓒ 나래통신, 무단 전재 및 재배포 금지]</p>"
    assert page(f"<h1>{TITLE}</h1>{text}{notice}", head).publisher == "가람일보"


@pytest.mark.parametrize(
    "line",
    [
        "기사전송 2025-07-03 09:10 최종수정 2025-07-05 10:00",
        "<span class='firstDate'>기사전송 <em>2025-07-03 09:10</em></span>",
        "출고 2025.07.03 09:10 | 수정 2025.07.05 10:00",
        "전송시간 2025.07.03 09:10",
        "최종수정 2025.07.05 10:00 기사전송 2025.07.03 09:10",
    ],
)
def test_date_on_a_portal_is_that_of_its_label(line: str) -> None:
    found = page(f"<h1>{TITLE}</h1><p>{line}</p>{TEXT}")
    assert found.published_at == "2025-07-03T09:10:00+09:00"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("가람시 '새 다리' 놓는다", "가람시 ‘새 다리’ 놓는다"),
        ('"새 다리 놓는다" 가람시', "“새 다리 놓는다” 가람시"),
        ("가람시 새 다리...주민 반겨", "가람시 새 다리…주민 반겨"),
        ("가람·나래시 새 다리 놓는다", "가람‧나래시 새 다리 놓는다"),
        ("가람시, 새 다리 - 놓는다", "가람시, 새 다리 — 놓는다"),
    ],
)
def test_marks_of_the_title_are_those_that_readers_see(given: str, shown: str) -> None:
    head = f'<meta property="og:title" content="{given.replace(chr(34), "&quot;")}">'
    assert page(f"<h1>\n\t{shown}\n</h1>{TEXT}", head, f"{given} | 나래경제").title == shown
    other = page(f"<h1>{shown.replace('가람', '나래')}</h1>{TEXT}", head, given)
    assert other.title != shown


@pytest.mark.parametrize(
    "window", ["[나래닷컴] {}", "[나래닷컴]{}", "{} [나래닷컴]", "{} - 나래닷컴"]
)
def test_name_of_the_site_in_brackets_is_no_title(window: str) -> None:
    for head in ('<meta property="og:site_name" content="나래닷컴">', ""):
        found = page(
            f"<a href='/'>나래닷컴</a><h1>{TITLE}</h1>{TEXT}<p>© 나래닷컴</p>",
            head,
            window.format(TITLE),
        )
        assert (found.title, found.publisher) == (TITLE, "나래닷컴")


@pytest.mark.parametrize(
    "strip",
    [
        "<h4>이시간 나래뉴스</h4><p>고양이 구조</p><p>[나래=나래뉴스] 새끼 고양이가 구조됐다.</p>",
        "<b>이 시각 주요뉴스</b><p>나래역 6번 출구가 문을 닫았다.</p>",
        "<strong>실시간 속보</strong><p>나래시 3일 폭우 특보가 내려졌다.</p>",
        "<h5>지금 뜨는 뉴스</h5><p>달걀값 내렸다</p><p>달걀 한 판이 5천원대로 내려왔다.</p>",
        "<p>방금 들어온 뉴스</p><p>나래시장이 사퇴했다고 밝혔다.</p>",
    ],
)
def test_strip_of_other_news_is_no_body(strip: str) -> None:
    paragraphs = [f"<p>{one}</p>" for one in PARAGRAPHS]
    for text in (
        f"<div>{''.join(paragraphs)}</div><div class='x'>{strip}</div>",
        f"<div>{paragraphs[0]}{paragraphs[1]}<div class='x'>{strip}</div>{paragraphs[2]}</div>",
    ):
        found = page(f"<main><h1>{TITLE}</h1>{text}</main>")
        assert [line for _, line in found.blocks] == PARAGRAPHS


@pytest.mark.parametrize(
    "imprint",
    [
        "<div>나래레터 hello@narae.example</div><div>서울특별시 성동구 왕십리로 00, 3층</div>",
        "<div>hello@narae.example</div><div>경기도 나래시 가람구 나래로 12번길 3 나래빌딩</div>",
        "<div>(04799) 서울 성동구 성수이로 20-11</div><div>수신거부 Unsubscribe</div>",
        "<div>주소 : 부산 중구 중앙대로 1</div><div>대표전화 : 051-000-0000</div>",
        "<div>© 나래레터</div><div>제주특별자치도 제주시 첨단로 242</div>",
    ],
)
def test_imprint_of_a_letter_is_no_body(imprint: str) -> None:
    rows = "".join(f"<tr><td><div>{one}</div></td></tr>" for one in PARAGRAPHS)
    found = page(f"<table>{rows}<tr><td>{imprint}</td></tr></table>", title=TITLE)
    assert body_of(found) == PARAGRAPHS


def test_address_of_what_the_article_is_about_stays() -> None:
    found = page(f"<h1>{TITLE}</h1><div>{MARKUP}<p>서울 성동구 왕십리로 12</p></div>")
    assert [line for _, line in found.blocks][-1] == "서울 성동구 왕십리로 12"


@pytest.mark.parametrize(
    "items",
    [
        "<ol><li>강 북쪽 접속로</li><li>강 남쪽 접속로</li></ol>",
        "<ul class='wp-block-list'><li>버스 12번</li><li>버스 34번</li></ul>",
        "<dl><dt>길이</dt><dd>420m</dd></dl>",
        "<ul><li><strong>길이</strong> 420m</li><li><strong>폭</strong> 30m</li></ul>",
        "<ol><li><p>설계를 마친다.</p></li><li><p>교각을 세운다.</p></li></ol>",
    ],
)
def test_list_in_a_body_is_kept(items: str) -> None:
    text = f"<div class='entry-content'><p>{LEAD}</p><p>{MORE}</p>{items}<p>{END}</p></div>"
    found = page(f"<article><h1>{TITLE}</h1>{text}</article>")
    assert len(found.blocks) > 3
    assert {LEAD, MORE, END} < {line for _, line in found.blocks}


# What is not of the article


@pytest.mark.parametrize(
    "box",
    [
        "<div><h3>매주 화요일의 편지</h3><p>2만 명이 읽습니다.</p><input type='email'></div>",
        "<div><p>종이로 읽고 싶다면</p><p>1년 12만 원</p><a href='/s'>구독 선물하기</a></div>",
        "<div><p>가람은 독자의 힘으로 취재합니다.</p><a href='/g'>커피 값으로 후원하기</a></div>",
        "<section><p>Independent news needs you.</p><button>Donate today</button></section>",
        "<table><tr><td><img src='/banner/1.gif'><br>가람농협 사과 직거래</td></tr></table>",
        "<div><a href='http://x'><img src='a.gif' alt='광고'></a><span>무료 상담</span></div>",
        '<p>[adrotate banner="3"]</p>',
        "<p>{{ad_slot_middle}}</p>",
        "<p>이 기사는 현장 취재를 바탕으로 작성됐습니다.</p>",
        "<p>이 카드뉴스, 어땠나요?</p>",
    ],
)
def test_what_asks_or_sells_is_no_body(box: str) -> None:
    half = f"<div class='txt'><p>{LEAD}</p><p>{MORE}</p>{box}<p>{END}</p></div>"
    assert body_of(page(f"<h1>{TITLE}</h1>{half}")) == [LEAD, MORE, END]


@pytest.mark.parametrize(
    "line",
    [
        "<p>구독료는 <a href='/1'>누리집에서 신청하기</a>를 눌러 낸다고 시는 설명했다.</p>",
        "<blockquote>후원하기는 쉽다고 그는 말했다.</blockquote>",
        "<p>[주민 대표]</p>",
        "<p>이 기사는 신문 한 면을 채웠다고 그는 말했다.</p>",
        "<figure><img src='/uploads/1.jpg' alt='새 다리'><figcaption>다리</figcaption></figure>",
    ],
)
def test_text_about_such_things_stays(line: str) -> None:
    found = page(f"<h1>{TITLE}</h1><div><p>{LEAD}</p>{line}<p>{MORE}</p><p>{END}</p></div>")
    assert len(found.blocks) == 4


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('[gallery ids="1,2"]', True),
        ("[/caption]", True),
        ("{{ banner }}", True),
        ("[단독] 가람시 새 다리", False),
        ("[sic]", False),
        ("f(x) = 3", False),
    ],
)
def test_what_a_content_system_left_is_a_line_of_the_page(line: str, expected: bool) -> None:
    assert is_page_line(line) is expected


# Cards and broken lines


def slides(*cards: str, kind: str = "swiper") -> str:
    copy = {"swiper": "swiper-slide swiper-slide-duplicate", "slick": "slick-slide slick-cloned"}
    one = {"swiper": "swiper-slide", "slick": "slick-slide"}[kind]
    shown = [f"<div class='{copy[kind]}'>{cards[-1]}</div>"]
    states = [" swiper-slide-prev", " swiper-slide-active", " swiper-slide-next"]
    shown += [
        f"<div class='{one}{states[number % 3]}'>{card}</div>" for number, card in enumerate(cards)
    ]
    return "".join([*shown, f"<div class='{copy[kind]}'>{cards[0]}</div>"])


@pytest.mark.parametrize("kind", ["swiper", "slick"])
def test_cards_are_read_once_and_in_order(kind: str) -> None:
    cards = slides(
        "<p>가람시가 새 다리를<br>놓는다고<br>3일 밝혔다.</p>",
        "<p>강이 넓습니다.<br>배로 건너면<br>한 시간</p><p>다리로는 5분입니다.</p>",
        "<p>“오래 기다렸어요.<br>이제 안 기다려요.”</p>"
        "<p>공사는 이미<br>시작됐다고 시는 말했다.</p>",
        kind=kind,
    )
    assert body_of(page(f"<h1>{TITLE}</h1><div>{cards}</div>")) == [
        LEAD,
        "강이 넓습니다.",
        "배로 건너면 한 시간 다리로는 5분입니다.",
        "“오래 기다렸어요. 이제 안 기다려요.”",
        "공사는 이미 시작됐다고 시는 말했다.",
    ]


@pytest.mark.parametrize(
    ("line", "following", "expected"),
    [
        ("가람시는", "새 다리를 놓는다.", True),
        ("첫 번째 이유를", "시는 이렇게 설명했다.", True),
        ("딱 한 곳,", "수술실만은 다르다.", True),
        ("배로 건너면", "한 시간이다.", True),
        ("작은 마을", "주민이 떠났다.", False),
        ("가람은행", "주민이 떠났다.", False),
        ("여야 합의", "여야가 3일 만났다.", False),
        ("- 사과는", "- 배는", False),
        ("가람시가 밝혔다.", "시는 설명했다.", False),
    ],
)
def test_line_that_ends_within_a_sentence_continues(
    line: str,
    following: str,
    expected: bool,
) -> None:
    assert continues(line, following) is expected


# Bodies that only a script holds


def shell(script: str) -> Draft:
    return page(f"<div id='app'><div class='skeleton'></div></div>{script}")


PARAGRAPHS = [LEAD, MORE, END]
MARKUP = "".join(f"<p>{one}</p>" for one in PARAGRAPHS)


def pushed(*rows: str) -> str:
    return "<script>(self.__next_f=self.__next_f||[]).push([0])</script>" + "".join(
        f"<script>self.__next_f.push({json.dumps([1, row])})</script>" for row in rows
    )


def test_body_in_the_rows_of_a_stream_is_read() -> None:
    article = {"title": TITLE, "reporter": "한여울 기자", "regDate": "2025-07-03", "body": MARKUP}
    row = json.dumps(["$", "$L8", None, {"article": article}], ensure_ascii=False)
    # A row can be divided between two scripts.
    found = shell(pushed('1:HL["/a.css"]\n', f"5:{row[:90]}", f"{row[90:]}\n", "6:null\n"))
    assert body_of(found) == PARAGRAPHS
    assert (found.author, found.published_at) == ("한여울", "2025-07-03")


def test_text_that_a_row_refers_to_is_read() -> None:
    row = json.dumps(["$", "$L8", None, {"article": {"title": TITLE, "content": "$1f"}}])
    size = format(len(MARKUP.encode()), "x")
    assert body_of(shell(pushed(f"1f:T{size},{MARKUP}5:{row}\n"))) == PARAGRAPHS


def test_elements_of_react_in_a_stream_are_read() -> None:
    def element(tag: str, *children: object) -> list[object]:
        return ["$", tag, None, {"className": "x", "children": list(children)}]

    first = [element("p", one) for one in PARAGRAPHS[:2]]
    last = element("p", element("b", END[:4]), END[4:])
    text = element("div", first, element("h3", "소제목"), last)
    footer = element("footer", element("p", "가람일보가 만듭니다."))
    row = json.dumps(element("main", element("nav", "정치"), text, footer), ensure_ascii=False)
    found = shell(pushed(f"5:{row}\n"))
    assert found.blocks == (
        (SectionKind.BODY, LEAD),
        (SectionKind.BODY, MORE),
        (SectionKind.HEADING, "소제목"),
        (SectionKind.BODY, END),
    )


def test_body_in_a_flat_list_is_read() -> None:
    flat = [["Reactive", 1], {"article": 2}, {"title": 3, "content": 4, "regDate": 5}, TITLE]
    data = json.dumps([*flat, MARKUP, "2025-07-03 09:10:00"], ensure_ascii=False)
    found = shell(f"<script type='application/json' id='__NUXT_DATA__'>{data}</script>")
    assert body_of(found) == PARAGRAPHS
    assert found.published_at == "2025-07-03T09:10:00+09:00"


@pytest.mark.parametrize(
    "script",
    [
        "window.__NUXT__=(function(a){{return {{data:[{{id:1,content:{text},b:a}}]}}}}(3));",
        "var page = {{id: 3, 'body': {text}, list: [,]}};",
        "const view = new View({{articleBody : {text}}})",
    ],
)
def test_body_in_an_object_of_javascript_is_read(script: str) -> None:
    text = json.dumps(MARKUP).replace("/", "\\u002F")
    assert body_of(shell(f"<script>{script.format(text=text)}</script>")) == PARAGRAPHS


def test_english_body_in_a_script_is_read() -> None:
    paragraphs = [
        "Garam will build a bridge, the city said on Thursday.",
        "The bridge will have four lanes and a path for cyclists.",
        "Work is to end in 2028, according to the city council.",
    ]
    state = json.dumps({"article": {"body": "".join(f"<p>{one}</p>" for one in paragraphs)}})
    assert body_of(shell(f"<script>window.S = {state};</script>")) == paragraphs


def test_body_that_the_page_shows_is_not_read_twice() -> None:
    row = json.dumps(["$", "$L8", None, {"article": {"title": TITLE, "body": MARKUP}}])
    assert body_of(page(f"<h1>{TITLE}</h1>{TEXT}{pushed(f'5:{row}')}")) == PARAGRAPHS


@pytest.mark.parametrize(
    "row", ["5:Tffffffff,x", "5:T,", "::::", "5:[" * 3000, '5:["$","p"]', "zz", "5:I[1,2]\n7:{"]
)
def test_broken_rows_are_passed_over(row: str) -> None:
    assert body_of(page(f"<h1>{TITLE}</h1>{TEXT}{pushed(row * 3)}")) == PARAGRAPHS


# Tabs


@pytest.mark.parametrize(
    "tabs",
    [
        "<ul class='tabs'><li class='on'>기사</li><li>댓글</li><li>포토</li></ul>",
        "<div role='tablist'><span role='tab'>본문</span><span role='tab'>관련영상</span></div>",
        "<div class='swtab'><strong>정치</strong><strong>경제</strong></div>",
        "<ul><li>한국어</li><li>English</li><li>日本語</li></ul>",
        "<ul><li>1일</li><li>1주</li><li>1개월</li></ul>",
        "<div><span>기사</span><span>댓글 3</span></div>",
        "<dl class='tab_list'><dt>오늘의 다리</dt><dt>이슈 더보기</dt></dl>",
    ],
)
def test_labels_of_tabs_are_no_body(tabs: str) -> None:
    for text in (f"{tabs}{MARKUP}", f"<p>{LEAD}</p><p>{MORE}</p>{tabs}<p>{END}</p>"):
        found = page(f"<h1>{TITLE}</h1><div class='txt'>{text}</div>")
        assert [line for _, line in found.blocks] == PARAGRAPHS


def test_what_a_tab_shows_is_body() -> None:
    text = f"<div class='tab-content'><p>{LEAD}</p><p>{MORE}</p><p>{END}</p></div>"
    assert body_of(page(f"<h1>{TITLE}</h1>{text}")) == PARAGRAPHS
    items = "<ul><li>1개월</li><li>3만원</li></ul>"
    found = page(f"<h1>{TITLE}</h1><div><p>{LEAD}</p><p>{MORE}</p>{items}<p>{END}</p></div>")
    assert body_of(found) == [LEAD, MORE, "1개월", "3만원", END]


# Kinds of ten further pages


@pytest.mark.parametrize(
    ("head", "byline", "author"),
    [
        ('<meta property="og:article:author" content="골목이">', "", "골목이"),
        ("", "<p class='author'>by 한여울</p><p>2025. 7. 3.</p>", "한여울"),
        ("", "<a rel='author' href='/u'>한여울 팩트체커</a>", "한여울"),
        ("", "<p>글·사진 한여울</p>", "한여울"),
        ('<meta name="by" content="한여울">', "", "한여울"),
        ("", "<i>기사작성: 2025-07-03 09:10 / 한여울 시민기자</i><hr>", "한여울"),
    ],
)
def test_author_who_is_no_reporter_is_named(head: str, byline: str, author: str) -> None:
    head += '<meta property="og:site_name" content="동네기록소">'
    found = page(f"<h3>{TITLE}</h3>{byline}{TEXT}", head=head)
    assert (found.author, found.publisher) == (author, "동네기록소")


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("", "<li><b>등록일</b> 2025-07-03</li>"),
        ("", "<td>2025.07.03 #88</td>"),
        ("", "<span>2025년 7월 3일 제12호</span>"),
        ('<link rel="canonical" href="https://g.example/s/2025-07-03-bridge">', ""),
    ],
)
def test_date_that_stands_alone_is_read(head: str, line: str) -> None:
    assert page(f"<h1>{TITLE}</h1>{line}{TEXT}", head=head).published_at == "2025-07-03"


def test_label_in_front_of_the_headline_is_part_of_the_title() -> None:
    head = f'<meta property="og:title" content="[물결레터 88호] {TITLE}">'
    assert page(f"<b>{TITLE}</b>{TEXT}", head=head).title == f"[물결레터 88호] {TITLE}"


def test_site_that_names_only_itself_is_the_publisher() -> None:
    found = page(f"<h3>{TITLE}</h3><p>2025-07-03</p>{TEXT}<p>고개신문 1.3</p>", title="고개신문")
    assert (found.title, found.publisher) == (TITLE, "고개신문")
    assert copyright_owner(["뭍과섬 © 2025"]) == "뭍과섬"


@pytest.mark.parametrize("tag", ["article", "div", "section"])
def test_article_below_the_own_one_is_left_out(tag: str) -> None:
    head = f'<meta property="og:title" content="{TITLE}">'
    text = "<p>나래시는 화단을 놓았다.</p><p>첫 화단이다.</p>"
    other = f"<{tag}><h1>환기구 위에 꽃 핀다</h1>{text}</{tag}>"
    found = page(f"<main><{tag}><h1>{TITLE}</h1>{TEXT}</{tag}>{other}</main>", head=head)
    assert body_of(found) == PARAGRAPHS


def test_list_of_appointments_is_an_article() -> None:
    lines = ["◇ 과장 전보", "△ 운영과장 배한결", "△ 하천과장 유소담", "◇ 승진", "△ 홍보팀장 나여름"]
    text = f"<div itemprop='articleBody'>{'<br>'.join(lines)}</div>"
    found = page(f"<h1>[인사] 가람공사</h1>{text}<p>ⓒ 가람일보</p>", title="[인사] 가람공사")
    assert [line for _, line in found.blocks] == lines


def test_components_of_a_page_are_blocks() -> None:
    text = "".join(f"<story-part>{one}</story-part>" for one in PARAGRAPHS)
    found = page(f"<site-head>가람</site-head><h1>{TITLE}</h1><story-text>{text}</story-text>")
    assert body_of(found) == PARAGRAPHS
