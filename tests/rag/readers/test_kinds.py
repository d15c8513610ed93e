"""Kinds of faults in real documents, each with several invented ones: what is read from them."""

from __future__ import annotations

import json

import pytest

from geungeo.rag.article import Article, Draft, SectionKind
from geungeo.rag.errors import EmptySource
from geungeo.rag.readers import read
from geungeo.rag.readers.dates import parse_date
from geungeo.rag.readers.layout import columns, is_wrapped, named_cells
from geungeo.rag.readers.lines import is_byline, is_caption, is_page_line, is_turn
from geungeo.rag.readers.metadata import clean_title, lead, publisher_name, split_names
from geungeo.rag.segmentation import split_article

BODY = SectionKind.BODY


def draft(text: str, name: str = "a.txt") -> Draft:
    (found,) = read(text.encode(), name).drafts
    return found


def parts(article: Article, kind: SectionKind = BODY) -> list[str]:
    return [s.span.of(article.text) for s in article.sections if s.kind is kind]


def page(body: str, title: str = "가람시 새 다리 놓는다", head: str = "") -> Draft:
    return draft(
        f"<html><head><title>{title}</title>{head}</head><body>{body}</body></html>", "a.html"
    )


def sentences(article: Article) -> list[str]:
    return [one.span.of(article.text) for one in split_article(article)]


# 1. Breaks and cells


@pytest.mark.parametrize(
    "markup",
    [
        "<div>{}<br>{}<br>{}</div>",
        "<div>{}<br/><br/>{}<br><br><br>{}</div>",
        "<p>{}</p><p>{}</p><p>{}</p>",
        "<div><span>{}</span><br><span>{}</span><br><font>{}</font></div>",
        "<section><div>{}</div><div>{}</div><div>{}</div></section>",
        "<td>{}<br>&nbsp;<br>{}<br>&nbsp;<br>{}</td>",
        "{}<p></p>{}<p></p>{}",
    ],
)
def test_line_breaks_of_a_page_separate_paragraphs(markup: str) -> None:
    texts = ["다리는 길이 420m다.", "7번 국도와 만난다.", "공사는 2028년에 끝난다."]
    article = page(f"<h1>가람시 새 다리 놓는다</h1>{markup.format(*texts)}").article()
    assert parts(article) == texts


def test_lines_wrapped_by_hand_in_a_page_are_one_paragraph() -> None:
    text = (
        "<div>나래시가 다음 달 1일부터 밤 버스 노선을<br>6개에서 12개로 늘린다고 2일 밝혔다. "
        "나래시<br>교통국은 야근하는 시민이 늘었다고 했다.</div>"
    )
    assert parts(page(f"<h1>가람시 새 다리 놓는다</h1>{text}").article()) == [
        "나래시가 다음 달 1일부터 밤 버스 노선을 6개에서 12개로 늘린다고 2일 밝혔다. "
        "나래시 교통국은 야근하는 시민이 늘었다고 했다."
    ]


# 2. Bodies that are lost


def test_lead_between_photo_and_container_is_kept() -> None:
    body = "".join(
        f"<p>{n}번째 문단은 다리에 대한 설명을 길게 이어 간다고 시가 밝혔다.</p>" for n in range(5)
    )
    article = page(
        "<h1>가람시 새 다리 놓는다</h1><figure><img><figcaption>다리 조감도</figcaption></figure>"
        "가람시가 새 다리를 놓는다고 3일 밝혔다."
        f'<div class="article_body">{body}</div>'
    ).article()
    assert parts(article)[0] == "가람시가 새 다리를 놓는다고 3일 밝혔다."
    assert parts(article, SectionKind.CAPTION) == ["다리 조감도"]


@pytest.mark.parametrize(
    "script",
    [
        '<script type="application/ld+json">{"@type":"NewsArticle","articleBody":"%s"}</script>',
        '<script id="__NEXT_DATA__" type="application/json">{"props":{"article":{"content":"%s"}}}'
        "</script>",
        '<script>window.__STATE__ = {"news":{"body":"%s"}};</script>',
    ],
    ids=["json-ld", "next", "state"],
)
def test_body_in_a_script_is_read(script: str) -> None:
    text = "가람시가 다리를 놓는다고 3일 밝혔다. " * 3 + "공사는 2028년에 끝난다. " * 5
    article = page(f'<div id="root"></div>{script % text.strip()}').article()
    assert "공사는 2028년에 끝난다." in parts(article)[0]


BRIDGE = [
    "가람시가 새 다리를 놓는다고 3일 밝혔다. 다리는 길이가 420m다.",
    "공사는 2028년에 끝난다고 시는 설명했다.",
    "시민들은 다리가 생기면 통학 시간이 절반으로 줄 것이라고 말했다.",
    "시의회는 예산 310억원을 승인했다.",
]
ADDED = "다리에는 자전거 도로도 놓인다고 시는 덧붙였다. 폭은 3m다."


def bridge(box: str, at: int, text: str = "<article>{}</article>") -> Draft:
    paragraphs = [f"<p>{one}</p>" for one in BRIDGE]
    paragraphs.insert(at, box)
    return page(
        f"<h1>가람시 새 다리 놓는다</h1>{text.format(''.join(paragraphs))}"
        '<div class="footer">회사 소개</div>'
    )


@pytest.mark.parametrize("text", ["<article>{}</article>", '<div class="news_body">{}</div>'])
@pytest.mark.parametrize("at", [2, 4])
@pytest.mark.parametrize(
    "box",
    [
        f"<aside><p>{ADDED}</p></aside>",
        f"<aside>{ADDED}</aside>",
        f"<aside><h4>다리 폭은</h4><p>{ADDED}</p></aside>",
        f'<div class="box info widget"><strong>다리 개요</strong><p>{ADDED}</p></div>',
        f'<div class="side-box"><p>{ADDED}</p></div>',
        f'<div role="complementary"><p>{ADDED}</p></div>',
        f"<footer><p>{ADDED}</p></footer>",
        f"<form><p>{ADDED}</p></form>",
        f'<div class="poll"><p>{ADDED}</p></div>',
        f'<div class="series"><p>{ADDED}</p></div>',
        f"<details><summary>더 보기</summary><p>{ADDED}</p></details>",
        f'<button aria-controls="m">더보기</button><div id="m" hidden><p>{ADDED}</p></div>',
        f'<a href="#m">더보기</a><div id="m" style="display:none"><p>{ADDED}</p></div>',
        f'<div><button>펼치기</button></div><div style="display: none">{ADDED}</div>',
        f'<div style="display: none">{ADDED}</div><a href="javascript:open()">계속 읽기</a>',
        f"<dl><dt>자전거</dt><dd>{ADDED}</dd></dl>",
        f"<blockquote>{ADDED}</blockquote>",
        f'<p class="caption">{ADDED}</p>',
        f'<ol class="footnotes"><li>{ADDED}</li></ol>',
    ],
)
def test_prose_in_a_box_of_the_text_is_kept(box: str, at: int, text: str) -> None:
    article = bridge(box, at, text).article()
    paragraphs = [*BRIDGE[:at], ADDED, *BRIDGE[at:]]
    kept = [s.span.of(article.text) for s in article.sections]
    assert [one for one in kept if one in paragraphs] == paragraphs


@pytest.mark.parametrize(
    ("box", "first"),
    [
        (f'<div class="related-box"><p>{ADDED}</p></div>', ADDED),
        (f'<div class="reporter-comment"><p>{ADDED}</p></div>', ADDED),
        (f'<div class="ad_wrap"><p>{ADDED}</p></div>', ADDED),
        (f'<div style="display:none"><p>{ADDED}</p></div>', ADDED),
        ("<aside><h4>개요</h4><ul><li>길이 420m</li><li>폭 3m</li></ul></aside>", "길이 420m"),
        ("<aside><table><tr><th>폭</th><td>3m</td></tr></table></aside>", "폭 | 3m"),
        ('<div class="widget"><dl><dt>폭</dt><dd>3m</dd></dl></div>', "3m"),
    ],
)
def test_text_that_is_left_out_of_its_place_is_reported(box: str, first: str) -> None:
    found = bridge(box, 4)
    assert first not in found.article().text
    (warning,) = found.warnings
    assert f"not taken as part of the article, the first: '{first}'" in warning


@pytest.mark.parametrize(
    "box",
    [
        '<aside><h4>관련 기사</h4><a href="/1">다른 다리도 무너졌다.</a></aside>',
        '<aside><p>뉴스레터를 구독하세요.</p><input type="email"></aside>',
        '<div class="reply"><textarea></textarea><p>댓글은 300자까지 쓸 수 있다.</p></div>',
        '<div class="survey satis"><p>이 기사에 만족하십니까?</p></div>',
        f'<div style="display:none"><p>{BRIDGE[0]}</p></div>',
        f'<div hidden><a href="/1">{ADDED}</a></div>',
    ],
)
def test_parts_of_the_page_are_left_out_without_a_message(box: str) -> None:
    found = bridge(box, 4)
    assert parts(found.article()) == BRIDGE
    assert found.warnings == ()


@pytest.mark.parametrize(
    "around",
    [
        "<table><tr><td colspan=2>메뉴</td></tr><tr><td>{}</td><td>많이 본 기사<br>1. 배 값 올라"
        "<br>2. 호수 얼어</td></tr></table>",
        "<table><tr><td><table><tr><td>{}</td></tr></table></td><td>로그인</td></tr></table>",
        "<table><tbody><tr><td width=160>정치<br>경제<br>사회</td><td>{}</td></tr></tbody></table>",
        "<center><table><tr><td>{}</td></tr></table></center>",
    ],
)
def test_table_for_layout_is_prose(around: str) -> None:
    texts = ["단비호에서 낚시 대회가 7일 열렸다.", "참가자는 410명이었다.", "1등은 붕어를 낚았다."]
    inner = (
        "<table><tr><td><b>가람시 새 다리 놓는다</b></td></tr>"
        "<tr><td>2025-06-07 09:00 박다솜 기자</td></tr><tr><td>"
        "<table><tr><td><img src=a.jpg></td></tr><tr><td>▲ 대회장 모습</td></tr></table>"
        f"{texts[0]}<br>{texts[1]}<br><br>{texts[2]}</td></tr></table>"
    )
    found = page(around.format(inner))
    assert parts(found.article()) == texts
    assert (found.author, found.published_at) == ("박다솜", "2025-06-07T09:00:00+09:00")


def test_lost_text_is_reported() -> None:
    one_part = "".join(
        f"<p>{n}번째 문단은 다리에 대한 설명이라고 시가 밝혔다.</p>" for n in range(12)
    )
    other = "".join(
        f"<p>{n}번째 다른 글은 공원에 대한 설명이라고 시가 밝혔다.</p>" for n in range(6)
    )
    found = page(
        f'<h1>가람시 새 다리 놓는다</h1><div class="news_body">{one_part}</div>'
        f'<div class="x1"><a href="/a">{"공원 " * 30}</a>{other}</div>'
    )
    (warning,) = found.warnings
    assert "6 sentences of the page were not taken" in warning
    assert "0번째 다른 글은" in warning


FARES = (
    "나래시가 버스 요금을 200원 올린다고 5일 밝혔다. 5년 만이다.",
    "시는 기름값이 올라 어쩔 수 없다고 설명했다.",
    '시민 고등어 씨는 "한 달에 만원이 더 든다"고 말했다.',
    "인상은 9월 1일부터다.",
)


@pytest.mark.parametrize(
    "markup",
    [
        # A blog with comments.
        '<main><article><header><h1>버스 요금 오른다</h1><time datetime="2025-08-05">8월 5일</time>'
        '</header><div class="entry-content"><p>{}</p><p>{}</p><p>{}</p><p>{}</p></div></article>'
        '<section id="comments"><h2>댓글 1개</h2><p>너무 비쌉니다.</p></section></main>',
        # Advertisements and buttons between the paragraphs, tags after them.
        '<div id="articleBody"><h2>버스 요금 오른다</h2><button>공유</button><p>{}</p>'
        "<p>AD</p><p>{}</p>"
        '<div class="article-share"><span>페이스북</span></div><p>{}</p><p>{}</p><p>#버스 #요금</p>'
        "<p>&copy; 들녘신문, 무단전재-재배포금지</p></div>",
        # Links to other articles between the paragraphs.
        '<div class="wrap"><h2>버스 요금 오른다</h2><div class="cont"><p>{}</p><div><a href="/1">'
        '▶ 지하철도 오르나</a></div><p>{}</p><p><a href="/2">[관련기사] 기름값</a></p>'
        "<p>{}</p><p>{}</p></div></div>",
        # Tables for the layout, indented by spaces.
        "<table><tr><td><b>버스 요금 오른다</b></td></tr><tr>"
        "<td>정들녘 기자 / 입력 : 2025년 08월 05일</td></tr>"
        "<tr><td>&nbsp;{}<br><br>&nbsp;{}<br><br>&nbsp;{}<br><br>&nbsp;{}</td></tr></table>",
        # Nothing but divisions, comments at the end.
        "<div><div>홈 &gt; 사회</div><div>버스 요금 오른다</div>"
        "<div>들녘신문 | 2025.08.05 10:00</div>"
        "<div>{}<br>{}<br>{}<br>{}</div><div>목록</div><div>댓글 2</div><div>비쌉니다.</div></div>",
        # Hidden text, and formatting of each line.
        '<article><div style="display:none">숨은 글이라고 밝혔다.</div><h1>버스 요금 오른다</h1>'
        "<p><span>{}</span></p><p><font>{}</font></p><p><i>{}</i></p><p><u>{}</u></p></article>",
        # The lead outside the container.
        '<h1>버스 요금 오른다</h1><div class="top">{}</div><div class="photo"><img></div>'
        '<div class="b2"><p>{}</p><p>{}</p><p>{}</p></div>',
    ],
    ids=["blog", "buttons", "links", "tables", "divisions", "hidden", "lead"],
)
def test_article_is_found_in_its_page(markup: str) -> None:
    head = '<meta name="description" content="나래시가 버스 요금을 200원 올린다고 5일 밝혔다.">'
    found = page(markup.format(*FARES), title="버스 요금 오른다 - 들녘신문", head=head)
    assert parts(found.article()) == list(FARES)
    assert found.title == "버스 요금 오른다"


# 3. Tables


def test_cells_over_rows_and_columns_are_repeated() -> None:
    article = page(
        "<article><h1>가람시 새 다리 놓는다</h1><p>가람시가 예산을 3일 발표했다.</p><table>"
        "<caption>부문별 예산</caption><tr><th rowspan='2'>부문</th><th colspan='2'>예산</th></tr>"
        "<tr><th>올해</th><th>내년</th></tr><tr><td>교육</td><td>310</td><td>420</td></tr></table>"
        "<p>시의회는 12일 심의한다.</p></article>"
    ).article()
    assert parts(article)[1:-1] == ["부문 | 예산 | 예산", "부문 | 올해 | 내년", "교육 | 310 | 420"]
    row = article.text.index("교육 |")
    assert named_cells(article.text, row, row + len("교육 | 310 | 420")) == (
        "교육 예산 올해 310, 예산 내년 420이다."
    )


@pytest.mark.parametrize(
    ("text", "row", "named"),
    [
        (
            "표\n\n품목   값    등락\n배추   4,200   +3\n무   900   -1\n",
            "무   900   -1",
            "무 값 900, 등락 -1이다.",
        ),
        ("표\n\n구\t인구\n달빛구\t8,150\n", "달빛구\t8,150", "달빛구 인구 8,150이다."),
        (
            "표\n\n| 구 | 인구 |\n|---|---|\n| 달빛구 | 8,150 |\n",
            "달빛구 | 8,150",
            "달빛구 인구 8,150이다.",
        ),
        (
            "표\n\n노선\t2023년\t2024년\n2호선\t81만명\t88만명\n",
            "2호선\t81만명\t88만명",
            "2호선 2023년 81만명, 2024년 88만명이다.",
        ),
        ("표\n\n1위\t12,300명\n2위\t9,100명\n", "2위\t9,100명", ""),
        # A row of names over others, in cells over several columns or in empty ones.
        (
            "표\n\n구 | 병상(개) | 병상(개)\n\n구 | 일반 | 중환자\n\n백합구 | 877 | 21\n",
            "백합구 | 877 | 21",
            "백합구 병상 일반 877개, 병상 중환자 21개이다.",
        ),
        (
            "표\n\n노선 | 평일 | - | 주말 | -\n\n- | 2023 | 2024 | 2023 | 2024\n\n"
            "1번 | 21 | 22 | 15 | 16\n",
            "1번 | 21 | 22 | 15 | 16",
            "1번 평일 2023 21, 평일 2024 22, 주말 2023 15, 주말 2024 16이다.",
        ),
        (
            "표\n\n구 | 병상 | 병상\n\n구 | 일반 | 중환자\n\n백합구 | 877 | 21\n",
            "구 | 일반 | 중환자",
            "",
        ),
        # Names with a number are no values.
        (
            "표\n\n지역\t20대\t60대\n나래시\t48%\t69%\n",
            "나래시\t48%\t69%",
            "나래시 20대 48%, 60대 69%이다.",
        ),
        (
            "표\n\n월 | 내국인\n\n1월 | 123명\n\n2월 | 158명\n",
            "2월 | 158명",
            "2월 내국인 158명이다.",
        ),
        (
            "표\n\n정류장  첫차   막차\n약수터  05:55  22:00\n",
            "약수터  05:55  22:00",
            "약수터 첫차 5시 55분, 막차 22시이다.",
        ),
        # The name comes after a rank.
        ("표\n\n순위\t팀\t승\n1\t흑돌\t9\n2\t백돌\t7\n", "2\t백돌\t7", "백돌 팀 순위 2, 승 7이다."),
        # A list of facts has no row of names.
        (
            "표\n\n이름 | 한여울교\n\n길이 | 420m\n\n개통 | 2028년\n",
            "길이 | 420m",
            "길이 420m이다.",
        ),
        ("표\n\n가람시가 2일 밝혔다.\n", "가람시가 2일 밝혔다.", ""),
    ],
)
def test_row_is_read_with_the_names_of_its_columns(text: str, row: str, named: str) -> None:
    at = text.index(row)
    assert named_cells(text, at, at + len(row)) == named


def test_rows_of_plain_text_are_body() -> None:
    article = draft(
        "채소값\n\n2025-07-04 한여울 기자\n\n도매시장이 4일 값을 발표했다.\n\n"
        "품목  이번 주  지난주\n배추  4,200원  2,100원\n\n시장은 값이 내릴 것으로 본다고 밝혔다.\n"
    ).article()
    assert parts(article, SectionKind.HEADING) == []
    assert parts(article)[1:3] == ["품목  이번 주  지난주", "배추  4,200원  2,100원"]


# 4. Wrapped text


@pytest.mark.parametrize(
    ("lines", "wrapped"),
    [
        (["나래시가 다음 달부터 밤 버스 노선을", "여섯 개에서 열두 개로 늘린다고 했다."], True),
        (["The city of Narae will double its night", "buses from six to twelve, it said."], True),
        (["나래시가 밝혔다.", "요금은 같다."], False),
        (
            ["- 배추 4,200원 이번 주 두 배로 올랐다고", "- 무 900원 이번 주 조금 내렸다고 한다"],
            False,
        ),
        (["▶정하늘 : 주차장이 없어서 그렇습니다 정말로", "▷오로라 : 그렇군요."], False),
        (["관광객이 늘었다", "묵호항 어촌계는 관광객이 하루 300명을 넘는다고 말했다."], False),
    ],
)
def test_wrapped_lines_are_recognised(lines: list[str], wrapped: bool) -> None:
    assert is_wrapped(lines) is wrapped


def test_sentences_of_wrapped_text_have_exact_spans() -> None:
    article = draft(
        "밤 버스\n\n2025-07-02\n\n나래시가 다음 달 1일부터 밤 버스 노선을\n6개에서 12개로 "
        "늘린다고 2일 밝혔다. 나래시\n교통국은 시민이 늘었다고 설명했다. 요금은\n같다.\n"
    ).article()
    assert sentences(article)[2:] == [
        "나래시가 다음 달 1일부터 밤 버스 노선을\n6개에서 12개로 늘린다고 2일 밝혔다.",
        "나래시\n교통국은 시민이 늘었다고 설명했다.",
        "요금은\n같다.",
    ]


# 5. Marks and conversations


@pytest.mark.parametrize(
    "line",
    [
        "▶정하늘 : 아닙니다.",
        "◇ 정하늘> 그렇게 봅니다.",
        "정하늘 시장: 다리를 놓겠습니다.",
        "■ 진행 : 오로라 아나운서",
        "Q. 언제 여나.",
        "문: 언제 여나.",
        "▷앵커: 소식 전해 주시죠.",
    ],
)
def test_turns_are_no_captions(line: str) -> None:
    assert is_turn(line)
    assert not is_caption(line)


@pytest.mark.parametrize(
    ("line", "caption"),
    [
        ("▲ 나래역 7번 출구 모습", True),
        ("▲ 정하늘 시장이 2일 시청에서 말하고 있다.", True),
        ("나래역 7번 출구. (사진=나래시)", True),
        ("나래역 7번 출구 ⓒ 다솜뉴스", True),
        ("/나래시 제공", True),
        ("[나래시 제공]", True),
        ("[사진 = 연합뉴스]", True),
        ("(자료사진)", True),
        ("정부는 백신을 무료로 제공한다고 밝혔다.", False),
        ("사진전은 12일까지 열린다.", False),
        ("첫 문장이다. 둘째 문장이다. 셋째 문장이다. 넷째 문장이다. (사진=나래시)", False),
        ("사진: 나래시", True),
    ],
)
def test_captions_are_recognised(line: str, caption: bool) -> None:
    assert is_caption(line) is caption


def test_list_with_triangles_is_body() -> None:
    article = page(
        "<h1>가람시 새 다리 놓는다</h1><p>▲ 다리 조감도</p><p>달라지는 점은 다음과 같다.</p>"
        "<p>▲ 자전거 길 신설</p><p>▲ 걷는 길 확장</p><p>가람시가 3일 밝혔다.</p>"
    ).article()
    assert parts(article, SectionKind.CAPTION) == ["▲ 다리 조감도"]
    assert parts(article)[1:3] == ["▲ 자전거 길 신설", "▲ 걷는 길 확장"]


def test_question_and_answer_are_one_sentence() -> None:
    article = draft(
        "나래페이 문답\n\n2025-07-06\n\nQ. 할인율은 얼마인가.\nA. 7퍼센트다. 가을에는 늘린다.\n"
        "▷오로라 : 시장에 나가십니까?\n▶정하늘 : 아닙니다. 저는 출마하지 않습니다. 곧 쉽니다.\n"
    ).article()
    assert sentences(article)[2:] == [
        "Q. 할인율은 얼마인가.\nA. 7퍼센트다.",
        "가을에는 늘린다.",
        "▷오로라 : 시장에 나가십니까?\n▶정하늘 : 아닙니다. 저는 출마하지 않습니다.",
        "곧 쉽니다.",
    ]


# 6. Lines of the page


@pytest.mark.parametrize(
    "line",
    [
        "저작권자 © 가람일보 무단전재 및 재배포 금지",
        "<저작권자(c) 다솜뉴스, 무단 전재-재배포, AI 학습 및 활용 금지>",
        "Copyright ⓒ 가람일보. All rights reserved.",
        "기사 본문 영역",
        "글자크기 조절",
        "댓글 12개",
        "좋아요 3",
        "공유하기",
        "네이버에서 가람일보 구독하기",
        "다른기사 보기",
        "한여울 기자의 다른기사 보기",
        "☞ 관련 영상 보러가기",
        "[관련기사] 나래역 6번 출구 닫는다",
        "제보는 카카오톡 okjebo",
        "화나요 0",
        "추천 0 댓글",
        "원고료로 응원하기추천 0댓글 3개",
        "정치 경제 사회 국제 문화",
        "홈 | 뉴스 | 오피니언 | 스포츠",
        "가람일보 뉴스레터를 받아보세요",
        "가람일보를 유튜브에서 구독해 주세요!",
        "좋은 기사를 쓴 기자를 원고료로 응원하세요",
        "이 기사가 마음에 드셨나요?",
        "이 글은 구독자만 끝까지 볼 수 있습니다.",
        "구독하면 더 많은 기사를 볼 수 있습니다",
        "댓글을 쓰려면 로그인하세요.",
        "동영상 재생이 되지 않으면 플래시를 설치해 주세요.",
        "이 브라우저는 동영상을 지원하지 않습니다.",
        "Your browser does not support the audio element.",
        "AI가 만든 요약으로 틀릴 수 있습니다.",
        "이 기사는 언론사에서 경제 섹션으로 분류했습니다.",
        "The post 배추값 두 배 appeared first on 가람일보.",
        "댓글을 가져오는 중...",
    ],
)
def test_lines_of_the_page_are_recognised(line: str) -> None:
    assert is_page_line(line)


@pytest.mark.parametrize(
    "line",
    [
        "정부는 무단 전재를 금지하는 법을 만들었다.",
        "댓글 창을 없앤 곳이 늘었다고 협회가 밝혔다.",
        "다음 달 1일부터 시행된다.",
        "구독자가 3만명을 넘었다.",
        "▶ 다음은 일문일답이다.",
        "감동",
        "추천 대상",
        "정치 경제 사회",
        "어린이 병원을 응원해 주세요.",
        "김 씨는 “채널을 구독해 주세요”라고 썼다.",
        "플래시는 2020년부터 브라우저에서 쓸 수 없다.",
        "회사는 AI로 판결문을 요약한다.",
        "이 기사는 소설의 한 대목이 됐다.",
        "시민이 로그인하면 예산안을 볼 수 있습니다.",
    ],
)
def test_sentences_about_such_lines_are_body(line: str) -> None:
    assert not is_page_line(line)


@pytest.mark.parametrize(
    "heading", ["관련기사", "많이 본 뉴스", "이 시각 주요뉴스", "▶ 관련 뉴스", "가람일보 인기기사"]
)
def test_headlines_of_other_articles_are_left_out(heading: str) -> None:
    found = draft(
        f"# 나래전자 200명 줄인다\n\n나래전자가 3일 밝혔다.\n\n{heading}\n\n- [다솜전자 3% 해고](https://x.example/2)\n"
        "- 가람전자 공장 닫아\n\n회사는 매출이 준 탓이라고 설명했다.\n",
        "a.md",
    )
    assert parts(found.article()) == [
        "나래전자가 3일 밝혔다.",
        "회사는 매출이 준 탓이라고 설명했다.",
    ]
    assert found.left_out == (heading, "다솜전자 3% 해고", "가람전자 공장 닫아")


def test_address_and_notice_at_the_end_of_a_paragraph_are_separated() -> None:
    article = page(
        "<h1>가람시 새 다리 놓는다</h1><p>가람시가 다리를 놓는다고 3일 밝혔다. "
        "한여울 기자 yeoul@garam.example"
        " &lt;저작권자 ⓒ 가람일보, 무단 전재 및 재배포 금지&gt;</p>"
    ).article()
    assert parts(article) == ["가람시가 다리를 놓는다고 3일 밝혔다."]
    assert parts(article, SectionKind.BYLINE) == ["한여울 기자 yeoul@garam.example"]
    assert (article.author, article.publisher) == ("한여울", "가람일보")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("<p>삭제된 기사입니다.</p>", "the article was removed"),
        ("<script>alert('존재하지 않는 기사입니다');</script>", "the article was removed"),
        ("<h1>404 Not Found</h1>", "the article was removed"),
        (
            "".join(f'<li><a href="/{n}">가람시 소식 {n}번째 기사 제목</a></li>' for n in range(20))
            + "<p>가람시가 밝혔다.</p>",
            "a list of 20 links",
        ),
        (
            "".join(
                f'<li><a href="/{n}">가람시 소식 {n}번째 기사 제목</a>'
                f"<p>가람시가 {n}일 밝혔다.</p></li>"
                for n in range(20)
            ),
            "a list of 20 links",
        ),
    ],
)
def test_pages_that_are_no_articles_are_refused(body: str, error: str) -> None:
    with pytest.raises(EmptySource, match=error):
        page(body, title="가람일보")


# 7. Metadata


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("(서울=연합뉴스) 홍길동 기자 = 나래시가", ("연합뉴스", "홍길동")),
        ("【서울=뉴시스】홍길동 기자 = 나래시가", ("뉴시스", "홍길동")),
        ("(나래=다솜뉴스) 박다솜·김하늘 기자 = 나래시가", ("다솜뉴스", "박다솜, 김하늘")),
        ("[나래=나래통신 박다솜 기자] 나래시가", ("나래통신", "박다솜")),
        ("[헤럴드경제=홍길동 기자] 나래시가", ("헤럴드경제", "홍길동")),
        ("[파이낸셜뉴스] 나래시가", ("파이낸셜뉴스", None)),
        ("[앵커] 나래시가", (None, None)),
        ("[단독] 나래시가", (None, None)),
        ("박다솜 기자 = 나래시가", (None, "박다솜")),
    ],
)
def test_leads_name_publisher_and_author(
    line: str, expected: tuple[str | None, str | None]
) -> None:
    assert lead([line]) == expected


@pytest.mark.parametrize(
    "closing",
    ["dasom@narae.example\n(끝) 2025/05/14 10:32 송고", "입력 2025.05.14 10:32", "박다솜 기자"],
)
def test_short_wire_story_is_body_although_its_date_is_at_the_end(closing: str) -> None:
    lead_line = "(나래=다솜뉴스) 박다솜 기자 = 나래시는 14일 새 다리를 놓는다고 밝혔다."
    found = draft(f"나래시, 새 다리 착공\n\n{lead_line}\n\n사업비는 30억원이다.\n\n{closing}\n")
    assert parts(found.article()) == [lead_line, "사업비는 30억원이다."]
    assert (found.publisher, found.author) == ("다솜뉴스", "박다솜")
    assert found.published_at == (None if "기자" in closing else "2025-05-14T10:32:00+09:00")


def test_long_lead_ends_the_search_for_a_byline() -> None:
    said = " ".join(["나래시는 14일 새 다리를 놓는다고 밝혔다."] * 3)
    lead_line = f"(나래=다솜뉴스) 박다솜 기자 = {said}"
    found = draft(f"나래시 다리 착공\n\n{lead_line}\n\n2025.05.14 10:32\n\n관련 사업비다.\n")
    assert lead_line in parts(found.article())


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("2025.07.05 10:00 김하늘 박바다 기자", "김하늘, 박바다"),
        ("김하늘·박바다 기자", "김하늘, 박바다"),
        ("나래통신 김하늘 박바다 기자", "김하늘, 박바다"),
        ("김하늘 박바다 이구름 기자", "김하늘, 박바다, 이구름"),
        ("김하늘 선임기자·박바다 기자", "김하늘, 박바다"),
        ("사회부 김하늘 기자", "김하늘"),
        ("By Ann Lee and Bo Kim, July 5, 2025", "Ann Lee, Bo Kim"),
        # At the beginning of the body
        ("(가람·나래=두루뉴스) 한솔 보리 기자 = 두 도시가 철도를 놓는다.", "한솔, 보리"),
        ("(뉴욕=두루뉴스) 남궁 민수 특파원 = 두 도시가 철도를 놓는다.", "남궁 민수"),
        ("(서울=두루뉴스) 사회부 김하늘 선임기자 = 두 도시가 철도를 놓는다.", "김하늘"),
        ("(서울=두루뉴스) 김하늘 기자·박바다 특파원 = 철도를 놓는다.", "김하늘, 박바다"),
        ("한솔 보리 기자 = 두 도시가 철도를 놓는다.", "한솔, 보리"),
    ],
)
@pytest.mark.parametrize("layout", ["철도 놓는다\n\n{}\n\n{}", None])
def test_several_reporters_are_named(layout: str | None, line: str, names: str) -> None:
    text = "두 도시가 철도 60km를 놓는다고 5일 밝혔다."
    if layout:
        assert draft(layout.format(line, text)).author == names
    else:
        found = page(f"<h1>철도 놓는다</h1><p>{line}</p><p>{text}</p><p>{text} 길다.</p>")
        assert found.author == names


def test_byline_names_a_newspaper() -> None:
    text = "# 물동량\n\n나래신문 | 2025-07-11 | 박다솜 기자\n\n물동량이 늘었다고 밝혔다.\n"
    found = draft(text, "a.md")
    assert (found.publisher, found.author) == ("나래신문", "박다솜")


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("박다솜 기자", "박다솜"),
        ("가람일보 한여울 기자", "한여울"),
        ("박다솜 기자 dasom@narae.example", "박다솜"),
        ("박다솜·김하늘 기자", "박다솜, 김하늘"),
        ("By Ann Lee and Bob Kim", "Ann Lee, Bob Kim"),
        ("서울=한여울 특파원", "한여울"),
        ("한여울 기자, 박다솜 과학전문기자", "한여울, 박다솜"),
        ("의학전문기자 박다솜", "박다솜"),
        ("한여울 사회부 기자", "한여울"),
        ("한여울 논설실장", "한여울"),
        ("박다솜 편집위원", "박다솜"),
    ],
)
def test_names_of_authors_are_separated(given: str, names: str) -> None:
    assert split_names(given) == names


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("들녘신문 - 세상을 바꾸는 뉴스", "들녘신문"),
        ("가람일보 | 네이버", "가람일보"),
        ("네이버 뉴스", None),
        ("Daum 뉴스", None),
        ("https://www.facebook.example/dasom", None),
        ("한울방송 뉴스", "한울방송 뉴스"),
    ],
)
def test_publisher_is_no_portal_and_has_no_slogan(given: str, name: str | None) -> None:
    assert publisher_name(given) == name


@pytest.mark.parametrize(
    "given",
    [
        "나래역 새 출구 열려 | 다솜일보",
        "나래역 새 출구 열려 - 다솜일보",
        "나래역 새 출구 열려 < 사회 < 기사본문 - 다솜일보",
        "나래역 새 출구 열려 :: 다솜일보",
        "나래역 새 출구 열려 : 네이버 뉴스",
        "나래역 새 출구 열려 - 사회 - 다솜일보",
        "다솜일보 - 나래역 새 출구 열려",
    ],
)
def test_title_loses_the_name_of_the_site(given: str) -> None:
    assert clean_title(given, "다솜일보") == "나래역 새 출구 열려"


@pytest.mark.parametrize(
    "given", ["한국 - 일본 회담 열려", "나래역, 새 출구: 하루 2천명", "[단독] 다리 - 끝나다"]
)
def test_title_keeps_its_own_dashes(given: str) -> None:
    assert clean_title(given, "다솜일보") == given


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Wed, 02 Jul 2025 09:10:00 +0900", "2025-07-02T09:10:00+09:00"),
        ("1751415000", "2025-07-02T09:10:00+09:00"),
        ("1751415000000", "2025-07-02T09:10:00+09:00"),
        ("25.07.02", "2025-07-02"),
        ("'25. 7. 2", "2025-07-02"),
        ("25.07.02 09:10", "2025-07-02T09:10:00+09:00"),
        ("202507020910", "2025-07-02T09:10:00+09:00"),
        ("2025070209", "2025-07-02T09:00:00+09:00"),
        ("2025.05.14 (21:24)", "2025-05-14T21:24:00+09:00"),
        ("Jul 2, 2025", "2025-07-02"),
        ("입력 2025.07.02. 오전 9:10 수정 2025.07.03. 오후 1:00", "2025-07-02T09:10:00+09:00"),
        ("수정 : 2025-07-03 10:00 | 입력 : 2025-07-02 09:10", "2025-07-02T09:10:00+09:00"),
        ("2025-07-02T20:10:00.000Z", "2025-07-03T05:10:00+09:00"),
        ("2025-13-40", None),
        ("초여름", None),
        ("버전 3.5.2", None),
        ("12345", None),
    ],
)
def test_dates_are_read(written: str, kept: str | None) -> None:
    assert parse_date(written) == kept


def test_time_of_another_zone_has_its_day_in_seoul() -> None:
    head = '<meta property="article:published_time" content="2025-07-02T20:10:00Z">'
    article = page(
        "<h1>가람시 새 다리 놓는다</h1><p>가람시가 어제 밝혔다.</p>", head=head
    ).article()
    assert str(article.published_day) == "2025-07-03"


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        ("author:\npublisher: 나래통신", (None, "나래통신", None, None)),
        ('author:\n  - "[[한여울]]"\n  - 김하늘', ("한여울, 김하늘", None, None, None)),
        ("author: [한여울, 김하늘]", ("한여울, 김하늘", None, None, None)),
        (
            "published: 2025-07-02\nsource: https://garam.example/1\ncreated: 2025-08-01",
            (None, None, "2025-07-02", "https://garam.example/1"),
        ),
        ("source: 나래통신", (None, "나래통신", None, None)),
        ("title: 수출: 두 배\nauthor: 한여울", ("한여울", None, None, None)),
        ("tags: [a, b]\naliases:\n- x", (None, None, None, None)),
    ],
)
def test_front_matter_is_yaml(front: str, expected: tuple[str | None, ...]) -> None:
    article = draft(f"---\n{front}\n---\n\n나래역이 문을 열었다.\n", "a.md").article()
    assert (article.author, article.publisher, article.published_at, article.url) == expected


@pytest.mark.parametrize(
    "line",
    [
        "박다솜 기자 dasom@narae.example",
        "입력 2025.07.02 09:10 | 수정 2025.07.02 10:00",
        "나래통신 박다솜 기자",
        "촬영기자:고촬영/영상편집:도편집",
        "dasom@narae.example",
        "2025-07-02   한여울 기자",
    ],
)
def test_bylines_are_recognised(line: str) -> None:
    assert is_byline(line)


@pytest.mark.parametrize(
    "line", ["박다솜 기자가 밝혔다.", "2025년 7월 2일 다리가 열렸다.", "정하늘 : 네."]
)
def test_sentences_with_names_and_dates_are_no_bylines(line: str) -> None:
    assert not is_byline(line)


# 8. Encodings, languages, markup in records


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("iso2022_kr", "나래역 새 출구\n\n나래역 출구가 열렸다."),
        ("iso2022_jp", "ナラエ駅\n\n新しい出口が開いた。"),
    ],
)
def test_seven_bit_encodings_are_decoded(encoding: str, text: str) -> None:
    (found,) = read(text.encode(encoding), "a.txt").drafts
    assert found.article().text == text


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("ナラエ駅で七番出口が二日に開いた。", "ja"),
        ("纳莱站七号出口二日开放。", "zh"),
        ("The exit opened on 2 July.", "en"),
        ("나래역 7번 출구 Exit 7이 열렸다.", "ko"),
    ],
)
def test_language_is_recognised(text: str, language: str) -> None:
    assert draft(f"x\n\n{text}\n{text}").article().language == language


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "U.S. visitor Ann Lee met Mr. Kim at 3 p.m. on Jan. 5. He said No. 7 was open.",
            ["U.S. visitor Ann Lee met Mr. Kim at 3 p.m. on Jan. 5.", "He said No. 7 was open."],
        ),
        (
            "Dr. Park of Narae Co. left at 5 p.m. The talks (e.g. on St. Louis) ended.",
            ["Dr. Park of Narae Co. left at 5 p.m.", "The talks (e.g. on St. Louis) ended."],
        ),
        (
            'He asked "Why? Who?" She left. J. K. Lee stayed.',
            ['He asked "Why? Who?"', "She left.", "J. K. Lee stayed."],
        ),
        (
            "工事費は四十一億円だった。一日に二千人が使う。",
            ["工事費は四十一億円だった。", "一日に二千人が使う。"],
        ),
    ],
)
def test_sentences_of_other_languages(text: str, expected: list[str]) -> None:
    article = Draft("x", ((BODY, text),), "s").article()
    assert sentences(article)[1:] == expected


@pytest.mark.parametrize(
    "text",
    [
        "<p>배추 값이 <b>두 배</b>로 뛰었다.</p><p>&quot;더 오른다&quot;고 했다.</p>",
        "배추 값이 <b>두 배</b>로 뛰었다.<br><br>&quot;더 오른다&quot;고 했다.",
        "배추 값이 두 배로 뛰었다.\n&#34;더 오른다&#34;고 했다.",
        "<div>배추 값이 두 배로&nbsp;뛰었다.</div><script>x()</script>"
        '<div>"더 오른다"고 했다.</div>',
    ],
)
def test_markup_in_records_is_resolved(text: str) -> None:
    article = draft(json.dumps({"title": "a", "text": text}), "a.jsonl").article()
    assert parts(article) == ["배추 값이 두 배로 뛰었다.", '"더 오른다"고 했다.']


def test_less_than_in_a_text_is_kept() -> None:
    text = "키가 a < b 이고 R&D 예산이 <표1>과 같다고 밝혔다."
    article = draft(json.dumps({"title": "a", "text": text}), "a.jsonl").article()
    assert parts(article) == [text]


# 10. Kinds found on pages that were written before the readers were read

LEAD = "가람시가 새 다리를 놓는다고 3일 밝혔다."
END = "공사는 2028년에 끝난다."


@pytest.mark.parametrize(
    "box",
    [
        '<div class="ai-summary"><p>요약</p><p>다리를 놓는다는 내용이다.</p></div>',
        "<div><strong>자동요약</strong><p>다리를 놓는다는 내용이다.</p></div>",
        "<div><b>기사를 세 줄로 요약했어요</b><ul><li>다리를 놓는다는 내용이다.</li></ul></div>",
        "<section><h3>AI 요약</h3><p>다리를 놓는다.</p><p>AI가 추출한 내용이다.</p></section>",
        '<div class="summary_view"><em>요약봇</em><div>다리를 놓는다는 내용이다.</div></div>',
    ],
)
def test_summary_by_a_machine_is_left_out(box: str) -> None:
    found = page(f"<h1>가람시 새 다리 놓는다</h1>{box}<div><p>{LEAD}</p><p>{END}</p></div>")
    assert found.article().text.count("내용") == 0
    assert parts(found.article()) == [LEAD, END]


@pytest.mark.parametrize(
    "heading",
    [
        '<div class="ab_subtitle"><p>길이는 420m</p></div>',
        '<h3 class="content_text subtitle">길이는 420m</h3>',
        '<p class="midtitle_text"><b>길이는 420m</b></p>',
        '<strong class="sub_head">길이는 420m</strong>',
    ],
)
def test_subtitle_within_the_text_is_a_heading(heading: str) -> None:
    article = page(
        f"<h1>가람시 새 다리 놓는다</h1><div><p>{LEAD}</p>{heading}<p>{END}</p>"
        "<p>차로는 넷이다.</p></div>"
    ).article()
    assert parts(article, SectionKind.HEADING) == ["길이는 420m"]
    assert parts(article, SectionKind.DECK) == []


@pytest.mark.parametrize(
    "head",
    [
        "<h1>가람시 새 다리 놓는다</h1><h2>두 마을 40년 숙원</h2>",
        "<h3>가람시 새 다리 놓는다</h3><h4 class='View_subtitle__x1'>두 마을 40년 숙원</h4>",
        "<h2><a href='/1'>가람시 새 다리 놓는다</a></h2><h3>두 마을 40년 숙원</h3><p>25.07.03</p>",
    ],
)
def test_heading_below_the_headline_is_its_deck(head: str) -> None:
    title = '<meta property="og:title" content="가람시 새 다리 놓는다">'
    article = page(f"{head}<div><p>{LEAD}</p><p>{END}</p></div>", head=title).article()
    assert article.title == "가람시 새 다리 놓는다"
    assert parts(article, SectionKind.DECK) == ["두 마을 40년 숙원"]


def test_sentence_after_a_mark_of_copyright_is_body() -> None:
    article = page(
        f"<h1>가람시 새 다리 놓는다</h1><div><p>{LEAD}</p><p>ⓒ {END}</p><p>ⓒ 가람일보</p></div>"
    ).article()
    assert parts(article) == [LEAD, f"ⓒ {END}"]


@pytest.mark.parametrize(
    "line",
    [
        "(영상취재 : 배나무, 영상편집 : 오솔길, 디자인 : 유리)",
        "[촬영기자:한사랑/영상편집:두루미]",
        "<그래픽 = 나침반>",
    ],
)
def test_crew_in_brackets_is_a_byline(line: str) -> None:
    assert is_byline(line)


@pytest.mark.parametrize(
    "frame",
    [
        "본문 바로가기\n메뉴\n가람일보\n로그인\n정치 경제 사회 국제 문화\n홈 > 사회\n",
        "가람일보\n구독\n정치\n경제\n사회\n국제\n",
        "가람일보\n\n뉴스 | 정치 | 경제 | 사회\n검색\n\n",
    ],
)
def test_frame_of_a_copied_page_is_not_its_title(frame: str) -> None:
    found = draft(
        f"{frame}\n가람시 새 다리 놓는다\n\n등록 2025.07.03 08:15\n\n{LEAD}\n{END}\n\n"
        "좋아요 12\n화나요 0\n"
    )
    assert (found.title, found.publisher) == ("가람시 새 다리 놓는다", "가람일보")
    assert parts(found.article()) == [LEAD, END]


def test_outlet_in_a_headline_stays() -> None:
    found = draft(f"가람일보 새 사옥\n\n{LEAD}\n")
    assert found.title == "가람일보 새 사옥"


ARC = {
    "subheadlines": {"basic": "두 마을 40년 숙원"},
    "content_elements": [
        {"type": "image", "caption": "다리 조감도"},
        {"type": "text", "content": f"{LEAD} &ldquo;드디어&rdquo;라고 했다."},
        {"type": "interstitial_link", "content": "[관련 기사] 나래역 6번 출구 닫는다."},
        {"type": "header", "level": 3, "content": "<b>길이는 420m</b>"},
        {"type": "list", "items": [{"type": "text", "content": "차로: 4개"}]},
        {"type": "table", "header": [{"content": "해"}, {"content": "억원"}]}
        | {"rows": [[{"content": "2026"}, {"content": "140"}]]},
        {"type": "quote", "content_elements": [{"type": "text", "content": "강은 넓다."}]},
        {"type": "raw_html", "content": "<div>구독하면 더 많은 기사를 볼 수 있습니다</div>"},
        {"type": "text", "content": END},
    ],
}
EDITOR_JS = {
    "blocks": [
        {"type": "image", "data": {"caption": "다리 조감도", "file": {"url": "a.jpg"}}},
        {"type": "paragraph", "data": {"text": f"{LEAD} &ldquo;드디어&rdquo;라고 했다."}},
        {"type": "header", "data": {"text": "길이는 420m", "level": 2}},
        {"type": "list", "data": {"style": "unordered", "items": ["차로: 4개"]}},
        {"type": "table", "data": {"content": [["해", "억원"], ["2026", "140"]]}},
        {"type": "quote", "data": {"text": "강은 넓다.", "caption": ""}},
        {"type": "linkTool", "data": {"link": "https://garam.example/2"}},
        {"type": "paragraph", "data": {"text": END}},
    ]
}


@pytest.mark.parametrize("value", [ARC, EDITOR_JS], ids=["arc", "editor-js"])
def test_elements_of_an_editor_in_a_script_are_the_body(value: dict[str, object]) -> None:
    script = f"<script>Fusion.globalContent={json.dumps(value, ensure_ascii=False)};</script>"
    article = page(f'<div id="app"></div>{script}').article()
    assert parts(article) == [
        f"{LEAD} “드디어”라고 했다.",
        "차로: 4개",
        "해 | 억원",
        "2026 | 140",
        "강은 넓다.",
        END,
    ]
    assert parts(article, SectionKind.HEADING) == ["길이는 420m"]
    assert parts(article, SectionKind.CAPTION) == ["다리 조감도"]


def test_marks_within_a_paragraph_of_an_editor_do_not_divide_it() -> None:
    text = [{"type": "text", "text": "가람시가 "}, {"type": "text", "text": "새 다리를"}]
    rest = [{"type": "text", "text": " 놓는다고 3일 밝혔다."}, {"type": "hardBreak"}]
    item = {"type": "listItem", "content": [{"type": "paragraph", "content": [text[1]]}]}
    prose = {
        "type": "doc",
        "content": [
            {"type": "paragraph", "content": [*text, *rest]},
            {"type": "bulletList", "content": [item]},
            {"type": "paragraph", "content": [{"type": "text", "text": END}]},
        ],
    }
    portable = [
        {
            "_type": "block",
            "style": "normal",
            "children": [{"_type": "span"} | one for one in text]
            + [{"_type": "span", "text": " 놓는다고 3일 밝혔다."}],
        },
        {"_type": "block", "style": "h2", "children": [{"_type": "span", "text": "새 다리를"}]},
        {"_type": "block", "style": "normal", "children": [{"_type": "span", "text": END}]},
    ]
    for value in ({"article": {"doc": prose}}, {"article": {"body": portable}}):
        state = json.dumps(json.dumps(value, ensure_ascii=False), ensure_ascii=False)
        article = page(f"<div></div><script>window.S = JSON.parse({state});</script>").article()
        assert [one for one in parts(article) if one != "새 다리를"] == [LEAD, END]


def test_author_and_date_of_a_script_are_those_of_its_article() -> None:
    value = {
        "list": [{"title": "나래역 6번 출구 닫는다", "reporter": "김하늘", "date": "2025-01-01"}],
        "view": {"title": "가람시 새 다리 놓는다", "reporter": {"name": "한여울 기자"}}
        | {"regDate": "2025-07-03 09:10", "body": f"{LEAD} {END}"},
    }
    script = f"<script>var data = {json.dumps(value, ensure_ascii=False)};</script>"
    found = page(f"<div></div>{script}")
    assert (found.author, found.published_at) == ("한여울", "2025-07-03T09:10:00+09:00")


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ('<meta property="dd:published_time" content="2025-07-03T09:10:00+09:00">', ""),
        ('<meta name="cms.regdate" content="2025-07-03 09:10">', ""),
        ("", '<div class="info_data">25.07.03 09:10 l 최종 업데이트 25.07.04 08:10</div>'),
        ("", '<div class="date">작성 2025.07.03 09:10 수정 2025.07.04 22:10</div>'),
    ],
)
def test_date_is_found_where_sites_put_it(head: str, body: str) -> None:
    found = page(
        f"<h1>가람시 새 다리 놓는다</h1>{body}<div><p>{LEAD}</p><p>{END}</p></div>", head=head
    )
    assert found.published_at == "2025-07-03T09:10:00+09:00"


def test_button_beside_a_name_is_no_part_of_it() -> None:
    found = page(
        "<h1>가람시 새 다리 놓는다</h1><div class='info'><a>기사원문</a><em>한여울 기자</em></div>"
        f"<div><p>{LEAD}</p><p>{END}</p></div>"
    )
    assert found.author == "한여울"


def test_time_for_repeated_buttons_is_linear() -> None:
    assert not is_page_line("이전기사보기" * 19 + "x")
    assert is_page_line("이전기사보기" * 19)


MORE = "시는 강 양쪽 마을을 잇는 버스 노선도 새로 짜서 하루 스무 번 다니게 한다고 덧붙였다."


def test_linked_lines_between_breaks_are_left_out() -> None:
    article = page(
        f"<h1>가람시 새 다리 놓는다</h1><div>{LEAD}<br><br>{END}<br><br>{MORE}<br><br>"
        "<a href='/1'>▶ 나래역 6번 출구 닫는다</a><br><a href='/2'>▶ 다솜 군수 “몰랐다”</a></div>"
    ).article()
    assert parts(article) == [LEAD, END, MORE]
    assert parts(article, SectionKind.HEADING) == []


def test_link_within_a_sentence_is_kept() -> None:
    article = page(
        f"<h1>가람시 새 다리 놓는다</h1><div><a href='/1'>가람시</a>가 <a href='/2'>새 다리</a>를 "
        f"놓는다고 3일 밝혔다.<br><br>{END}</div>"
    ).article()
    assert parts(article) == [LEAD, END]


def test_label_above_the_headline_and_credits_below_are_no_body() -> None:
    article = page(
        "<article><p class='kicker'>강과 사람</p>"
        "<figure><figcaption>다리 조감도</figcaption></figure><h1>가람시 새 다리 놓는다</h1>"
        f"<p>글 한여울 · 사진 박다솜</p><p>{LEAD}</p><p>{END}</p></article>",
        head='<meta property="og:title" content="가람시 새 다리 놓는다">',
    ).article()
    assert parts(article) == [LEAD, END]
    assert parts(article, SectionKind.CAPTION) == ["다리 조감도"]
    assert parts(article, SectionKind.BYLINE) == ["글 한여울 · 사진 박다솜"]


def test_board_of_a_public_body_gives_title_and_paragraphs() -> None:
    found = page(
        "<table><tr><th>제목</th><td>가람시 새 다리 놓는다</td></tr>"
        "<tr><th>등록일</th><td>2025-07-03</td></tr><tr><td colspan='2'>"
        f"<p>{LEAD}</p><p>차로는 넷이다.</p><p>{END}</p></td></tr></table>",
        title="보도자료 | 가람시청",
    )
    assert found.title == "가람시 새 다리 놓는다"
    assert parts(found.article()) == [LEAD, "차로는 넷이다.", END]


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("별빛구 | | 2,000", ["별빛구", "-", "2,000"]),
        ("| 별빛구 |  | 2,000 |", ["별빛구", "-", "2,000"]),
        ("| 별빛구 | 900 | |", ["별빛구", "900", "-"]),
        ("| | 900 | 100 |", ["-", "900", "100"]),
        ("별빛구 | 900", ["별빛구", "900"]),
        ("별빛구   900\t100", ["별빛구", "900", "100"]),
        ("별빛구  군 | 900", ["별빛구", "군", "900"]),
        ("별빛구", ["별빛구"]),
        ("| |", []),
        ("|", []),
        ("", []),
    ],
)
def test_cells_between_bars_can_be_empty(line: str, cells: list[str]) -> None:
    assert columns(line) == cells


def test_row_with_an_empty_cell_is_named_and_ends_no_table() -> None:
    rows = [
        "구 | 인구(명) | 세대",
        "달빛구 | 8,150 | 3,000",
        "별빛구 | | 2,000",
        "햇빛구 | 900 | 100",
    ]
    text = "\n".join(rows)
    shown = [named_cells(text, at := text.index(row), at + len(row)) for row in rows[1:]]
    assert shown == [
        "달빛구 인구 8,150명, 세대 3,000이다.",
        "별빛구 인구 -, 세대 2,000이다.",
        "햇빛구 인구 900명, 세대 100이다.",
    ]
