"""Authors of pages that name several people, desks, outlets and accounts in several places."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rag.readers.test_outlets import END, LEAD, MORE, TEXT, TITLE, page


@dataclass(frozen=True)
class Case:
    """A page: what its head, the lines around the text and the text itself say of its author."""

    name: str
    author: str | None
    head: str = ""
    above: str = ""
    start: str = ""  # in front of the first sentence
    end: str = ""  # behind the last sentence, in the same paragraph
    signed: str = ""  # elements behind the last paragraph
    below: str = ""  # elements behind the element of the text
    middle: str = ""
    page: str = ""  # all below the headline, instead of the parts
    title: str = TITLE
    site: str | None = "가람일보"


def meta(author: str, name: str = "author") -> str:
    return f'<meta name="{name}" content="{author}">'


def og(author: str, name: str = "article:author") -> str:
    return f'<meta property="{name}" content="{author}">'


def data(*authors: str, kind: str = "Person") -> str:
    named = ",".join(f'{{"@type":"{kind}","name":"{author}"}}' for author in authors)
    return (
        '<script type="application/ld+json">{"@type":"NewsArticle","headline":"'
        f'{TITLE}","author":[{named}],"publisher":{{"@type":"Organization","name":"가람일보"}}}}</script>'
    )


_FILE = Path(__file__).with_name("authorship.jsonl")
CASES = [Case(**json.loads(line)) for line in _FILE.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_author_is_judged_from_all_that_names_one(case: Case) -> None:
    body = f"<p>{case.start}{LEAD}</p><p>{MORE}</p>{case.middle}<p>{END}{case.end}</p>{case.signed}"
    site = f'<meta property="og:site_name" content="{case.site}">' if case.site else ""
    shown = case.page or f"{case.above}<div class='txt'>{body}</div>{case.below}"
    text = f"<h1>{case.title}</h1>{shown}"
    assert page(text, f"{site}{case.head}", case.title).author == case.author


LINES = [
    ("남궁 혁 기자", "남궁 혁"),
    ("한여울 주필", "한여울"),
    ("한여울 논설주간", "한여울"),
    ("한여울 논설고문", "한여울"),
    ("한여울 산업1부장", "한여울"),
    ("한여울 사회2부 기자", "한여울"),
    ("한여울 디지털뉴스1팀 기자", "한여울"),
    ("한여울 IT산업부 기자", "한여울"),
    ("한여울 Biz팀 기자", "한여울"),
    ("한여울 大기자", "한여울"),
    ("한여울 정치에디터", "한여울"),
    ("한여울 콘텐트제작에디터", "한여울"),
    ("한여울 선임기자·논설위원", "한여울"),
    ("한여울 기자입니다.", "한여울"),
    ("/ 가람 = 한여울 기자", "한여울"),
    ("가람 한여울기자 yeo@g.example", "한여울"),
    ("한여울 기자 (가람)", "한여울"),
    ("글 | 한여울", "한여울"),
    ("글 ㅣ 한여울 사진 ㅣ 박다솜", "한여울"),
    ("글, 사진 | 한여울", "한여울"),
    ("글ㅣ한여울", "한여울"),
    ("글 | 소다, 라온", "소다, 라온"),
    ("글 | 달콩 / 그림 | 모모", "달콩"),
    ("Words 한여울", "한여울"),
    ("Writer 한여울", "한여울"),
    ("Text 한여울 Photo 박다솜", "한여울"),
    ("Editor 한여울 Photo 박다솜", "한여울"),
    ("에디터: 한여울", "한여울"),
    ("한여울 (객원기자)", "한여울"),
    ("한여울 / 객원기자", "한여울"),
    ("객원기자 한여울", "한여울"),
    ("정책기자단 한여울", "한여울"),
    ("정책기자 한여울", "한여울"),
    ("국민기자 한여울", "한여울"),
    ("시민기자 한여울 yeo@g.example", "한여울"),
    ("한여울 명예기자단", "한여울"),
    ("취재·글 한여울", "한여울"),
    ("글쓴이=한여울", "한여울"),
    ("쓴이 한여울", "한여울"),
    ("작성: 한여울", "한여울"),
    ("자료제공: 가람시 / 정리: 한여울 기자", "한여울"),
    ("한여울 특파원(도쿄)", "한여울"),
    ("뉴욕(미국)=한여울 특파원", "한여울"),
    ("한여울 베이징 특파원 yeo@g.example", "한여울"),
    ("한여울 기자·세종", "한여울"),
    ("서울·가람=한여울·박다솜 기자", "한여울, 박다솜"),
    ("한여울 · 박다솜 기자", "한여울, 박다솜"),
    ("한여울, 박다솜, 강이든 기자", "한여울, 박다솜, 강이든"),
    ("한여울 기자 / 박다솜 기자", "한여울, 박다솜"),
    ("한여울 기자 & 박다솜 기자", "한여울, 박다솜"),
    ("한여울·박다솜 인턴기자", "한여울, 박다솜"),
    ("한여울 기자, 그래픽=박다솜", "한여울"),
    ("한여울 기자 그래픽 박다솜", "한여울"),
    ("글 한여울 기자, 영상 박다솜 PD", "한여울"),
    ("한여울 기자 영상=박다솜PD", "한여울"),
    ("사진 박다솜 기자, 글 한여울 기자", "한여울"),
    ("사진=박다솜 | 글=한여울", "한여울"),
    ("촬영 박다솜 편집 강이든 취재 한여울", "한여울"),
    ("취재 한여울·촬영 박다솜·편집 강이든", "한여울"),
    ("기자 한여울·촬영기자 박다솜", "한여울"),
    ("한여울 기자 yeo@g.example / 도움=박다솜 인턴기자", "한여울"),
    ("한여울 기자 yeo@g.example / 이 기사는 생성형 AI를 활용했습니다", "한여울"),
    ("가람일보 논설위원 한여울", "한여울"),
    ("한여울 본지 논설위원", "한여울"),
    ("한여울 본지 편집위원", "한여울"),
    ("한여울 객원논설위원", "한여울"),
    ("한여울 시사평론가", "한여울"),
    ("한여울 경제학 박사", "한여울"),
    ("한여울 전 국회의원", "한여울"),
    ("한여울 국회의원", "한여울"),
    ("한여울 가람시의원", "한여울"),
    ("한여울 세무사·회계사", "한여울"),
    ("한여울 나래회계법인 대표 회계사", "한여울"),
    ("한여울 (사)가람포럼 이사장", "한여울"),
    ("한여울 ㈜나래 대표이사", "한여울"),
    ("한여울 나래증권 연구원", "한여울"),
    ("한여울 나래증권 리서치센터장", "한여울"),
    ("한여울 수필가·가람문인협회 회원", "한여울"),
    ("수필가 한여울", "한여울"),
    ("시인·문학평론가 한여울", "한여울"),
    ("시인 한여울", "한여울"),
    ("한여울·시인", "한여울"),
    ("한여울<시인>", "한여울"),
    ("<한여울·나래대 교수>", "한여울"),
    ("한여울 나래대학교 명예교수", "한여울"),
    ("한여울 | 나래대 국문과 교수", "한여울"),
    ("필자: 한여울(시인)", "한여울"),
    ("By. 한여울 에디터", "한여울"),
    ("by 에디터 한여울", "한여울"),
]


@pytest.mark.parametrize(("line", "author"), LINES)
def test_writer_is_read_above_or_below_the_text(line: str, author: str) -> None:
    parts = [f"<p>{one}</p>" for one in (LEAD, MORE, END)]
    parts.insert(3 * (len(line) % 2), f"<p>{escape(line)}</p>")
    assert page(f"<h1>{TITLE}</h1><div>{''.join(parts)}</div>").author == author


FOOTER = (
    "<footer><p>발행인 : 나한결 | 편집인 : 도우리 | 청소년보호책임자 : 마루한</p>"
    "<p>Copyright ⓒ 가람일보. All rights reserved.</p></footer>"
)
# Where one writer can be named, and names of others on the page.
_PLACES = (
    {"above": "<p>한여울 기자</p>"},
    {"above": "<div class='writer'>한여울 기자</div>"},
    {"above": "<p class='byline'>한여울 선임기자 yeo@g.example</p>"},
    {"above": "<span class='author'><a href='/reporter/1'>한여울</a> 기자</span>"},
    {"start": "(가람=가람일보) 한여울 기자 = "},
    {"start": "[가람일보 한여울 기자] "},
    {"signed": "<p>한여울 기자 yeo@g.example</p>"},
    {"signed": "<p>/가람=한여울 기자</p>"},
    {"signed": "<p>글·사진 한여울 기자</p>"},
    {"end": " 한여울 기자"},
    {"signed": "<p>한여울 나래대 교수</p>"},
    {"above": "<p>한여울 나래대 교수</p>"},
    {
        "above": "<div class='info'>"
        "<span class='name'>한여울</span> <span>2025.07.03 09:10</span></div>",
    },
    {"above": "<ul><li>한여울 기자</li><li>승인 2025.07.03 09:10</li></ul>"},
    {"above": "<p>글 한여울 / 사진 박다솜</p>"},
    {"above": "<p>2025.07.03 09:10 한여울 기자</p>"},
    {"above": "<a rel='author' href='/w/1'>한여울</a>"},
    {"above": "<dl><dt>글</dt><dd>한여울</dd><dt>사진</dt><dd>박다솜</dd></dl>"},
    {"start": "【가람=나래통신】한여울 기자 = "},
    {"start": "[한여울 변호사] "},
    {"signed": "<p>가람뉴스 한여울입니다.</p>"},
    {"signed": "<p>글=한여울 기자, 사진=박다솜 기자</p>"},
    {"signed": "<p>한여울(가람 나래동)</p>"},
    {"signed": "<p>한여울 | 소설가</p>"},
    {"signed": "<p>사진 박다솜 / 한여울 기자</p>"},
    {"end": " [한여울 기자 yeo@g.example]"},
    {"end": "<br>한여울 기자 yeo@g.example"},
    {"signed": "<div class='reporter'><b>한여울</b> 기자 <button>구독</button></div>"},
)
_HEADS = (
    meta("나한결"),
    meta("admin"),
    og("디지털뉴스팀"),
    og("나한결 기자"),
    data("가람일보", kind="Organization"),
    data("나한결"),
    data("디지털뉴스팀"),
    meta("yeo"),
)
_ABOVE = (
    "<p>홈 &gt; 사회 &gt; 가람</p>",
    "<p class='info'>가람일보</p>",
    "<p class='date'>입력 2025.07.03 09:10 | 수정 2025.07.03 10:00</p>",
    "<div><button>공유</button><button>인쇄</button></div>",
    "<p>조회수 1,204 댓글 3</p>",
    "<p class='section'>사회부 소식</p>",
    "<p class='deck'>강 양쪽 마을을 잇는 네 차로 다리, 버스도 다닌다</p>",
    "<figure><img src='a'><figcaption>강가 모습. 박다솜 기자</figcaption></figure>",
)
_WITHIN = (
    "<blockquote>“다리는 늦었지만 반갑다”</blockquote><p>— 박다솜 가람연구소 소장</p>",
    "<p>박다솜 가람시 하천과장은 “설계는 끝났다”고 말했다.</p>",
    "<figure><img src='a'><figcaption>박다솜 기자 dasom@g.example</figcaption></figure>",
    "<p>나래신문 박다솜 기자는 지난해 이 다리를 처음 알렸다.</p>",
    "<div class='profile'><b>박다솜 소장</b><p>박다솜 소장은 다리를 연구한다.</p></div>",
    "<p>[박다솜/가람시 주민]</p><p>“다리가 반갑습니다.”</p>",
    "<h4>박다솜 대표의 하루</h4>",
)
_BELOW = (
    "<p>제보는 02-000-0000</p>",
    "<p>사진=박다솜 기자</p>",
    "<p>편집 : 박다솜</p>",
    "<p>옮긴이 박다솜</p>",
    "<p>문의 박다솜 02-000-0000</p>",
    "<p>영상취재 박다솜 영상편집 강이든</p>",
    "<p>저작권자 ⓒ 가람일보 무단전재 및 재배포 금지</p>",
    "<div class='latest'><h4>최신 기사</h4><ul><li>"
    "<a href='/3'>가람역 새 출구 연다</a> <b class='writer'>박다솜 기자</b></li></ul></div>",
    "<p>이전 글 <a href='/4'>강을 걷다 - 박다솜</a></p>",
    "<div class='tags'><a>#다리</a> <a>#가람</a></div>",
    "<h3>관련기사</h3><ul><li><a href='/1'>나래역 6번 출구 다음 달 닫는다</a>"
    "<span>박다솜 기자</span></li></ul>",
    "<div class='ranking'><h3>많이 본 뉴스</h3><a href='/2'>강 건너는 버스</a>"
    "<em class='reporter'>박다솜 기자</em></div>",
    "<div id='comments'><h3>댓글 1</h3><b class='author'>박다솜</b><p>반갑습니다.</p></div>",
    FOOTER,
)


@given(
    st.sampled_from(_PLACES),
    st.lists(st.sampled_from(_HEADS), max_size=3, unique=True),
    st.lists(st.sampled_from(_ABOVE), max_size=3, unique=True),
    st.lists(st.sampled_from(_WITHIN), max_size=1),
    st.lists(st.sampled_from(_BELOW), max_size=3, unique=True),
)
@settings(max_examples=30, deadline=None)
def test_no_other_name_of_a_page_is_its_author(
    place: dict[str, str], head: list[str], above: list[str], within: list[str], below: list[str]
) -> None:
    body = f"<p>{place.get('start', '')}{LEAD}</p>{''.join(within)}<p>{MORE}</p>"
    body += f"<p>{END}{place.get('end', '')}</p>{place.get('signed', '')}"
    lines = "".join([*above[:1], place.get("above", ""), *above[1:]])
    text = f"<h1>{TITLE}</h1>{lines}<div class='txt'>{body}</div>{''.join(below)}"
    assert page(text, "".join(head)).author == "한여울"


# Companies and their accounts


@pytest.mark.parametrize(
    ("head", "above", "start"),
    [
        # The company whose release it is
        (meta("나래로보틱스") + data("나래로보틱스", kind="Organization"), "", ""),
        (
            data("나래로보틱스", kind="Organization"),
            "<p class='meta'><span class='author'>나래로보틱스</span> 2025-07-03</p>",
            "",
        ),
        (meta("물빛은행"), "", "물빛은행(행장 한여울)은 다리를 사들였다. "),
        (meta("보리식품"), "", "보리식품(대표이사 한여울)은 3일 "),
    ],
)
def test_company_is_no_author_of_its_release(head: str, above: str, start: str) -> None:
    text = f"{above}<div class='txt'><p>{start}{LEAD}</p><p>{MORE}</p><p>{END}</p></div>"
    assert page(f"<h1>{TITLE}</h1>{text}", head).author is None


@pytest.mark.parametrize(
    ("site", "account", "author"),
    [
        ("나래식품 뉴스룸", "온이", None),
        ("나래식품 공식 블로그", "나래지기", None),
        ("나래식품 뉴스룸", "한여울", "한여울"),
        ("온이의 부엌", "온이", "온이"),
    ],
)
def test_account_is_an_author_but_for_a_company(
    site: str, account: str, author: str | None
) -> None:
    head = f'<meta property="og:site_name" content="{site}">{meta(account, "by")}{data(account)}'
    above = f"<p class='meta'><span class='author'>by {account}</span> <span>2025. 7. 3.</span></p>"
    text = f"{above}<div class='txt'><p>{LEAD}</p><p>{MORE}</p><p>{END}</p></div>"
    assert page(f"<h1>{TITLE}</h1>{text}", head).author == author


def test_label_of_an_advertisement_is_no_author() -> None:
    label = "<div class='adsense'><div class='info'>반응형</div></div>"
    text = f"<div class='txt'>{label}<p>{LEAD}</p><p>{MORE}</p><p>{END}</p></div>"
    assert page(f"<h1>{TITLE}</h1>{text}").author is None


@pytest.mark.parametrize(
    ("line", "below", "author"),
    [
        ("오늘은 에디터 도레미와 수박이 섬에 다녀온 이야기를 들려드릴게요.", "", "도레미, 수박"),
        (
            "에디터 한여울, 에디터 박다솜이 다리의 값을 풀어드려요.",
            "<p>사진: 박다솜 에디터</p>",
            "한여울, 박다솜",
        ),
        ("안녕하세요, 에디터 보리와 두부예요.", "", "보리, 두부"),
        ("에디터 모두가 모여 소식을 전해드립니다.", "", None),
        ("그는 에디터 보리가 쓴 책을 읽었다.", "", None),
        ("그는 “에디터 보리가 다리 이야기를 들려드릴게요”라고 했다.", "", None),
    ],
)
def test_editors_who_present_a_letter_are_its_authors(
    line: str, below: str, author: str | None
) -> None:
    text = f"<div class='txt'><p>{line}</p><p>{LEAD}</p><p>{MORE}</p><p>{END}</p>{below}</div>"
    assert page(f"<h1>{TITLE}</h1>{text}").author == author


def test_name_with_an_account_behind_it_is_the_author() -> None:
    dated = "<div class='info'><div>25.03.11 11:15</div><div><a>{}</a></div></div>"
    for shown, author in [
        ("옹달샘(dalsaem)", "옹달샘"),
        ("한여울 (yeoul_2)", "한여울"),
        ("옹달샘", None),
        ("댓글(comments)", None),
    ]:
        assert page(f"<h1>{TITLE}</h1>{dated.format(shown)}{TEXT}").author == author


def test_box_in_the_footer_of_an_article_names_its_author() -> None:
    box = "<section class='author'><h4><a>한여울</a></h4><p>책방 점원.</p></section>"
    box = f"<footer>{box}</footer>"
    assert page(f"<article><h1>{TITLE}</h1>{TEXT}{box}</article>").author == "한여울"
    assert page(f"<article><h1>{TITLE}</h1>{TEXT}</article>{box}").author is None


@pytest.mark.parametrize(
    ("signed", "picture", "author"),
    [
        ("한여울·박다솜 기자", "박다솜 기자", "한여울, 박다솜"),
        ("한여울 기자", "박다솜 기자", "한여울"),
        ("한여울 기자, 사진 박다솜 기자", "박다솜 기자", "한여울"),
        ("한여울 기자", "한여울 기자", "한여울"),
    ],
)
def test_writer_who_takes_pictures_too_is_a_writer(signed: str, picture: str, author: str) -> None:
    caption = f"<p><img src='1.jpg'><br>▲ 새 다리. (사진={picture})</p>"
    text = f"<h1>{TITLE}</h1><p>{signed}</p>{TEXT.replace('<p>', caption + '<p>', 1)}"
    assert page(text).author == author


@pytest.mark.parametrize("account", ["garamadmin", "garam_admin", "admin", "siteadmin"])
def test_account_of_who_runs_the_site_is_no_author(account: str) -> None:
    assert page(f"<h1>{TITLE}</h1>{TEXT}", data(account)).author is None
