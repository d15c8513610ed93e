"""Newsletters in casual speech, lists of people, and what pages add behind a text."""

from __future__ import annotations

import pytest

from geungeo.rag.readers.lines import is_caption, is_page_line, is_roll, is_statement
from tests.rag.readers.test_outlets import END, LEAD, MORE, TEXT, TITLE, body_of, page

# Lines


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("한 해 전보다 두 배로 비싸졌어.", True),
        ("가장 큰 까닭은 늦더위야.", True),
        ("무는 그대로래.", True),
        ("밭이 절반으로 줄었거든.", True),
        ("그래도 김장은 해야 하잖아.", True),
        ("다음 주에 또 알려 줄게.", False),
        ("한여울 기자.", False),
        ("2025. 7. 3.", False),
    ],
)
def test_sentences_in_casual_speech_are_statements(line: str, expected: bool) -> None:
    assert is_statement(line) is expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("▲기획조정실장 강물 ▲해양보전실장 한겸", True),
        ("△총무과장 강물 △대변인 한여울 △서기관 박다솜", True),
        ("◇승진 ▲국장 강물 ▲과장 한여울", True),
        ("▲ 3일 가람시에서 시민들이 새 다리를 보고 있다.", False),
        ("▲ 가람시 새 다리 조감도", False),
        ("▲ 다리를 걷는 시민들. ▲ 다리 아래 강물이 흐른다.", False),
    ],
)
def test_rolls_are_no_captions(line: str, expected: bool) -> None:
    assert is_roll(line) is expected
    assert not (expected and is_caption(line))


@pytest.mark.parametrize(
    "line",
    [
        "음성을 재생하면 이동통신망에 따라 데이터 요금이 부과될 수 있습니다.",
        "와이파이가 아닌 환경에서는 데이터 통화료가 발생할 수 있습니다.",
        "본문 듣기를 종료하였습니다.",
        "TTS로 만든 음성은 실제와 다를 수 있습니다.",
        "이 기사에는 댓글을 남길 수 없습니다.",
        "해당 기사는 언론사 정책에 따라 댓글을 제공하지 않습니다.",
        "본 기사는 댓글이 제공되지 않습니다.",
        "* 가람방송은 24시간 여러분의 제보를 기다립니다.",
        "※ GBN은 시청자 여러분의 제보를 기다립니다.",
        "가람뉴스는 독자 여러분의 제보를 받습니다.",
        "가람일보의 모든 기사는 저작권법의 보호를 받으며, 무단 복제를 금합니다.",
        "게재된 모든 콘텐츠는 저작권법의 보호를 받는 바 무단 전재·배포를 금합니다.",
        "친구에게 가람레터를 소개하고 커피를 받아보세요!",
        "지인과 이 편지를 공유해 주세요.",
        "한눈에 보기",
        "[전화] 02-000-8585",
        "[제보 전화] 1588-0000",
        "(메일) tip@garam.example",
        "Copyright by 가람방송 Co., Ltd. All rights reserved.",
        "Copyright Garam Herald. All Rights Reserved.",
    ],
)
def test_notices_of_the_page_are_page_lines(line: str) -> None:
    assert is_page_line(line)


@pytest.mark.parametrize(
    "line",
    [
        "이동통신망이 끊겨 데이터 요금이 잘못 부과됐다고 시는 밝혔다.",
        "경찰은 “목격자 여러분의 제보를 기다린다”고 말했다.",
        "기사에 달린 댓글이 3만 개를 넘었다.",
        "이 기사에 실린 사진은 저작권법의 보호를 받는다고 법원은 판단했다.",
        "법원은 모든 기사가 저작권법의 보호를 받는 것은 아니라고 판단했다.",
        "시는 친구에게 추천한 시민에게 상품권을 준다.",
        "한눈에 보는 다리의 역사",
        "[전화] 한여울 시장을 만나다",
        "[문자] 9월 1일부터 바뀐다",
        "Copyright for the bridge's drawings stays with the city, which bought them in 2010.",
    ],
)
def test_sentences_about_such_things_are_no_page_lines(line: str) -> None:
    assert not is_page_line(line)


# Notices of appointments and letters

APPOINTED = (
    "◆가람시",
    "◇국장급 승진",
    "▲기획조정국장 강물 ▲안전국장 한겸",
    "◇과장급 전보",
    "▲도로과장 심다온 ▲하천과장 천호준 ▲홍보담당관 임나루",
)


def test_list_of_appointments_is_the_body_though_the_frame_has_the_only_sentences() -> None:
    text = "<br><br>".join(APPOINTED)
    frame = (
        "<div class='reply_box'><p>이 기사에 댓글을 달 수 없습니다.</p></div>"
        "<div id='foot'><p>대표이사 : 강솔 | 주소 : 가람시 1 | 사업자등록번호 : 1</p>"
        "<p>가람일보의 모든 콘텐츠는 저작권법의 보호를 받습니다.</p></div>"
    )
    found = page(
        f"<div class='v'><h1>[인사] 가람시</h1><article>{text}</article></div>{frame}",
        '<meta property="dable:author" content="인물팀">',
        "[인사] 가람시",
    )
    assert [text for _, text in found.blocks] == list(APPOINTED)
    assert found.author is None


def letter(*cells: str) -> str:
    rows = "".join(f"<tr><td><div>{cell}</div></td></tr>" for cell in cells)
    inner = f"<table width='100%'><tbody>{rows}</tbody></table>"
    return f"<table width='600'><tbody><tr><td>{inner}</td></tr></tbody></table>"


def test_letter_in_tables_is_read_whole_and_ends_where_it_can_be_cancelled() -> None:
    said = (
        "안녕, 강물이야! 오늘은 다리 이야기를 가져왔어.",
        "가람시가 새 다리를 놓는대. 배를 타던 마을이 이제 걸어서 학교에 다닐 수 있어.",
        "공사는 2028년에 끝나거든. 그때까지는 배를 타야 해.",
    )
    rest = (
        "<div><h3>지난 편지</h3><ul><li>무값 이야기 2025. 6. 26.</li></ul></div>"
        "<table><tr><td><img src='b.png'></td><td><div>강물레터의 첫 책이 나왔어요!</div>"
        "<div>구독자에게는 쿠폰을 드립니다.</div></td></tr></table>"
        "<div><p>개인정보 수집에 동의합니다.</p></div>"
    )
    found = page(
        letter(
            "2025.07.03. 목 | 12번째 편지",
            "다리 위의 아침",
            *said,
            "강물레터 서울시 1 수신거부 Unsubscribe",
        )
        + rest,
        '<meta property="og:title" content="다리 위의 아침">',
        "다리 위의 아침",
    )
    assert [text for text in body_of(found) if is_statement(text)] == list(said)
    assert found.published_at == "2025-07-03"


def test_contents_of_a_letter_are_no_text() -> None:
    said = ("공사는 2028년에 끝나요. 그때까지는 배를 타야 해요.", "배삯은 시가 반을 내요.")
    cells = (
        "안녕하세요, 구독자님! 다리 이야기를 가져왔어요.",
        "오늘의 차례",
        "1. 다리 위의 아침",
        "2. 어제의 숫자",
        "<h1>다리 위의 아침</h1>",
        *said,
        "💌 독자 사연",
        "지난 호가 참 좋았어요. 다음에는 배 이야기를 해 주세요! (from 가람동 뱃사공님)",
        "강물레터 서울시 1 수신거부 Unsubscribe",
    )
    title = "다리 위의 아침"
    found = page(letter(*cells), f'<meta property="og:title" content="{title}">', title)
    assert body_of(found) == [cells[0], *said]


# Ends


@pytest.mark.parametrize(
    "end",
    [
        "<p>▶ [가람 핫이슈] 배우 강솔, 시구까지 접수</p>",
        "<p>▶[많이 본 뉴스] 배우 강솔의 새벽</p><p>☞ &lt;포토&gt; 배우 강솔</p>",
        "<p>han@garam.example</p><p>▶ [영상] 배우 강솔, 강을 건너다</p>",
        "<p>[포럼 안내] 2025 인공지능 제조 포럼</p><p>일시 : 7월 9일</p><p>장소 : 나래홀</p>",
        "<p>&lt;웨비나 초대&gt; 백업 전략</p><p>▪ 일 시 : 7월 9일</p><p>▪ 신청 : 누리집</p>",
        "<div class='reporter_box'><b>한여울</b><p>강과 다리를 씁니다. 환영합니다.</p></div>",
    ],
)
def test_what_comes_behind_the_text_is_no_body(end: str) -> None:
    text = TEXT.replace("</div>", f"{end}</div>")
    found = page(f"<h1>{TITLE}</h1><p>한여울 기자</p>{text}")
    assert body_of(found) == [LEAD, MORE, END]


@pytest.mark.parametrize(
    "end",
    [
        ("[공사 안내] 가람시 새 다리", "기간 : 8월 1일부터", "장소 : 강 양쪽 마을"),
        ("▶ 다리 길이 400m", "▶ 공사비 90억 원"),
        ("▶ [해설] 다리가 바꾸는 것", "강 양쪽 마을이 하나가 된다고 시는 설명했다."),
    ],
)
def test_facts_of_the_text_at_its_end_are_kept(end: tuple[str, ...]) -> None:
    lines = "".join(f"<p>{one}</p>" for one in end)
    found = page(f"<h1>{TITLE}</h1>{TEXT.replace('</div>', f'{lines}</div>')}")
    assert [text for _, text in found.blocks][-len(end) :] == list(end)


def test_boxes_about_two_english_writers_are_no_body() -> None:
    lines = ("The city will build a bridge.", "It opens in 2028, the city said.")
    body = "".join(f"<p>{one} It links two villages on the river.</p>" for one in lines * 2)
    about = "<p>Ann Lee covers rivers for us.</p>", "<p>Bob Kim is a senior editor who cycles.</p>"
    cards = f"<div><b>Ann Lee</b>{about[0]}</div><div><b>Bob Kim</b>{about[1]}</div>"
    found = page(f"<h1>A bridge</h1><p>By Ann Lee and Bob Kim</p><div>{body}</div>{cards}")
    assert not any("covers" in text or "editor" in text for _, text in found.blocks)
    assert found.author == "Ann Lee, Bob Kim"


# Writers


@pytest.mark.parametrize(
    ("above", "author"),
    [
        ("<p>■ 진행 : 강물 앵커</p><p>■ 대담 : 한여울 (나래대 교수)</p>", None),
        ("<p>■ 대담 : 한여울 산부인과 전문의</p>", None),
        ("<p>대담=한여울 기자</p>", "한여울"),
    ],
)
def test_guest_of_a_programme_is_no_writer(above: str, author: str | None) -> None:
    turns = (
        "<p>◇ 강물> 다리가 왜 필요합니까.</p><p>◆ 한여울> 마을이 멀어서 필요합니다.</p>"
        "<p>◇ 강물> 언제 놓습니까.</p><p>◆ 한여울> 2028년에 놓는다고 합니다.</p>"
        "<p>◇ 강물> 오늘 말씀 고맙습니다.</p>"
    )
    assert page(f"<h1>{TITLE}</h1><div>{above}{turns}</div>").author == author


@pytest.mark.parametrize(
    "job", ["프리랜서 작가", "프리랜서", "리서처", "콘텐츠 마케터", "다큐멘터리 프로듀서"]
)
def test_profession_behind_a_name_is_no_part_of_it(job: str) -> None:
    line = f"<div class='reporter'><a><span>한여울</span> <span>{job}</span></a></div>"
    assert page(f"<h1>{TITLE}</h1>{line}{TEXT}").author == "한여울"


@pytest.mark.parametrize(
    "lead",
    [
        "[스포츠가람 | 나래=한여울 기자] ",
        "[가람저널/나래=한여울 기자] ",
        "[월간가람 ㅣ 나래 = 한여울 기자] ",
    ],
)
def test_place_in_a_lead_can_be_behind_a_bar(lead: str) -> None:
    assert page(f"<h1>{TITLE}</h1>{TEXT.replace(LEAD, lead + LEAD)}").author == "한여울"


@pytest.mark.parametrize("field", ["journalistList", "writers", "reporter_list"])
def test_writers_in_a_list_of_a_script_are_found(field: str) -> None:
    writers = f'"{field}":[{{"name":"한여울","title":"기자"}}]'
    data = f'{{"article":{{"title":"{TITLE}",{writers},"section":"사회","views":12}}}}'
    script = f'<script type="application/json">{data}</script>'
    assert page(f"<h1>{TITLE}</h1>{TEXT}{script}").author == "한여울"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("▶ 가람경제 텔레그램 채널 입장하기", True),
        ("▶ 가람일보 독서 모임 가입하기", True),
        ("여러분의 제보 부탁드립니다.", True),
        ("내년 신수 무료운세, 나의 재물운은?", True),
        ("웹사이트: https://www.garam.example", True),
        ("홈페이지 : www.garam.example", True),
        ("지난 레터: 김장값이 오르는 까닭", True),
        ("Link copied!", True),
        ("동영상을 보시려면 플레이어 설치가 필요합니다", True),
        ("영상을 보려면 눈이 좋아야 한다고 시는 밝혔다.", False),
        ("링크가 복사되었습니다.", True),
        ("광고 후 기사가 계속됩니다", True),
        ("기사는 광고 뒤에 이어집니다.", True),
        ("Article continues after advertisement", True),
        ("▶ 오늘의 띠별 운세는? 바로 확인", True),
        ("오늘 강물레터, 어땠나요?", True),
        ("오늘의 강물, 맛은 어떠셨나요?", True),
        ("동료에게 강물레터를 추천하고 쿠폰 받기", True),
        ("Police said the story continues below the surface of the case.", False),
        ("오늘 소풍, 어땠나요?", False),
        ("가람시는 링크가 복사되었다고 밝혔다.", False),
        ("광고가 나간 뒤에도 기사가 계속 나왔다고 가람시는 밝혔다.", False),
        ("경찰은 시민의 제보를 기다린다.", False),
        ("가람시는 “제보 부탁드립니다”라고 적힌 현수막을 걸었다.", False),
        ("가람시는 웹사이트에 명단을 올렸다.", False),
        ("“지난 레터: 김장”이라는 편지가 왔다고 시는 밝혔다.", False),
        ("가람시는 무료 운세 상담소를 닫았다. 시민들은 아쉬워했다.", False),
    ],
)
def test_calls_and_links_at_the_end_are_lines_of_the_page(line: str, expected: bool) -> None:
    assert is_page_line(line) is expected
