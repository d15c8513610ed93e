"""Pages that print what another paper or an agency wrote, and names of outlets in two scripts."""

from __future__ import annotations

import pytest

from tests.rag.readers.test_outlets import END, LEAD, MORE, TEXT, TITLE, page

HOST = '<meta property="og:site_name" content="가람일보">'
LOGO = "<a href='/'><img src='/logo.gif' alt='가람일보'></a>"
FOOT = "<p>Copyright ⓒ 가람일보 All rights reserved.</p>"


def reprint(line: str = "", lead: str = "", below: str = "", head: str = HOST) -> str | None:
    text = f"<div class='txt'><p>{lead}{LEAD}</p><p>{MORE}</p><p>{END}</p>{below}</div>"
    found = page(
        f"{LOGO}<h1>{TITLE}</h1><p class='i'>{line}</p>{text}{FOOT}", head, f"{TITLE} - 가람일보"
    )
    return found.publisher


WITH = "<p>본 기사는 나래통신과의 계약에 따라 제공받은 기사입니다.</p>"
GIVEN = "<p>이 기사는 기사교류 협약에 따라 나래통신이 제공했습니다.</p>"
WIRE = "(부산=나래통신) 박다솜 기자 = "


@pytest.mark.parametrize(
    ("line", "lead", "below"),
    [
        ("출처 : 나래통신", WIRE, ""),
        ("2025-07-03 | 나래통신 박다솜 기자", "", "<p>/나래통신=박다솜 기자</p>"),
        ("", WIRE, "<p>이 기사는 나래통신이 제공했습니다.</p>"),
        ("", "", f"<p>박다솜 기자</p><p>출처 : 나래통신</p>{WITH}"),
        ("나래통신 박다솜 기자 | 입력 2025.07.03", "", GIVEN),
        ("", WIRE, "<p>※ 본 기사는 나래통신에서 제공받은 기사입니다.</p>"),
        ("제공 : 나래통신", "[나래통신=박다솜 기자] ", ""),
        ("", "", "<p>[나래통신 박다솜 기자]</p><p>이 글은 나래통신과 제휴해 싣습니다.</p>"),
        ("기사출처 = 나래통신", "", "<p>나래통신 박다솜 기자 b@narae.example</p>"),
    ],
)
def test_publisher_is_who_wrote_the_report(line: str, lead: str, below: str) -> None:
    assert reprint(line, lead, below) == "나래통신"


@pytest.mark.parametrize(
    ("line", "lead", "below"),
    [
        ("", WIRE, ""),
        ("박다솜 기자 | 2025.07.03", WIRE, "<p>&lt;저작권자(c) 나래통신&gt;</p>"),
        ("가람일보 박다솜 기자", "[가람일보=박다솜 기자] ", "<p>가람일보 박다솜 기자</p>"),
        ("출처 : 통계청", "", "<p>이 기사는 통계청이 제공했습니다.</p>"),
        ("", "", "<p>이 기사는 나래통신이 먼저 보도했다고 시는 설명했다.</p>"),
        ("2025-07-03", "", "<p>출처 : 나래통신</p>"),
        ("", "", "<p>사진 나래통신 제공</p><p>박다솜 기자</p>"),
        ("나래통신 박다솜 기자", "", ""),
        ("출처 : 나래통신", "[한빛신문=박다솜 기자] ", ""),
    ],
)
def test_publisher_is_the_site_without_enough_evidence(line: str, lead: str, below: str) -> None:
    assert reprint(line, lead, below) == "가람일보"


# Names in two scripts

LATIN = '<meta property="og:site_name" content="GARAM">'


@pytest.mark.parametrize(
    ("window", "lead", "below"),
    [
        ("가람스포츠 - {}", "[가람스포츠=나래, 박다솜 기자] ", ""),
        ("{} - 가람스포츠", "[가람스포츠=박다솜 기자] ", ""),
        ("{} | 가람스포츠", "", "<p>Copyright ⓒ 가람스포츠 All rights reserved.</p>"),
        ("{} < 야구 < 가람스포츠", "", "<p>ⓒ 강의 신문 가람스포츠(g.example), 무단 전재 금지</p>"),
        ("{}", "[가람스포츠=박다솜 기자] ", "<p>저작권자 © 가람스포츠 무단전재 금지</p>"),
        ("{} - 가람스포츠", "", "<a href='/'><img alt='가람스포츠' src='/logo2.gif'></a>"),
        ("{} :: 가람스포츠", "(나래=가람스포츠) 박다솜 기자 = ", ""),
        ("가람스포츠 | {}", "", "<p>저작권자 ⓒ 가람스포츠, 무단 전재 금지</p>"),
    ],
)
def test_name_in_hangul_counts_before_one_in_latin(window: str, lead: str, below: str) -> None:
    text = TEXT.replace(LEAD, f"{lead}{LEAD}")
    found = page(f"<h1>{TITLE}</h1>{text}{below}", LATIN, window.format(TITLE))
    assert (found.publisher, found.title) == ("가람스포츠", TITLE)


@pytest.mark.parametrize(
    ("window", "lead", "below"),
    [
        ("{} - GARAM", "(서울=나래통신) 박다솜 기자 = ", ""),
        ("{} - GARAM", "", "<p>ⓒ GARAM, 무단 전재 금지</p>"),
        ("{} - 스포츠 - GARAM", "", "<p>ⓒ 강의 신문 스포츠 GARAM, 무단 전재 금지</p>"),
        ("{} - GARAM", "", "<p>다리 조감도 ⓒ 가람건설</p>"),
        ("{} - GARAM 뉴스", "", "<p>ⓒ GARAM 뉴스, 무단 전재 금지</p>"),
        ("{}", "", "<a href='/'><img alt='가람스포츠' src='/logo2.gif'></a>"),
        ("{} < 스포츠", "", "<p>ⓒ 스포츠</p>"),
        ("{}", "[나래=박다솜 기자] ", ""),
    ],
)
def test_name_in_latin_is_kept_where_one_place_names_another(
    window: str, lead: str, below: str
) -> None:
    text = TEXT.replace(LEAD, f"{lead}{LEAD}")
    found = page(f"<h1>{TITLE}</h1>{text}{below}", LATIN, window.format(TITLE))
    assert found.publisher == "GARAM"
