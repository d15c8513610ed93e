"""The frame of a page by its structure, and headlines, writers and dates by what is around them.

``outlets_kinds/`` has pages of further layouts; here each kind of frame is put into one page.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from geungeo.rag.article import Draft, SectionKind
from geungeo.rag.errors import EmptySource
from geungeo.rag.readers import read
from geungeo.rag.readers.lines import begins_comments, is_page_line, is_statement
from geungeo.rag.readers.metadata import split_names, writer_of
from tests.rag.readers.outlet_pages import figures, measure

TITLE = "나루시 방파제 백 미터 늘린다"
PARAGRAPHS = (
    "나루시가 북쪽 방파제를 백 미터 늘린다고 7일 밝혔다.",
    "방파제는 태풍 때마다 물이 넘쳐 어선 스무 척이 부서진 곳이다.",
    "공사에는 예산 팔십억 원이 들고 내년 9월에 끝난다.",
    "어민들은 방파제가 길어지면 조류가 바뀔 수 있다고 걱정한다.",
    "시는 어민 설명회를 열어 조류 조사 결과를 공개하기로 했다.",
)


def page(body: str, head: str = "", title: str = TITLE) -> Draft:
    text = f"<html><head><title>{title}</title>{head}</head><body>{body}</body></html>"
    (found,) = read(text.encode(), "a.html").drafts
    return found


def shown(found: Draft) -> list[str]:
    kinds = {SectionKind.BODY, SectionKind.HEADING, SectionKind.DECK}
    return [text for kind, text in found.blocks if kind in kinds]


def article(between: str = "", behind: str = "", within: str = "") -> str:
    """Return a page with boxes between paragraphs, behind the last one and behind the text."""
    first = "".join(f"<p>{one}</p>" for one in PARAGRAPHS[:3])
    last = "".join(f"<p>{one}</p>" for one in PARAGRAPHS[3:])
    text = f"<div class='q'>{first}{between}{last}{within}</div>"
    return f"<div class='z'><h1>{TITLE}</h1>{text}{behind}</div>"


BOXES = [
    "<div><p>오늘 가입하면 첫 달 0원</p></div>",
    "<div><em>우리 동네 새소식, 앱으로 만나요</em></div>",
    "<div><p>독자님의 생각이 궁금해요. 가장 와닿은 구절을 골라 주세요.</p></div>",
    "<div><strong>아침 편지</strong><button>무료로 받아 보기</button></div>",
    "<center><iframe src='/x'></iframe><br><font size='1'>가을 등산화 반값</font></center>",
    "<section><h3>아쉬운 소식</h3><ul><li>겨울 열차 달린다</li><li>김밥집</li></ul></section>",
    "<div><p>편집자 추천</p><p><a href='/a'>빙하가 남긴 길을 걷다</a></p></div>",
    "<dl><dt>실시간 인기</dt><dd>파도타기 대회 취소</dd><dd>새벽 시장의 고양이</dd></dl>",
    "<div class='adcontent'><span>유아 신발 특가</span></div>",
    "<div class='Story_newsletter__a1'><p>매일 아침 받아 보는 편지.</p></div>",
    "<share-bar><span>이 소식만 보내기</span></share-bar>",
    "<div data-testid='related-box'><p>시골 책방, 3년을 버틴 비결</p></div>",
    "<div class='embed'><blockquote>이 게시물은 쿠키 동의 후 볼 수 있습니다.</blockquote></div>",
    "<div><small>ADVERTISEMENT</small><p>침수 보험 비교하기</p></div>",
    "<p>[광고] 통장 쪼개기 무료 강의</p>",
    "<p>RELATED: Ferry timetable changes</p>",
]


@pytest.mark.parametrize("box", BOXES)
def test_box_between_paragraphs_is_left_out(box: str) -> None:
    assert shown(page(article(between=box))) == list(PARAGRAPHS)


@pytest.mark.parametrize("box", [*BOXES, "".join(BOXES)])
def test_box_behind_the_text_is_left_out(box: str) -> None:
    assert shown(page(article(behind=box))) == list(PARAGRAPHS)


@pytest.mark.parametrize(
    ("box", "lines"),
    [
        ("<ul class='list'><li>조사는 3월에 한다.</li><li>결과는 5월에 나온다.</li></ul>", 2),
        ("<div class='more'><p>조사는 3월에 한다.</p><p>결과는 5월에 나온다.</p></div>", 2),
        (
            "<div><strong>설명회 안내</strong><ul><li>일시: 10일</li><li>곳: 회관</li></ul></div>",
            3,
        ),
        ("<div><h3>어민들의 걱정</h3></div>", 1),
        ("<div><p>◆ 낯선 물길</p></div>", 1),
        ("<div><p>“장갑부터 챙기세요.”</p></div>", 1),
        ("<div><p>방파제 공사 현장</p></div>", 1),
        ("<div><p>조개를 캐는 이도 있다.</p><button>공유</button></div>", 1),
        ("<blockquote>바다는 기다린다</blockquote>", 1),
        ("<table><tr><th>해</th><th>배</th></tr><tr><td>1999</td><td>12</td></tr></table>", 2),
        ("<h3>의견</h3>", 1),
        ("<p>저작권은 지은이에게 있다고 법원은 보았다.</p>", 1),
    ],
)
def test_part_of_the_text_stays(box: str, lines: int) -> None:
    found = shown(page(article(between=box)))
    assert len(found) == len(PARAGRAPHS) + lines
    assert [one for one in PARAGRAPHS if one not in found] == []


@pytest.mark.parametrize(
    "behind",
    [
        "<div><p>공사 동안 방파제 끝 등대는 불을 끈다.</p></div>",
        "<h3>등대</h3><div><p>공사 동안 방파제 끝 등대는 불을 끈다. 어민들은 걱정한다.</p></div>",
        "<div><a href='/x'>함께 보는 지도</a></div><div><p>공사 동안 방파제 등대는 불을 끈다."
        " 어민들은 걱정한다. 시는 조사 결과를 본다. 등대는 백 년 됐다.</p></div>",
    ],
)
def test_text_that_goes_on_in_another_element_is_read(behind: str) -> None:
    body = article(behind=behind).replace("class='q'", "itemprop='articleBody'")
    found = shown(page(body))
    assert found[: len(PARAGRAPHS)] == list(PARAGRAPHS)
    assert "등대는 불을 끈다." in " ".join(found)


def test_text_in_an_element_that_is_called_a_caption_is_body() -> None:
    found = page(article().replace("class='z'", "class='landing-caption'"))
    assert shown(found) == list(PARAGRAPHS)


# Headlines


@pytest.mark.parametrize(
    ("title", "body"),
    [
        (f"{TITLE} / 한여울 : 칼럼 : 나루신문", f"<h3>{TITLE}</h3>"),
        (f"{TITLE}：ナルデジタル", f"<h1>{TITLE}</h1>"),
        (f"{TITLE}（나루일보） - 소식의 숲", f"<h1>{TITLE}</h1>"),
        (f"07화 {TITLE}", f"<h1>{TITLE}</h1>"),
        (f"나루일보 모바일 - {TITLE}", f"<h1>{TITLE}</h1>"),
        (f"{TITLE} | 나루+", f"<h1>항만: {TITLE}</h1>"),
        (f"나루마을 - {TITLE} > 소식", f"<h2><span>소식</span> <b>{TITLE}</b></h2>"),
        (f"[바다 이야기] {TITLE}", f"<div>바다 이야기</div><h2>{TITLE}</h2>"),
        ("기사 인쇄", f"<div>{TITLE}</div><div>2025.07.08</div>"),
        ("나루대신문 :: 대학", f"<p class='tit'>{TITLE}</p>"),
    ],
)
def test_headline_has_no_additions_of_the_site(title: str, body: str) -> None:
    text = "".join(f"<p>{one}</p>" for one in PARAGRAPHS)
    assert page(f"{body}<div>{text}</div>", title=title).title == TITLE


def test_label_in_brackets_that_readers_see_is_part_of_the_headline() -> None:
    text = "".join(f"<p>{one}</p>" for one in PARAGRAPHS)
    found = page(f"<h2>[카드뉴스] {TITLE}</h2><div>{text}</div>", title=f"주간숲 - {TITLE}")
    assert found.title == f"[카드뉴스] {TITLE}"


# Writers, dates, publishers


@pytest.mark.parametrize(
    ("line", "writer"),
    [
        ("글 한여울", "한여울"),
        ("한여울 | 도시 연구자", "한여울"),
        ("(早乙女柚)", "早乙女柚"),
        ("文・小野寺澪", "小野寺澪"),
        ("（了）", None),
        ("글 쓰기", None),
        ("배추 | 2650", None),
        ("한여울이 말했다.", None),
    ],
)
def test_line_that_only_names_a_writer(line: str, writer: str | None) -> None:
    assert writer_of(line) == writer


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("한여울 박다솜 기자", "한여울, 박다솜"),
        ("한여울 사회부 기자", "한여울"),
        ("Von Jette Brandhorst und Ole Fries", "Jette Brandhorst, Ole Fries"),
        ("에리크 노르달", "에리크 노르달"),
    ],
)
def test_names_in_one_byline_are_separated(text: str, names: str) -> None:
    assert split_names(text) == names


@pytest.mark.parametrize(
    ("above", "below", "author"),
    [
        ("<p>한여울 변호사 | 2025. 4. 17.</p>", "", "한여울"),
        ("<p><a rel='author'>Ann Lee</a><a rel='author'>Bo Kim</a></p>", "", "Ann Lee, Bo Kim"),
        ("<p class='author-name'>마리 올렌</p>", "", "마리 올렌"),
        ("<p><b><i class='member'>솔방울</i></b> 2025-08-14</p>", "", "솔방울"),
        ("", "<p>한여울 박다솜 기자 a@naru.example</p>", "한여울, 박다솜"),
        ("", "<p>나루방송 뉴스 한여울입니다.</p>", "한여울"),
        ("", "<div id='c'><b class='nick'>솔방울</b> 2025-08-14 <p>잘 읽었습니다.</p></div>", None),
    ],
)
def test_writer_is_named_around_the_text(above: str, below: str, author: str | None) -> None:
    text = "".join(f"<p>{one}</p>" for one in PARAGRAPHS)
    assert page(f"<h1>{TITLE}</h1>{above}<div>{text}{below}</div>").author == author


@pytest.mark.parametrize(
    "line",
    [
        "<p>기사 입력 : 2025-07-31 11:09:00 스크랩 확대 축소 기사듣기</p>",
        "<p>Published: July 31, 2025 at 11:48 PM EST|Updated: Aug. 2, 2025</p>",
        "<p>2025年7月31日 17:00</p>",
        "<p>by 한여울 Jul 31. 2025</p>",
    ],
)
def test_date_of_the_article_is_not_that_of_the_visit(line: str) -> None:
    text = "".join(f"<p>{one}</p>" for one in PARAGRAPHS)
    header = "<header><span class='date'>2026-05-19 14:22 (화)</span></header>"
    menu = "<ul><li>정치</li><li>경제</li><li>사회</li><li>문화</li><li>국제</li><li>날씨</li></ul>"
    found = page(f"{header}{menu}<h1>{TITLE}</h1>{line}<div>{text}</div>")
    assert (found.published_at or "")[:10] == "2025-07-31"
    assert shown(found) == list(PARAGRAPHS)


@pytest.mark.parametrize(
    ("head", "body", "publisher"),
    [
        ("", "<a href='/'>나루너울</a>", "나루너울"),
        (
            "<meta property='og:site_name' content='潮見新報デジタル'>",
            "<a href='/'><img alt='潮見新報'></a>",
            "潮見新報",
        ),
    ],
)
def test_publisher_is_the_name_in_the_logo(head: str, body: str, publisher: str) -> None:
    text = f"<p>[나루너울 해오름=한여울 기자] {PARAGRAPHS[0]}</p>"
    text += "".join(f"<p>{one}</p>" for one in PARAGRAPHS[1:])
    assert page(f"{body}<h1>{TITLE}</h1><div>{text}</div>", head=head).publisher == publisher


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("(끝)", True),
        ("Lesezeit: 3 Min.", True),
        ("5분 읽기", True),
        ("출력일 : 2026-02-01 08:00", True),
        ("이 기사는 나루신문 누리집(https://naru.example)에서 프린트 되었습니다.", True),
        ("이 저작물은 공공누리 제1유형에 따라 이용할 수 있습니다.", True),
        ("Copyright 2026 KVDN. All rights reserved.", True),
        ("그는 5분 읽기를 권했다.", False),
        ("광고를 줄이겠다고 그는 말했다.", False),
    ],
)
def test_line_about_the_page(line: str, expected: bool) -> None:
    assert is_page_line(line) is expected


def test_comments_begin_with_a_number_of_them() -> None:
    assert begins_comments("독자의견 (2)")
    assert begins_comments("실시간 대화 88")
    assert not begins_comments("의견")
    assert not begins_comments("토론")


def test_statements_of_other_languages() -> None:
    assert is_statement("„Dass ich das noch erlebe, hätte ich nicht gedacht.“")
    assert is_statement("湯がぬるいと言われる前に終わりたかった。")
    assert not is_statement("키즈카페 말고 여기 | 2025. 5. 18.")


def test_pages_of_further_kinds_are_read_right() -> None:
    pages = list(measure(Path(__file__).with_name("outlets_kinds")))
    assert [one.name for one in pages if not all(one.right.values())] == []
    assert figures(pages) == dict.fromkeys(figures(pages), 18)


TABLE = (
    "<table><tr><td>시장</td><td>이번 달</td></tr><tr><td>동문시장</td><td>21,000원</td></tr>"
    "<tr><td>서문시장</td><td>19,900원</td></tr></table>"
)


@pytest.mark.parametrize(
    "body",
    [
        f"<p>여름시가 시장별 수박 값을 5일 조사했다.</p>{TABLE}",
        f"{TABLE}<p>여름시가 시장별 수박 값을 5일 조사했다.</p>",
        f"<p>여름시가 시장별 수박 값을 5일 조사했다.</p><h2>수박 값</h2>{TABLE}",
    ],
    ids=["behind", "above", "titled"],
)
def test_table_of_an_article_with_one_sentence_is_read(body: str) -> None:
    page = f"<html><body><article><h1>수박 값 조사</h1>{body}</article></body></html>"
    (draft,) = read(page.encode(), "a.html").drafts
    rows = [text for _, text in draft.blocks if " | " in text]
    assert rows == ["시장 | 이번 달", "동문시장 | 21,000원", "서문시장 | 19,900원"]


TEASERS = "".join(
    f'<li><a href="/n/{number}"><b>{title}</b></a><p>{text}</p><span>2025.07.01</span></li>'
    for number, (title, text) in enumerate(
        [
            ("배 값 뛰어", "배 값이 20% 뛰었다고 나루시가 밝혔다."),
            ("철도 요금 동결", "철도 요금이 올해도 그대로다."),
            ("쌀 수출 시작", "쌀 200톤이 처음 수출됐다."),
            ("은행 점포 줄어", "은행 점포가 40곳 줄었다."),
            ("감 축제 열려", "감 축제가 3일 열렸다."),
        ]
    )
)
LONG = "".join(f"<p>나루시가 {day}일 배 값을 조사했다고 밝혔다.</p>" for day in range(1, 4))


def test_page_of_teasers_is_no_article() -> None:
    page = f"<html><body><main><h1>경제</h1><ul>{TEASERS}</ul></main></body></html>"
    with pytest.raises(EmptySource, match="this page is a list of 5 links"):
        read(page.encode(), "a.html")


def test_article_above_teasers_is_read() -> None:
    page = f"<html><body><h1>배 값 조사</h1><div>{LONG}</div><ul>{TEASERS}</ul></body></html>"
    (draft,) = read(page.encode(), "a.html").drafts
    assert [text for _, text in draft.blocks if "조사" in text][-1].startswith("나루시가 3일")


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("해당 기사는 꽃신문의 요청에 따라 노출이 중단되었습니다.", True),
        ("꽃시는 정부의 요청에 따라 버스 서비스를 중단했다.", False),
    ],
)
def test_notice_that_an_article_is_hidden_is_no_article(text: str, *, gone: bool) -> None:
    page = (
        f"<html><body><div><p>{text}</p><p>이용에 불편을 드려 죄송합니다.</p></div></body></html>"
    )
    if gone:
        with pytest.raises(EmptySource, match="says that the article was removed"):
            read(page.encode(), "a.html")
    else:
        assert len(read(page.encode(), "a.html").drafts) == 1


@pytest.mark.parametrize("form", ["txt", "html"])
def test_text_that_is_there_twice_is_read_once(form: str) -> None:
    body = ["꿀벌 4만 마리가 돌아왔다고 꿀군이 밝혔다.", "군은 꽃밭을 넓힌다."]
    text = "\n\n".join(["꿀벌 돌아와", *body] * 2)
    if form == "html":
        copy = "".join(f"<p>{one}</p>" for one in body)
        text = f"<html><h1>꿀벌 돌아와</h1><div>{copy}</div><div>{copy}</div></html>"
    article = read(text.encode(), f"a.{form}").drafts[0].article()
    assert [article.text.count(one) for one in body] == [1, 1]
    assert article.title == "꿀벌 돌아와"


def test_questions_of_an_interview_are_no_captions() -> None:
    page = (
        "<html><body><article><h1>[인터뷰] 도예가 흙내음</h1><p>2025.04.02 10:00 물결 기자</p><div>"
        "▲ 흙내음 도예가가 가마 앞에 서 있다. ⓒ물결 기자<br><br>▲가마는 몇 번 때나.<br>"
        "“한 해에 네 번 땐다. 한 번에 나흘이 걸린다.”<br><br>△제자는.<br>“두 명이다.”</div>"
        "</article></body></html>"
    )
    (draft,) = read(page.encode(), "a.html").drafts
    assert draft.publisher is None
    assert [text for kind, text in draft.blocks if kind is SectionKind.CAPTION] == [
        "▲ 흙내음 도예가가 가마 앞에 서 있다. ⓒ물결 기자"
    ]
    assert (SectionKind.BODY, "▲가마는 몇 번 때나.") in draft.blocks
    assert (SectionKind.BODY, "△제자는.") in draft.blocks
