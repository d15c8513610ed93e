"""Ends of pages that are no text: the writer, letters, contacts, the next issue."""

from __future__ import annotations

import pytest

from geungeo.rag.article import SectionKind
from geungeo.rag.readers import read
from geungeo.rag.readers.colophon import is_issue_notice
from geungeo.rag.readers.lines import (
    are_contacts,
    begins_comments,
    begins_letters,
    is_button,
    is_contact,
)
from tests.rag.readers.test_outlets import END, LEAD, MORE, TEXT, TITLE, body_of, page

BYLINE = "<div class='byline'>한여울 수목생태학자</div>"
LAST = "나무는 서두르지 않는다고 나는 믿는다."


# Boxes about the writer


@pytest.mark.parametrize(
    "box",
    [
        "<div class='e'><strong>한여울</strong><p>나무 병원을 운영하며 글을 쓴다.</p></div>",
        "<div class='e'><b>한여울</b><p>책 〈뿌리의 시간〉을 냈다.</p><p>h@g.example</p></div>",
        "<div><h4>한여울 수목생태학자</h4><p>나래대에서 숲을 연구하고 가르친다.</p></div>",
        "<p>한여울</p><p>시집 『강가의 저녁』을 두 권 냈다.</p>",
        "<p>한여울</p><p>산문집 『느린 숲』을 썼습니다.</p>",
        "<p>한여울</p><p>나래대 산림학과를 졸업했다. 저서로 〈숲의 말〉이 있다.</p>",
        "<div><p>한여울 | 수목생태학자</p><p>강가에 살며 글을 쓰고 있다.</p></div>",
        "<p>한여울은 나무 병원을 운영하며 글을 쓴다.</p>",
        "<p>한여울 | 나래대에서 숲을 연구한다.</p>",
        "<p>한여울: 2010년 나래일보 신춘문예로 등단했다.</p>",
        "<div><img src='a.jpg'><strong>한여울</strong><p>숲 이야기를 씁니다.</p></div>",
    ],
)
def test_box_about_the_writer_is_no_body(box: str) -> None:
    found = page(f"<h1>{TITLE}</h1>{BYLINE}{TEXT}<div>{box}</div>")
    assert body_of(found) == [LEAD, MORE, END]
    assert found.author == "한여울"
    assert not any(kind is SectionKind.HEADING for kind, _ in found.blocks)


@pytest.mark.parametrize(
    ("head", "text"),
    [
        ("박다솜", "나무 병원을 운영하며 글을 쓴다."),  # whom the text is about
        ("한여울", "“나무는 서두르지 않는다”고 말했다. 글을 쓴다."),
        ("한여울의 숲", "그는 나무 병원을 운영하며 글을 쓴다."),
        ("한여울", "시는 다리를 놓을 돈을 마련했다."),
        ("한여울숲", "시는 이곳에서 나무를 연구하고 있다."),
        ("남은 과제", "한여울 다리를 오래 쓰려면 돌봐야 한다고 시는 설명했다."),
        ("뿌리의 시간", "나무는 서두르지 않고 글을 쓴다고 나는 믿는다."),
        ("한여울은 누구인가", "그는 나무 병원을 운영하며 글을 쓴다."),
    ],
)
def test_section_at_the_end_stays(head: str, text: str) -> None:
    body = f"<div class='txt'><p>{LEAD}</p><p>{MORE}</p><h3>{head}</h3><p>{text}</p></div>"
    found = page(f"<h1>{TITLE}</h1>{BYLINE}{body}")
    assert [line for _, line in found.blocks][-2:] == [head, text]


# Readers' letters and the next issue


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("📬 지난 호 독자 의견", True),
        ("💌 지난 레터에 남겨주신 피드백", True),
        ("구독자님들의 한마디", True),
        ("독자 편지", True),
        ("지난주 편지를 읽고 보내주신 답장", True),
        ("[지난 호에 대한 의견]", True),
        ("💬 독자분들이 보내주신 소감을 소개합니다", True),
        ("저번 호 피드백", True),
        ("전문가 의견", False),
        ("주민 의견", False),
        ("시장의 편지", False),
        ("의견", False),
        ("지난주 날씨", False),
        ("독자 위원회", False),
    ],
)
def test_heading_of_letters(line: str, expected: bool) -> None:
    assert begins_letters(line) is expected


LETTER = "<p>강물 님 : 다리 설명이 이제야 이해됐어요!</p>"


@pytest.mark.parametrize(
    "letters",
    [
        f"<b>📬 지난 호 독자 의견</b>{LETTER}",
        f"<h3>독자 편지</h3>{LETTER}<p>달빛 님 : 글씨가 컸으면 해요.</p>",
        "<h3>구독자님의 답장</h3><p>“다리 설명이 쉬웠어요.” - 강물 님</p>",
        "<p>지난 레터 피드백</p><p>강물 님의 의견</p>",
    ],
)
def test_letters_of_readers_are_no_body(letters: str) -> None:
    half = f"<div class='txt'><p>{LEAD}</p><p>{MORE}</p>{letters}<p>{END}</p></div>"
    assert [line for _, line in page(f"<h1>{TITLE}</h1>{half}").blocks] == [LEAD, MORE, END]


@pytest.mark.parametrize(
    "turns",
    [
        "<h3>주민 의견</h3><p>강물 님 : 다리가 필요해요.</p>",
        "<h3>독자 편지</h3><p>시는 편지 300통을 받았다고 설명했다.</p>",
    ],
)
def test_what_the_text_reports_of_letters_stays(turns: str) -> None:
    half = f"<div class='txt'><p>{LEAD}</p><p>{MORE}</p>{turns}<p>{END}</p></div>"
    assert len(page(f"<h1>{TITLE}</h1>{half}").blocks) == 5


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("가람경제는 매주 화·금요일 낮 12시에 찾아갑니다", True),
        ("가람경제는 평일 아침 7시에 도착합니다.", True),
        ("📮 가람 레터는 매주 목요일에 배달됩니다!", True),
        ("다음 호는 11월 18일 화요일에 발행됩니다.", True),
        ("이 뉴스레터는 격주 수요일에 보내드려요", True),
        ("다음 편지는 금요일 아침에 찾아올게요.", True),
        ("이동 도서관은 매주 화요일 마을을 찾아갑니다.", False),
        ("가람경제는 매주 화요일 주주들을 만났다.", False),
        ("초대권은 매주 금요일에 발송됩니다.", False),
        ("가람경제는 “매주 찾아갑니다”라고 했다.", False),
        ("의사는 매월 섬마을을 찾아갑니다.", False),
    ],
)
def test_notice_of_the_next_issue(line: str, expected: bool) -> None:
    assert is_issue_notice(line, "가람경제") is expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("👍 좋았어요 | 👎 아쉬워요", True),
        ("😍 최고예요 😐 보통이에요 😢 별로예요", True),
        ("❤ 재밌었어요", True),
        ("👍 도움됐어요 / 👎 어려웠어요!", True),
        ("👍 좋은 점", False),
        ("👎 아쉬운 점은 주차장이에요. 자리가 열 칸뿐이거든요.", False),
        ("좋았어요", False),
        ("🔥 올해 가장 뜨거운 동네", False),
    ],
)
def test_verdict_on_a_newsletter_is_a_button(line: str, expected: bool) -> None:
    assert is_button(line) is expected


# Comments


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("독자의견 (2) 익명·실명 선택 가능합니다. 실명 선택시 글을 수정할 수 있습니다.", True),
        ("댓글 3개 욕설이나 비방하는 댓글은 지워질 수 있습니다.", True),
        ("전체 댓글 0 로그인 후 쓸 수 있습니다", True),
        ("의견 12건 · 회원만 의견을 남길 수 있습니다.", True),
        ("독자 의견 (4)", True),
        ("독자의견 2건이 실린 신문을 시는 돌려받았다고 설명했습니다", False),
        ("독자 의견을 모아 글을 고쳤습니다.", False),
        ("댓글 3개를 쓴 사람이 벌금을 냈다.", False),
        ("의견 수렴은 다음 달에 끝난다고 시는 밝혔습니다.", False),
    ],
)
def test_heading_of_comments_with_a_notice(line: str, expected: bool) -> None:
    assert begins_comments(line) is expected


@pytest.mark.parametrize(
    "comments",
    [
        "<table><tr><td>25.09.30 08:11</td><td>다리는 필요합니다</td></tr></table>",
        "<table><tr><td>강물</td><td>배가 더 좋아요</td></tr></table>",
        "<ul><li>강물 2025.09.30 다리보다 배</li><li>달빛 2025.09.30 찬성</li></ul>",
    ],
)
def test_rows_of_comments_are_no_body(comments: str) -> None:
    head = "<div>독자의견 (2) <i>익명·실명 선택 가능합니다.</i></div>"
    assert body_of(page(f"<h1>{TITLE}</h1><div>{TEXT}{head}{comments}</div>")) == [LEAD, MORE, END]


def test_text_behind_a_byline_stays() -> None:
    for behind in ("시는 강에서 일하는 사람이 더 있다고 덧붙였다.", "시는 다리를 연구할 방침이다."):
        found = page(
            f"<h1>{TITLE}</h1>{TEXT.replace('</div>', '')}<p>한여울 기자</p><p>{behind}</p></div>"
        )
        assert body_of(found) == [LEAD, MORE, END, behind]


def test_table_below_the_text_stays() -> None:
    table = "<table><tr><td>길이</td><td>420m</td></tr><tr><td>폭</td><td>30m</td></tr></table>"
    found = page(f"<h1>{TITLE}</h1><div>{TEXT}{table}</div>")
    assert body_of(found) == [LEAD, MORE, END, "길이 | 420m", "폭 | 30m"]


# Officials who answer questions


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["담당 부서 | 갯벌과 | 책임자 | 과장 한여울 (044-000-5881)"], True),
        (["담당부서 | 책임자 | 연락처", "갯벌과 | 과장 한여울 | 044-000-5881"], True),
        (["총괄 | 갯벌과", "담당자 | 사무관 박다솜 (02-000-5882)"], True),
        (["문의처: 갯벌과 한여울 주무관 (☎ 061-000-1234)"], True),
        (["담당 과장 | 한여울 | 044-000-1111", "담당자 | 박다솜 | 044-000-1112"], True),
        (["일시 | 5월 3일", "장소 | 강가", "담당자 | 박다솜 (044-000-1112)"], False),
        (["보건소 | 02-000-1234", "소방서 | 02-000-1235"], False),
        (["담당 부서 | 갯벌과", "예산 | 62억 원"], False),
        (["담당자는 한여울 과장(044-000-1234)이라고 시는 밝혔다."], False),
        (["길이 | 420m", "폭 | 30m"], False),
    ],
)
def test_table_of_officials(lines: list[str], expected: bool) -> None:
    assert are_contacts(lines) is expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("담당자: 갯벌과 박다솜 사무관 (044-000-5882)", True),
        ("※ 담당 부서: 갯벌과 한여울 과장 02-000-1234", True),
        ("책임자 과장 한여울 (044-000-5881)", True),
        ("사무관 박다솜 (044-000-5882)", True),
        ("○ 문의처 : 가람시 하천과 (061-000-1234)", True),
        ("신고 전화는 02-000-1234", False),
        ("담당자가 자리를 비웠다", False),
        ("시청 앞 사거리 (041-7번 버스)", False),
        ("담당자 박다솜 사무관(044-000-5882)은 “곧 고치겠다”고 말했다.", False),
    ],
)
def test_line_of_an_official(line: str, expected: bool) -> None:
    assert is_contact(line) is expected


def test_officials_are_left_out_and_reported() -> None:
    table = (
        "<table><tr><td>담당 부서</td><td>하천과</td></tr>"
        "<tr><td>담당자</td><td>사무관 박다솜 (044-000-5882)</td></tr></table>"
    )
    text = f"<div class='txt'><p>{LEAD}</p><p>{MORE}</p><p>{END}</p>{table}</div>"
    assert body_of(page(f"<h1>{TITLE}</h1>{text}")) == [LEAD, MORE, END]
    plain = f"{TITLE}\n\n{LEAD}\n\n{MORE}\n\n{END}\n\n담당자: 박다솜 사무관 (044-000-5882)\n"
    (draft,) = read(plain.encode(), "a.txt").drafts
    assert body_of(draft) == [LEAD, MORE, END]
    assert draft.left_out == ("담당자: 박다솜 사무관 (044-000-5882)",)
