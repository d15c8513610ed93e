"""Bylines as Korean and English papers write them, and the lines that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geungeo.rag.article import SectionKind
from geungeo.rag.readers.bylines import parse_byline, team_of
from geungeo.rag.readers.lines import is_byline, is_page_line
from geungeo.rag.readers.metadata import contributor, lead, split_names
from tests.rag.readers.test_outlets import END, LEAD, MORE, TEXT, TITLE, page

# What papers print, and who wrote: not who took the pictures, drew, edited or translated.
BYLINES: list[tuple[str, list[str]]] = [
    ("한여울 기자", ["한여울"]),
    ("한여울 기자 yeo@garam.example", ["한여울"]),
    ("한여울 박다솜 기자", ["한여울", "박다솜"]),
    ("한여울·박다솜 기자", ["한여울", "박다솜"]),
    ("한여울·박다솜·강이든 기자", ["한여울", "박다솜", "강이든"]),
    ("한여울 기자·박다솜 기자", ["한여울", "박다솜"]),
    ("한여울 기자, 박다솜 인턴기자", ["한여울", "박다솜"]),
    ("한여울 선임기자", ["한여울"]),
    ("한여울 논설위원", ["한여울"]),
    ("한여울 객원기자", ["한여울"]),
    ("도쿄=한여울 특파원", ["한여울"]),
    ("/도쿄=한여울 특파원", ["한여울"]),
    ("워싱턴 한여울 특파원", ["한여울"]),
    ("파테르나=한여울 특파원/박다솜 기자 a@garam.example", ["한여울", "박다솜"]),
    ("부산=한여울 기자", ["한여울"]),
    ("부산 한여울 기자", ["한여울"]),
    ("[부산] 한여울 기자", ["한여울"]),
    ("부산, 한여울 기자", ["한여울"]),
    ("(부산=한여울 기자)", ["한여울"]),
    ("사회부 한여울 기자", ["한여울"]),
    ("경제부 = 한여울 기자", ["한여울"]),
    ("사회팀=한여울 기자", ["한여울"]),
    ("글·사진 한여울", ["한여울"]),
    ("글·사진 한여울 기자", ["한여울"]),
    ("사진·글 한여울 기자", ["한여울"]),
    ("글·사진=한여울 기자", ["한여울"]),
    ("사진·한여울, 글·한여울 기자", ["한여울"]),
    ("글·한여울 에디터 / 그림·달콩", ["한여울"]),
    ("글 한여울 사진 박다솜", ["한여울"]),
    ("글 한여울 사진 박다솜 영상 강이든", ["한여울"]),
    ("글 한여울 기자 사진 박다솜 기자", ["한여울"]),
    ("글 한여울·사진 박다솜 기자", ["한여울"]),
    ("글/한여울 기자, 사진/박다솜 기자", ["한여울"]),
    ("글: 한여울 / 사진: 박다솜 / 디자인: 강이든", ["한여울"]),
    ("한여울 글 박다솜 사진", ["한여울"]),
    ("한여울 글·사진", ["한여울"]),
    ("한여울 기자 글, 박다솜 기자 사진", ["한여울"]),
    ("취재 = 한여울", ["한여울"]),
    ("취재=한여울 기자", ["한여울"]),
    ("취재기자 한여울", ["한여울"]),
    ("취재: 한여울, 촬영: 박다솜", ["한여울"]),
    ("정리=한여울", ["한여울"]),
    ("정리=한여울 기자", ["한여울"]),
    ("대담=한여울 논설위원, 정리=박다솜 기자", ["한여울", "박다솜"]),
    ("대담 한여울 편집국장·정리 박다솜 기자", ["한여울", "박다솜"]),
    ("번역=한여울", []),
    ("글 한여울, 번역 박다솜", ["한여울"]),
    ("사진=박다솜 기자", []),
    ("사진 박다솜 / 한여울 기자", ["한여울"]),
    ("사진 박다솜·한여울 기자", []),
    ("사진 박다솜, 강이든 | 한여울 기자", ["한여울"]),
    ("사진 제공=가람시", []),
    ("그래픽=박다솜", []),
    ("한여울 가람대 교수", ["한여울"]),
    ("한여울 가람대 경제학과 교수", ["한여울"]),
    ("한여울 변호사", ["한여울"]),
    ("한여울 변호사·법무법인 나래", ["한여울"]),
    ("한여울 지역문화기획자·온새미로 대표", ["한여울"]),
    ("[한여울 지역문화기획자·온새미로 대표]", ["한여울"]),
    ("한여울(시인)", ["한여울"]),
    ("한여울 | 시인", ["한여울"]),
    ("한여울 시인", ["한여울"]),
    ("한여울 소설가", ["한여울"]),
    ("한여울 (가람대 교수·경제학)", ["한여울"]),
    ("글쓴이 한여울", ["한여울"]),
    ("필자 : 한여울", ["한여울"]),
    ("By Hong Gil-dong", ["Hong Gil-dong"]),
    ("By Hong Gil-dong and Kim Chul-su", ["Hong Gil-dong", "Kim Chul-su"]),
    ("By Hong Gil-dong, Kim Chul-su", ["Hong Gil-dong", "Kim Chul-su"]),
    ("Hong Gil-dong, staff writer", ["Hong Gil-dong"]),
    ("Hong Gil-dong, Staff Reporter", ["Hong Gil-dong"]),
    ("by Hong Gil-dong", ["Hong Gil-dong"]),
    ("BY HONG GIL-DONG [hong@garam.example]", ["HONG GIL-DONG"]),
    ("By Hong Gil-dong (hong@garam.example)", ["Hong Gil-dong"]),
    ("Hong Gil-dong hong@garam.example", ["Hong Gil-dong"]),
    ("한여울기자", ["한여울"]),
    ("가람일보 한여울 기자", ["한여울"]),
    ("가람일보=한여울 기자", ["한여울"]),
    ("[가람일보=부산, 한여울 기자]", ["한여울"]),
    ("[가람일보 | 부산=한여울 기자]", ["한여울"]),
    ("[가람일보 한여울 기자]", ["한여울"]),
    ("(부산=가람일보) 한여울 기자", ["한여울"]),
    ("【부산=가람일보】 한여울·박다솜 기자", ["한여울", "박다솜"]),
    ("한솔 보리 기자", ["한솔", "보리"]),
    ("한솔·보리 기자", ["한솔", "보리"]),
    ("남궁민수 기자", ["남궁민수"]),
    ("의학전문기자 한여울", ["한여울"]),
    ("한여울 의학전문기자·의사", ["한여울"]),
    ("기자 한여울", ["한여울"]),
    ("AI기자", []),
    ("나라경제 AI기자", []),
    ("AI 기자", []),
    ("로봇기자", []),
    ("인공지능 기자", []),
    ("온라인 뉴스팀 기자", ["온라인 뉴스팀"]),
    ("한여울 기자 외 2명", ["한여울"]),
    ("한여울 기자 외", ["한여울"]),
    ("한여울 기상캐스터", ["한여울"]),
    ("한여울 앵커", ["한여울"]),
    ("영상취재 박다솜 영상편집 강이든", []),
    ("기획·취재 한여울 박다솜 기자", ["한여울", "박다솜"]),
    ("기획·취재=한여울·박다솜 기자, 사진=강이든 기자", ["한여울", "박다솜"]),
    ("특별취재팀=한여울·박다솜·강이든 기자", ["한여울", "박다솜", "강이든"]),
    ("한여울 경제부장", ["한여울"]),
    ("한여울 문화평론가", ["한여울"]),
    ("한여울 칼럼니스트", ["한여울"]),
    ("한여울 편집위원", ["한여울"]),
    ("한여울 대기자", ["한여울"]),
    ("한여울 사진기자", ["한여울"]),
    ("한여울 통신원", ["한여울"]),
    ("뉴욕=한여울 통신원", ["한여울"]),
    ("한여울 기자(yeo@garam.example)", ["한여울"]),
    ("<한여울 기자>", ["한여울"]),
    ("▶ 한여울 기자", ["한여울"]),
    ("기사작성: 한여울", ["한여울"]),
    ("제공=가람시청", []),
    ("자료제공=가람시, 정리=한여울 기자", ["한여울"]),
    ("한여울 기자 | yeo@garam.example", ["한여울"]),
    ("한여울 기자 yeo@garam.example, 박다솜 기자 park@garam.example", ["한여울", "박다솜"]),
    ("글 = 한여울 기자 yeo@garam.example / 사진 = 박다솜 기자", ["한여울"]),
    ("한여울 여행작가", ["한여울"]),
    ("여행작가 한여울", ["한여울"]),
    ("칼럼니스트 한여울", ["한여울"]),
    ("논설위원 한여울", ["한여울"]),
    ("편집국장 한여울", ["한여울"]),
    ("한여울 논설위원실장", ["한여울"]),
    ("한여울 수석논설위원", ["한여울"]),
    ("한여울 국제부 선임기자", ["한여울"]),
    ("한여울 워싱턴특파원", ["한여울"]),
    ("한여울 도쿄 특파원", ["한여울"]),
    ("뉴욕 특파원 한여울", ["한여울"]),
    ("한여울·박다솜 논설위원", ["한여울", "박다솜"]),
    ("세종=한여울 기자, 박다솜 기자", ["한여울", "박다솜"]),
    ("세종=한여울·서울=박다솜 기자", ["한여울", "박다솜"]),
    ("대구/한여울 기자 yeo@garam.example", ["한여울"]),
    ("수원 / 한여울 기자", ["한여울"]),
    ("한여울(가람대 경제학과 교수)", ["한여울"]),
    ("한여울 가람연구소 선임연구위원", ["한여울"]),
    ("한여울 전 가람대 총장", ["한여울"]),
    ("한여울 가람시의회 의원", ["한여울"]),
    ("한여울 / 시인", ["한여울"]),
    ("한여울, 소설가", ["한여울"]),
    ("글 한여울 / 시인", ["한여울"]),
    ("글 한여울 소설가, 그림 박다솜", ["한여울"]),
    ("글·그림 한여울", ["한여울"]),
    ("글 그림 한여울", ["한여울"]),
    ("글&사진 한여울 기자", ["한여울"]),
    ("글∙사진 한여울 기자", ["한여울"]),
    ("글ㆍ사진=한여울 기자", ["한여울"]),
    ("글 사진 한여울 기자", ["한여울"]),
    ("글_한여울 사진_박다솜", ["한여울"]),
    ("에디터 한여울", ["한여울"]),
    ("에디터 한여울 포토그래퍼 박다솜", ["한여울"]),
    ("Editor 한여울", ["한여울"]),
    ("취재·촬영 한여울 기자", ["한여울"]),
    ("취재: 한여울 기자 / 촬영기자: 박다솜", ["한여울"]),
    ("취재기자: 한여울, 영상취재: 박다솜, 영상편집: 강이든", ["한여울"]),
    ("(취재: 한여울, 영상편집: 박다솜)", ["한여울"]),
    ("(영상취재 : 박다솜, 영상편집 : 강이든)", []),
    ("구성·편집 한여울", ["한여울"]),
    ("정리/한여울 기자", ["한여울"]),
    ("정리 한여울 기자·사진 박다솜 기자", ["한여울"]),
    ("대담=한여울 경제부장", ["한여울"]),
    ("대담/한여울 국장, 정리/박다솜 기자, 사진/강이든 기자", ["한여울", "박다솜"]),
    ("인터뷰=한여울 기자", ["한여울"]),
    ("진행·정리 한여울 기자", ["한여울"]),
    ("옮긴이 한여울", []),
    ("번역 한여울 기자", []),
    ("사진 박다솜 기자", []),
    ("사진/가람시 제공", []),
    ("한여울 기자 / 사진 박다솜 기자", ["한여울"]),
    ("한여울 기자, 사진=박다솜 기자", ["한여울"]),
    ("한여울 기자·사진=박다솜 기자", ["한여울"]),
    ("그래픽=박다솜 기자 a@garam.example", []),
    ("By HONG Gil-dong", ["HONG Gil-dong"]),
    (
        "By Hong Gildong, Kim Cheolsu and Lee Young-hee",
        ["Hong Gildong", "Kim Cheolsu", "Lee Young-hee"],
    ),
    ("By Hong Gil-dong, Yonhap", ["Hong Gil-dong"]),
    ("By Hong Gil-dong Staff reporter", ["Hong Gil-dong"]),
    ("By Hong Gil-dong | Staff Writer", ["Hong Gil-dong"]),
    ("Hong Gil-dong Contributing writer", ["Hong Gil-dong"]),
    ("Hong Gil-dong / Intern reporter", ["Hong Gil-dong"]),
    ("Written by Hong Gil-dong", ["Hong Gil-dong"]),
    ("BY KIM CHUL-SU AND HONG GIL-DONG", ["KIM CHUL-SU", "HONG GIL-DONG"]),
    ("Hong Gil-dong (hong@garam.example)", ["Hong Gil-dong"]),
    ("기자 = 한여울", ["한여울"]),
    ("기자명 한여울 기자", ["한여울"]),
    ("기자명 한여울", ["한여울"]),
    ("한여울 기자 (가람일보)", ["한여울"]),
    ("한여울 가람일보 기자", ["한여울"]),
    ("[가람일보] 한여울 기자", ["한여울"]),
    ("가람일보 사회부 한여울 기자", ["한여울"]),
    ("[세종=가람일보 한여울 기자]", ["한여울"]),
    ("[가람일보 세종=한여울 기자]", ["한여울"]),
    ("(가람=가람통신) 한여울 기자 = ", ["한여울"]),
    ("(서울=가람통신) 한여울 박다솜 기자", ["한여울", "박다솜"]),
    ("(서울·세종=가람통신) 한여울 기자, 박다솜 기자", ["한여울", "박다솜"]),
    ("한여울 시민기자", ["한여울"]),
    ("한여울 대학생기자", ["한여울"]),
    ("한여울 청년기자", ["한여울"]),
    ("한여울 어린이기자", ["한여울"]),
    ("한여울 명예기자(가람초 5)", ["한여울"]),
    ("한여울 학생기자(가람고 2)", ["한여울"]),
    ("한여울 수습기자", ["한여울"]),
    ("한여울 PD", ["한여울"]),
    ("한여울 아나운서", ["한여울"]),
    ("한여울 디지털뉴스편집팀 기자", ["한여울"]),
    ("한여울 온라인 기자", ["한여울"]),
    ("한여울 선임기자·박다솜 기자", ["한여울", "박다솜"]),
    ("선임기자 한여울", ["한여울"]),
    ("김한솔 기자", ["김한솔"]),
    ("황보름 기자", ["황보름"]),
    ("이솔 기자", ["이솔"]),
    ("이솔·박별 기자", ["이솔", "박별"]),
    ("이솔 박별 기자", ["이솔", "박별"]),
    ("사유진 한여울 기자", ["사유진", "한여울"]),
    ("탐사보도팀 한여울 박다솜 강이든 기자", ["한여울", "박다솜", "강이든"]),
    ("특별취재팀 : 한여울 박다솜 기자", ["한여울", "박다솜"]),
    ("온라인뉴스팀 기자", ["온라인뉴스팀"]),
    ("뉴스봇 기자", []),
    ("AI 로봇기자", []),
    ("증권플러스 AI기자", []),
    ("한여울 AI전문기자", ["한여울"]),
    ("한여울 IT전문기자", ["한여울"]),
    ("한여울 IT 전문기자", ["한여울"]),
    ("한여울 교육전문기자", ["한여울"]),
    ("유통전문기자 한여울", ["한여울"]),
    ("한여울 SBS 기자", ["한여울"]),
]


@pytest.mark.parametrize(("line", "writers"), BYLINES)
def test_byline_names_the_writers(line: str, writers: list[str]) -> None:
    parsed = parse_byline(line)
    # The credit of a picture is no byline at all where it names an office.
    assert (list(parsed.names) if parsed else []) == writers
    if parsed:
        assert split_names(line) == (", ".join(writers) or None)


@pytest.mark.parametrize(
    "line",
    [
        "기획 의도",
        "정리 정돈",
        "사진 촬영 / 영상 편집",
        "문의(총무과)",
        "한여울(52)",
        "한여울(나래대 교수)이 말했다.",
        "한여울 교수 연구팀",
        "출연 : 한여울 나래대 교수",
        "△ 홍보팀장 한여울",
        "맹꽁이 우는 주차장",
        "정부가 만든 학교 교사",
        "이메일 : jebo@garam.example",
        "기자명 가람연합통신",
        "한여울 기자 기사 모음",
        "시장이 새 다리를 보고 있다. 가람=한여울 기자",
        "해안도로 낙석 구간 두 달째 통제 한여울 기자",
        "자료: 가람살림통계원, 표본 7200가구",
        "포토·영상 더보기",
        "한여울 사진=나래통신",
        "한여울 사진=박다솜 기자",
        "한여울 대표 사진=본인 제공",
        "그래프 사진=나래통신",
        "한여울, 그래픽=박다솜",
        "요약봇",
        "By the River",
        "The Garam Times",
        "부산 대표",
        "새 다리 놓는다",
    ],
)
def test_other_lines_are_no_bylines(line: str) -> None:
    assert parse_byline(line) is None


@pytest.mark.parametrize(
    "line",
    [
        "AI기자",
        "나라경제 AI기자",
        "로봇기자",
        "뉴스봇 기자",
        "AI뉴스봇 기자",
        "가람봇 기자",
        "가람봇기자",
    ],
)
def test_machine_is_no_author(line: str) -> None:
    parsed = parse_byline(line)
    assert parsed is not None
    assert parsed.by_machine
    assert page(f"<h1>{TITLE}</h1><p class='author'>{line}</p>{TEXT}").author is None


@pytest.mark.parametrize(
    "line",
    ["디지털뉴스부", "온라인뉴스팀", "디지털편집부 a@garam.example", "[이슈팀]", "특별취재팀"],
)
def test_desk_is_the_author_where_no_person_is(line: str) -> None:
    name = team_of(line)
    assert name == line.split()[0].strip("[]")
    assert page(f"<h1>{TITLE}</h1><p>{line}</p>{TEXT}").author == name
    assert page(f"<h1>{TITLE}</h1><div><p>{LEAD}</p><p>{END}</p><p>{line}</p></div>").author == name
    assert page(f"<h1>{TITLE}</h1><p>{line}</p><p>한여울 기자</p>{TEXT}").author == "한여울"


@pytest.mark.parametrize(
    ("line", "author"),
    [
        ("글·사진=부산 한여울 기자", "한여울"),
        ("사진·한여울, 글·한여울 기자", "한여울"),
        ("/도쿄=한여울 특파원", "한여울"),
        ("한솔 보리 기자", "한솔, 보리"),
        ("한여울 나래대 교수", "한여울"),
        ("[한여울 지역문화기획자·온새미로 대표]", "한여울"),
        ("Hong Gil-dong, staff writer", "Hong Gil-dong"),
        ("한여울 기자 승인 2025.07.03 09:10", "한여울"),
    ],
)
def test_byline_is_read_above_and_below_the_text(line: str, author: str) -> None:
    paragraphs = f"<p>{LEAD}</p><p>{MORE}</p><p>{END}</p>"
    for body in (f"<p>{line}</p><div>{paragraphs}</div>", f"<div>{paragraphs}<p>{line}</p></div>"):
        found = page(f"<h1>{TITLE}</h1>{body}")
        assert found.author == author
        assert [text for kind, text in found.blocks if kind is SectionKind.BODY] == [
            LEAD,
            MORE,
            END,
        ]


@pytest.mark.parametrize(
    ("start", "author"),
    [
        ("[한여울 나래대 교수] ", "한여울"),
        ("[한여울 지역문화기획자·온새미로 대표] ", "한여울"),
        ("<한여울 변호사> ", "한여울"),
        ("【한여울 가람연구소 연구위원】", "한여울"),
        ("(한여울 시인) ", "한여울"),
        ("[가람=나래통신] ", "박다솜"),
        ("[인터뷰 현장] ", "박다솜"),
    ],
)
def test_writer_of_a_column_is_not_the_editor_of_the_data(start: str, author: str) -> None:
    head = '<meta name="author" content="박다솜 기자">'
    start = start.replace("<", "&lt;").replace(">", "&gt;")
    text = f"<div>{start}{LEAD}<br><br>{MORE}<br><br>{END}</div>"
    assert page(f"<h1>{TITLE}</h1>{text}<p>정리=박다솜</p>", head).author == author


OWN = "<p>Copyright ⓒ 가람스포츠. All rights reserved.</p>"
PORTAL = (
    '<meta property="og:site_name" content="모두 스포츠">'
    '<meta property="og:article:author" content="가람스포츠">'
)
LOGO = "<div class='press_logo'><a href='/p/3'><img alt='가람스포츠'></a></div>"


@pytest.mark.parametrize(
    ("above", "start", "below", "author"),
    [
        (LOGO, "[가람스포츠=잠실 한여울 기자] ", "", "한여울"),
        (LOGO, "", "<p>한여울 기자</p>", "한여울"),
        (LOGO, "", "<p>기사제공 가람스포츠</p>", None),
        ("", "", "<p>기사제공 가람스포츠</p><p>한여울 기자</p>", "한여울"),
        (LOGO + "<p>가람봇 기자</p>", "", "", None),
    ],
)
def test_outlet_that_a_portal_names_is_publisher_and_no_author(
    above: str, start: str, below: str, author: str | None
) -> None:
    text = f"<div><p>{start}{LEAD}</p><p>{MORE}</p><p>{END}</p></div>"
    found = page(f"{above}<h1>{TITLE}</h1>{text}{below}{OWN}", PORTAL)
    assert (found.publisher, found.author) == ("가람스포츠", author)


def test_author_without_a_logo_is_no_publisher() -> None:
    head = PORTAL.replace("가람스포츠", "골목이")
    found = page(f"<h1>{TITLE}</h1>{TEXT}<p>Copyright ⓒ 골목이. All rights reserved.</p>", head)
    assert (found.publisher, found.author) == ("모두 스포츠", "골목이")


@pytest.mark.parametrize(
    ("publisher", "window", "shown"),
    [
        ("GBN NEWS", f"{TITLE} : GBN 뉴스", "GBN 뉴스"),
        ("GBN NEWS", f"{TITLE} | GBN뉴스", "GBN뉴스"),
        ("GBN NEWS", f"{TITLE} | 가람 뉴스", "GBN NEWS"),
        ("GBN NEWS", TITLE, "GBN NEWS"),
        ("GBN 뉴스", f"{TITLE} | GBN NEWS", "GBN 뉴스"),
    ],
)
def test_name_of_the_publisher_is_the_one_in_hangul(
    publisher: str, window: str, shown: str
) -> None:
    head = f'<meta property="og:site_name" content="{publisher}">'
    assert page(f"<h1>{TITLE}</h1>{TEXT}", head, window).publisher == shown


@pytest.mark.parametrize(
    ("caption", "start", "author"),
    [
        (
            "박다솜 기자 = 3일 다리가 놓일 자리다. 2025.07.03.",
            "[가람=나래통신] 한여울 기자 = ",
            "한여울",
        ),
        ("박다솜 기자 = 3일 다리가 놓일 자리다. 2025.07.03.", "", "박다솜"),
        ("3일 다리가 놓일 자리다.", "[가람=나래통신] 한여울 기자 = ", "한여울"),
        (
            "박다솜 기자 = 3일 강가다. 2025.07.03.",
            "[가람=나래통신] 한여울 박다솜 기자 = ",
            "한여울, 박다솜",
        ),
    ],
)
def test_reporter_of_the_lead_counts_before_the_photographer(
    caption: str, start: str, author: str
) -> None:
    head = '<meta property="article:author" content="박다솜">'
    figure = f"<figure><img src='a.jpg'><figcaption>[가람=나래통신] {caption}</figcaption></figure>"
    text = f"<div>{figure}{start}{LEAD}<br><br>{MORE}<br><br>{END}</div>"
    assert page(f"<h1>{TITLE}</h1>{text}", head).author == author


@pytest.mark.parametrize(
    "given",
    [
        "한여울(yeo)",
        "한여울 (yeo_20)",
        "한여울[yeo.ul]",
        "한여울(@yeo)",
        "한여울(yeo) 시민기자",
        "한여울 기자(yeo@garam.example)",
    ],
)
def test_account_behind_a_name_is_no_part_of_it(given: str) -> None:
    head = f'<meta property="dable:author" content="{given}">'
    assert page(f"<h1>{TITLE}</h1>{TEXT}", head).author == "한여울"
    assert split_names(given) == "한여울"


@pytest.mark.parametrize("desk", ["편집국", "편집부", "뉴스룸", "관리자"])
@pytest.mark.parametrize(
    ("lines", "author"),
    [
        (
            ["글·사진 한여울 기자 a@garam.example", "박다솜 수습기자 b@garam.example"],
            "한여울, 박다솜",
        ),
        (["한여울 기자", "박다솜 기자", "강이든 인턴기자"], "한여울, 박다솜, 강이든"),
        (["한여울 기자 a@garam.example", "사진=박다솜 기자"], "한여울"),
        (["한여울 기자 a@garam.example", "박다솜 사진기자 b@garam.example"], "한여울"),
        (["한여울 기자 a@garam.example"], "한여울"),
    ],
)
def test_persons_below_the_text_count_before_a_desk_above(
    desk: str, lines: list[str], author: str
) -> None:
    top = f"<p class='meta'><a class='author'>{desk}</a> <span>2025.07.03</span></p>"
    signed = f"<p>{'<br>'.join(lines)}</p>"
    text = f"<div><p>{LEAD}</p><p>{MORE}</p><p>{END}</p>{signed}</div>"
    assert page(f"<h1>{TITLE}</h1>{top}{text}", "").author == author


@pytest.mark.parametrize("given", ["글마을 by", "글마을", "글마을 By ", "by 글마을"])
def test_name_of_the_site_is_no_author(given: str) -> None:
    head = (
        f'<meta property="og:site_name" content="글마을"><meta name="by" content="{given}">'
        '<meta property="og:article:author" content="물소리">'
    )
    found = page(f"<h1>{TITLE}</h1><p>by 물소리</p>{TEXT}", head)
    assert (found.author, found.publisher) == ("물소리", "글마을")


@pytest.mark.parametrize(
    ("line", "desk"),
    [
        ("디지털뉴스팀 등록일 : 25-07-03 오후 4:22:00", "디지털뉴스팀"),
        ("온라인뉴스부 | 입력 2025.07.03 09:10", "온라인뉴스부"),
        ("2025-07-03 09:10 이슈팀", "이슈팀"),
        ("다리 등록일 : 25-07-03", None),
    ],
)
def test_desk_beside_the_date_is_the_author(line: str, desk: str | None) -> None:
    row = "<tr><td>{}</td></tr>"
    table = "".join(
        map(
            row.format, [f"<font size='5'>{TITLE}</font>", line, "<br><br>".join([LEAD, MORE, END])]
        )
    )
    found = page(f"<table>{table}</table>")
    assert (found.author, (found.published_at or "")[:10]) == (desk, "2025-07-03")


@pytest.mark.parametrize(
    ("greeting", "author"),
    [
        ("구독자님, 안녕하세요! 에디터 고슴이에요.", "고슴"),
        ("안녕하세요, 에디터 무니예요!", "무니"),
        ("안녕하세요. 필자 한여울입니다.", "한여울"),
        ("안녕하세요! 오늘은 에디터 세 명이 모였어요.", None),
        ("그는 에디터 고슴이에요.", None),
    ],
)
def test_writer_who_greets_the_readers_is_the_author(greeting: str, author: str | None) -> None:
    text = f"<div><p>{greeting} 다리 이야기를 할게요.</p><p>{LEAD}</p><p>{MORE}</p></div>"
    assert page(f"<h1>{TITLE}</h1>{text}").author == author


@pytest.mark.parametrize(
    "line",
    [
        "▶ 가람스포츠 구독하고 사인볼 받자!",
        "▶ [영상] 오늘의 명장면 다시 보기",
        "▶ 가람스포츠 구독하고 사인볼 받자! ▶ [영상] 오늘의 명장면 다시 보기",
        "▷ 유튜브 채널 팔로우하고 선물 받기!",
        "▶ 하이라이트 영상 보기",
        "오늘 레터 어땠어요?",
        "이번 뉴스레터는 어떠셨나요?",
        "오늘의 편지가 마음에 드셨나요?",
    ],
)
def test_line_that_asks_to_subscribe_or_watch_is_of_the_page(line: str) -> None:
    assert is_page_line(line)


@pytest.mark.parametrize(
    "line",
    [
        "▶ 구독 경제가 커진다",
        "▶ 시장 다시 보기와 새로 짓기",
        "▶ 회원 가입 절차는 어떻게 되나?",
        "▶ 한여울: 다시 보자고 했다.",
        "오늘 날씨 어땠어요?",
        "이번 편지는 남극에서 왔다.",
    ],
)
def test_line_of_the_text_with_such_words_is_body(line: str) -> None:
    assert not is_page_line(line)


@pytest.mark.parametrize(
    ("start", "publisher"),
    [
        ("[가람스포츠=잠실 한여울 기자]", "가람스포츠"),
        ("[잠실=가람스포츠 한여울 기자]", "가람스포츠"),
        ("[서울=가람 한여울 기자]", "가람"),
        ("(마르세유=나래통신 한여울 특파원)", "나래통신"),
    ],
)
def test_outlet_and_place_of_a_lead_can_change_places(start: str, publisher: str) -> None:
    assert lead([f"{start} {LEAD}"]) == (publisher, "한여울")


def test_reporter_in_brackets_is_no_contributor() -> None:
    assert contributor("[가람일보 한여울 기자] 시가 밝혔다.") is None
    assert contributor("[한여울 나래대 교수] 시가 밝혔다.") == "한여울"


_WORDS = (
    "한여울",
    "박다솜",
    "기자",
    "특파원",
    "글",
    "사진",
    "부산",
    "교수",
    "=",
    "·",
    ",",
    "/",
    "(",
    ")",
    "[",
    "]",
    "By",
    "Ann",
)


@given(st.lists(st.sampled_from(_WORDS), max_size=12))
def test_names_of_a_byline_are_words_of_the_line(words: list[str]) -> None:
    line = " ".join(words)
    parsed = parse_byline(line)
    for name in parsed.names if parsed else ():
        assert name in line
        assert name not in {"기자", "특파원", "글", "사진", "부산", "교수"}
    if parsed and parsed.has_roles:
        assert is_byline(line)
