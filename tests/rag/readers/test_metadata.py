"""Dates, names, publishers and data of web pages whose sources contradict each other."""

from __future__ import annotations

import json

import pytest

from geungeo.rag.readers.bylines import usual_case
from geungeo.rag.readers.lines import is_page_line
from geungeo.rag.readers.metadata import copyright_owner
from tests.rag.readers.test_outlets import END, LEAD, MORE, TEXT, TITLE, body_of, page

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


# Text that only a script has


SHELL = "<header><a href='/'>가람일보</a></header><main><div class='skeleton'></div></main>"
TEASERS = (
    "<ul class='latest'>"
    "<li><a href='/1'>나래역 6번 출구 다음 달 닫는다</a> <b class='writer'>박다솜 기자</b></li>"
    "<li><a href='/2'>강 건너는 버스 늘린다</a> <b class='writer'>강이든 기자</b></li></ul>"
)


def streamed(*rows: object) -> str:
    """Return the scripts of a page that Next.js streams, a row each."""
    lines = "".join(
        f"{number:x}:{row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)}\n"
        for number, row in enumerate(rows, 10)
    )
    half = len(lines) // 2
    return "".join(
        f"<script>self.__next_f.push({json.dumps([1, part])})</script>"
        for part in (lines[:half], lines[half:])
    )


def component(**props: object) -> list[object]:
    return ["$", "$Ld", None, props]


MARKUP = "".join(f"<p>{one}</p>" for one in (LEAD, MORE, END))
RECORD = {
    "id": 5,
    "title": TITLE,
    "createdAt": "$D2025-07-01T05:12:44.120Z",
    "publishedAt": "$D2025-07-02T22:30:00.000Z",
    "reporters": [{"id": 1, "name": "한여울", "title": "기자", "email": "yeo@g.example"}],
    "editor": {"name": "박다솜", "title": "편집장"},
}


@pytest.mark.parametrize(
    "held",
    [
        {"contentHtml": MARKUP},
        {"content_html": MARKUP},
        {"bodyHtml": MARKUP},
        {"articleContent": MARKUP},
        {"newsBody": MARKUP},
        {"bodyText": f"{LEAD}\n\n{MORE}\n\n{END}"},
        {"content": {"rendered": MARKUP}},
        {"paragraphs": [LEAD, MORE, END]},
        {"body": [f"<p>{LEAD}</p>", f"<p>{MORE}</p>", f"<p>{END}</p>"]},
        {"data": {"attributes": {"content": MARKUP}}},
        {"blocks": [{"type": "paragraph", "text": one} for one in (LEAD, MORE, END)]},
    ],
)
def test_article_in_a_stream_gives_text_title_author_and_date(held: dict[str, object]) -> None:
    related = {"related": [{"title": "강 건너는 버스 늘린다", "author": "강이든"}]}
    script = streamed('HL["/a.css"]', component(article=RECORD | held, **related))
    found = page(SHELL + TEASERS + script, title="가람일보")
    assert body_of(found) == [LEAD, MORE, END]
    assert (found.title, found.author) == (TITLE, "한여울")
    assert found.published_at == "2025-07-03T07:30:00+09:00"


def test_row_of_text_is_found_by_its_bytes() -> None:
    row = component(article=RECORD | {"contentHtml": "$a"})
    text = f"T{len(MARKUP.encode()):x},{MARKUP}b:null"
    found = page(SHELL + streamed(text, None, row), title="가람일보")
    assert (body_of(found), found.title, found.author) == ([LEAD, MORE, END], TITLE, "한여울")


@pytest.mark.parametrize(
    ("window", "head", "title"),
    [
        ("가람일보", "", TITLE),
        ("가람일보 - 강가의 소식", "", TITLE),
        ("", "", TITLE),
        ("홈", "", TITLE),
        ("가람일보", '<meta property="og:title" content="강가의 소식, 가람일보">', TITLE),
        # Another title of the same article
        ("가람시, 다리 놓기로 | 가람일보", "", "가람시, 다리 놓기로"),
        (
            "가람일보",
            '<meta property="og:title" content="[속보] 새 다리 확정">',
            "[속보] 새 다리 확정",
        ),
        (f"{TITLE} | 가람일보", "", TITLE),
    ],
)
def test_title_of_the_data_counts_where_the_page_names_only_the_site(
    window: str, head: str, title: str
) -> None:
    script = streamed(component(article=RECORD | {"contentHtml": MARKUP}))
    found = page(SHELL + TEASERS + script, head, window)
    assert (found.title, body_of(found)) == (title, [LEAD, MORE, END])


@pytest.mark.parametrize(
    ("shown", "record", "author"),
    [
        ("", RECORD, "한여울"),
        (TEASERS, RECORD, "한여울"),
        (TEASERS, {"title": TITLE}, None),
        (TEASERS, {"title": TITLE, "byline": "한여울·박다솜 기자"}, "한여울, 박다솜"),
        (f"<h2>많이 본 뉴스</h2>{TEASERS}", {"title": TITLE}, None),
        ("<p>강 건너는 버스 늘린다</p><p>강이든 기자</p>", {"title": TITLE}, None),
        (f"<h1>{TITLE}</h1><p>한여울 기자</p>{TEASERS}", {"title": TITLE}, "한여울"),
        (f"<h1>{TITLE}</h1><p>한여울 기자</p>", {"title": TITLE, "author": "admin"}, "한여울"),
        ("", {"title": TITLE, "author": {"name": "디지털뉴스팀"}}, None),
    ],
)
def test_reporters_of_teasers_did_not_write_what_a_script_shows(
    shown: str, record: dict[str, object], author: str | None
) -> None:
    script = streamed(component(article=record | {"contentHtml": MARKUP}))
    assert page(SHELL + shown + script, title="가람일보").author == author


# Publishers


def organization(author: str) -> str:
    """Return the JSON-LD of an article on the site of 가람일보 that names an organization."""
    return (
        '<script type="application/ld+json">{"@type":"NewsArticle","headline":"'
        f'{TITLE}","author":{{"@type":"Organization","name":"{author}"}},'
        '"publisher":{"@type":"Organization","name":"가람일보"}}</script>'
    )


STATED = "<p>본 기사는 나래통신이 제공한 기사로, 저작권은 나래통신에 있습니다.</p>"
NOTICE = "<p>&lt;저작권자 ⓒ 나래통신, 무단 전재 및 재배포 금지&gt;</p>"
PROVIDER = "<p><span class='provider'>나래통신</span> <span>3시간 전</span></p>"
LOGO = "<a class='press-link' href='/m'><img alt='나래통신' src='/n.gif'></a>"
RELEASE = "<p>이 보도자료는 나래모빌리티가(이) 작성해 가람일보 서비스를 통해 배포한 뉴스입니다.</p>"


@pytest.mark.parametrize(
    ("author", "above", "below", "publisher"),
    [
        # Supplied, as a sentence and another place say
        ("나래통신", PROVIDER, STATED + NOTICE, "나래통신"),
        ("나래통신", "", STATED, "나래통신"),
        ("가람일보", "", STATED + NOTICE, "나래통신"),
        ("나래모빌리티", "", RELEASE, "나래모빌리티"),
        (
            "나래통신",
            "",
            "<p>※ 이 기사는 제휴통신사 나래통신이 제공하는 콘텐츠로 본지와 다를 수 있습니다.</p>",
            "나래통신",
        ),
        ("나래통신", "", "<p>해당 기사는 나래통신에서 공급한 뉴스입니다.</p>", "나래통신"),
        # Named as the author, in the notice and in a logo or a label
        ("나래통신", LOGO, NOTICE, "나래통신"),
        ("나래통신", PROVIDER, NOTICE, "나래통신"),
        ("나래통신", "<p>기사제공 나래통신</p>", NOTICE, "나래통신"),
        ("나래통신", "<p>출처 : 나래통신</p>", NOTICE, "나래통신"),
        # Less than that: a newspaper prints the reports of agencies, and quotes releases.
        ("나래통신", "", NOTICE, "가람일보"),
        ("나래통신", PROVIDER, "", "가람일보"),
        ("가람일보", PROVIDER, NOTICE, "가람일보"),
        ("가람일보", "", STATED, "가람일보"),
        ("가람일보", "", RELEASE, "가람일보"),
        (
            "가람시",
            "",
            "<p>이 기사는 가람시가 제공한 자료를 바탕으로 작성됐습니다.</p>",
            "가람일보",
        ),
        ("한여울 기자", "", "<p>이 기사는 한여울 기자가 작성한 기사입니다.</p>", "가람일보"),
        (
            "가람일보",
            "",
            "<p>본 기사는 가람일보가 제공한 기사입니다.</p><p>© 가람일보 무단전재 금지</p>",
            "가람일보",
        ),
    ],
)
def test_publisher_is_who_supplied_the_text(
    author: str, above: str, below: str, publisher: str
) -> None:
    text = f"<h1>{TITLE}</h1>{above}{TEXT.replace(LEAD, f'(나래=나래통신) 한여울 기자 = {LEAD}')}"
    found = page(f"{text}{below}", organization(author), f"{TITLE} - 가람일보")
    assert found.publisher == publisher


@pytest.mark.parametrize(
    ("notice", "owner"),
    [
        ("Copyright © 2024 東明日報日本語版. 無断転載を禁じます。", "東明日報日本語版"),
        ("© 潮見新報 無断転載禁止", "潮見新報"),
        ("Copyright © ヤマナミ通信 All rights reserved.", "ヤマナミ通信"),
        ("(C) 岬日報。無断複製・転載を禁じます", "岬日報"),
        ("著作権は記者にある。", None),
    ],
)
def test_owner_in_a_japanese_notice_is_read(notice: str, owner: str | None) -> None:
    assert copyright_owner([notice]) == owner


def test_publisher_on_a_japanese_portal_is_the_outlet() -> None:
    text = "市は新しい橋を架けると3日に発表した。工事は2028年に終わるという。"
    body = f"<p>{text}</p><p>橋は4車線で、自転車の道もできる。市は川の両側を結ぶ。</p>"
    logo = "<a class='sc-media' href='/m'><img alt='岬日報日本語版' src='/m.gif'></a>"
    head = organization("岬日報日本語版").replace("가람일보", "ヤマナミニュース")
    notice = "<p>Copyright © 岬日報日本語版. 無断転載を禁じます。</p><p>© YN Corporation</p>"
    for shown, publisher in ((logo, "岬日報日本語版"), ("", "ヤマナミニュース")):
        found = page(f"<h1>新しい橋</h1>{shown}<div>{body}</div>{notice}", head, "新しい橋")
        assert found.publisher == publisher


# Authors


@pytest.mark.parametrize(
    ("given", "usual"),
    [
        ("HAN SO-RI", "Han So-ri"),
        ("JI-WON PARK", "Ji-won Park"),
        ("LEE NARAE", "Lee Narae"),
        ("ANN LEE", "Ann Lee"),
        ("DELPHINE OKAFOR-REYES", "Delphine Okafor-Reyes"),
        ("JEAN-LUC MOREAU", "Jean-Luc Moreau"),
        ("CONAN O'BRIEN", "Conan O'Brien"),
        ("MARY MCDONALD", "Mary McDonald"),
        ("J.R. SMITH", "J.R. Smith"),
        ("HENRY JAMES III", "Henry James III"),
        ("DJ KIM", "DJ Kim"),
        ("ED NG", "Ed Ng"),
        ("ANNA VAN DER BERG", "Anna van der Berg"),
        # Written as they are
        ("Han So-ri", "Han So-ri"),
        ("Ann LEE", "Ann LEE"),
        ("bell hooks", "bell hooks"),
        ("KBS", "KBS"),
        ("한여울", "한여울"),
    ],
)
def test_name_in_capitals_is_written_as_people_write_it(given: str, usual: str) -> None:
    assert usual_case(given) == usual


SURE = "<meta name='author' content='{}'>"


@pytest.mark.parametrize(
    ("head", "above", "author"),
    [
        (SURE.format("Han So-ri"), "<p>BY HAN SO-RI</p>", "Han So-ri"),
        (SURE.format("Han Sori"), "<p class='byline'>HAN SO-RI</p>", "Han Sori"),
        (SURE.format("HAN SO-RI"), "<p class='byline'>Han So-ri</p>", "Han So-ri"),
        (SURE.format("HAN SO-RI"), "", "Han So-ri"),
        ("", "<p class='byline'>HAN SO-RI</p><p class='byline'>ANN LEE</p>", "Han So-ri, Ann Lee"),
        ("", "<p>BY HAN SO-RI and ANN LEE</p>", "Han So-ri, Ann Lee"),
        (SURE.format("Ann Lee"), "<p>BY HAN SO-RI</p>", "Han So-ri"),
        (SURE.format("GBN NEWS"), "<p>BY HAN SO-RI</p>", "Han So-ri"),
        # A foreign name and a post
        ("", "<p class='writer'>마리 올렌 | 언론인</p>", "마리 올렌"),
        ("", "<p class='writer'>마리 올렌, 역사가</p>", "마리 올렌"),
        ("", "<p class='writer'>마리 올렌 / 나래대 교수</p>", "마리 올렌"),
        ("", "<p class='author'>마리 올렌 · 극작가</p>", "마리 올렌"),
        ("", "<p class='author'>마리 올렌(저널리스트)</p>", "마리 올렌"),
        ("", "<p class='author'>마리 올렌 작가</p>", "마리 올렌"),
        ("", "<p class='author'>마리 올렌 나래대 명예교수</p>", "마리 올렌"),
        ("", "<p class='author'>마리 폰 올렌 | 사회학자</p>", "마리 폰 올렌"),
        ("", "<p class='author'>마리 올렌</p>", "마리 올렌"),
        ("", "<p class='writer'>한여울 | 언론인</p>", "한여울"),
        # No name
        ("", "<p class='writer'>여행 작가</p>", None),
        ("", "<p class='writer'>경제학자</p>", None),
        ("", "<p class='writer'>나래대 교수</p>", None),
        ("", "<p class='section'>마리 올렌 | 언론인</p>", None),
    ],
)
def test_names_are_read_without_posts_and_capitals(
    head: str, above: str, author: str | None
) -> None:
    head += '<meta property="og:site_name" content="가람일보">'
    assert page(f"<h1>{TITLE}</h1>{above}{TEXT}", head).author == author


@pytest.mark.parametrize(
    ("line", "author"),
    [
        ("편집국 부국장 한여울", "한여울"),
        ("한여울 편집국 부국장", "한여울"),
        ("디지털뉴스국 부국장 한여울", "한여울"),
        ("부국장 한여울", "한여울"),
        ("한여울 부국장", "한여울"),
        ("편집국 부국장", None),
        ("나래시 교통국 부국장 한여울은 말했다", None),
        # Labels of editors, of which none is a person
        ("댓글 쓰기 에디터", None),
        ("기사 쓰기 에디터", None),
        ("글쓰기 에디터", None),
        ("본문 에디터", None),
        ("새글 에디터", None),
        ("사진 에디터", None),
        ("에디터 한여울", "한여울"),
        ("한여울 에디터", "한여울"),
        ("노을 에디터", "노을"),
        # A place or a section beside a date
        ("서울 2025.07.03", None),
        ("사회 2025.07.03", None),
        ("한여울 2025.07.03", "한여울"),
    ],
)
@pytest.mark.parametrize("below", [False, True])
def test_posts_and_labels_beside_names_are_no_names(
    line: str,
    author: str | None,
    below: bool,
) -> None:
    parts = [f"<p>{line}</p>", TEXT]
    found = page(f"<h1>{TITLE}</h1>{''.join(parts[::-1] if below else parts)}")
    assert found.author == (None if below and "2025" in line else author)


LINKED = "시는 나래시와 함께 다음 달 3일부터 강가에서 다리의 모형을 보여 주기로 했다."
LONG = "".join(
    f"<p>다리의 {at}번 기둥은 강바닥에서 {at}미터 깊이에 선다고 했다.</p>" for at in range(9)
)


@pytest.mark.parametrize(
    ("text", "is_taken"),
    [
        (f"<p><a href='/x'>{LINKED}</a></p>", True),
        (f"<p><a href='/x'><b>{LINKED}</b></a></p>", True),
        (f"<p><a href='/x'>{LINKED[:30]}</a>{LINKED[30:]}</p>", True),
        (f"<ul><li><a href='/x'>{LINKED}</a></li></ul>", False),
        (f"<div class='x'><a href='/x'>{LINKED}</a></div>", False),
        (f"<p><a href='/x'>{LINKED.removesuffix(' 했다.')}</a></p>", False),
        ("<p><a href='/x'>나래일보를 구독하고 강가의 소식을 매일 아침 받아 보세요.</a></p>", False),
        ("<p><a href='/x'>☞ 강을 건너는 버스 두 배로 늘린다</a></p>", False),
        ("<p><a href='/x'>이 기사는 나래통신이 제공한 기사입니다.</a></p>", False),
    ],
)
@pytest.mark.parametrize("at_end", [False, True])
def test_paragraph_that_is_one_link_is_text(text: str, is_taken: bool, at_end: bool) -> None:
    end = f"<p>{END}</p>"
    inside = f"<p>{LEAD}</p>{LONG}{end if at_end else ''}{text}{'' if at_end else end}"
    body = body_of(page(f"<h1>{TITLE}</h1><div class='txt'>{inside}</div>"))
    shown = " ".join(body)
    assert (LINKED in shown) is is_taken
    assert len(body) == 11 + is_taken
