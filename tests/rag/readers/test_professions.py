"""Writers by their profession, desks behind their outlet, rare surnames, bare dates."""

from __future__ import annotations

import pytest

from geungeo.rag.readers.authorship import Claim, Rank, judge
from geungeo.rag.readers.bylines import is_profession, parse_byline, team_of
from geungeo.rag.readers.metadata import lead
from geungeo.rag.text import listed
from tests.rag.readers.test_outlets import END, LEAD, MORE, TEXT, TITLE, page

_PROFESSIONS = sorted(
    listed(
        """
        수목생태학자 등반가 숲해설가 천문학자 로봇공학자 요리연구가 과학저술가 트럼펫연주자
        법조인 출판인 대중음악평론가 반려견행동전문가 야생동물학자 조각가 농업인 빵연구가
        문화재해설가
        """
    )
)
_OTHERS = sorted(
    listed(
        """
        참가자 관계자 피해자 소비자 당선자 물가 대학가 분양가 최고가 외국인 아인슈타인
        구텐바인 골드스타인 오르테가 모리나가 요시나가 김영자 정다인 클라인 디자인 온라인
        바리스타 남아프리카인 자 학자
        """
    )
)


@pytest.mark.parametrize(
    "word",
    _PROFESSIONS,
)
def test_professions(word: str) -> None:
    assert is_profession(word)


@pytest.mark.parametrize(
    "word",
    _OTHERS,
)
def test_no_professions(word: str) -> None:
    assert not is_profession(word)


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("한여울 수목생태학자", ("한여울",)),
        ("한여울 나래대 천문학자", ("한여울",)),
        ("천문학자 한여울", ("한여울",)),
        ("한여울 조각가", ("한여울",)),
        ("글 한여울 등반가", ("한여울",)),
        ("한여울 반려견행동전문가", ("한여울",)),
        ("요리연구가 한여울", ("한여울",)),
        ("한여울 관계자", None),
        ("한여울 김영자", None),
        ("서울시 확인", None),
        ("나래시 물가", None),
        ("한여울 참가자", None),
        ("참가자 한여울", None),
        ("알베르트 아인슈타인", None),
    ],
)
def test_line_of_a_writer_with_a_profession(line: str, names: tuple[str, ...] | None) -> None:
    parsed = parse_byline(line)
    assert (parsed and parsed.names) == names


@pytest.mark.parametrize(
    ("credited", "author"),
    [
        ("한여울 수목생태학자", "한여울"),
        ("두현아 수목생태학자", "두현아"),  # a rare surname
        ("숲해설가 한여울", "한여울"),
        ("한여울 | 로봇공학자", "한여울"),
        ("한여울 (요리연구가)", "한여울"),
        ("알베르트 아인슈타인", "알베르트 아인슈타인"),
        ("미겔 오르테가", "미겔 오르테가"),
        ("가즈오 모리나가", "가즈오 모리나가"),
        ("마리 올렌 사회학자", "마리 올렌"),
    ],
)
def test_writer_in_an_element(credited: str, author: str) -> None:
    assert page(f"<h1>{TITLE}</h1><p class='byline'>{credited}</p>{TEXT}").author == author


@pytest.mark.parametrize("post", ["천문학자", "교수", "요리연구가"])
def test_speaker_of_a_quotation_is_no_writer(post: str) -> None:
    text = f"<p>{LEAD}</p><p>한여울 {post}</p><p>“별은 탄다.”</p><p>{MORE}</p><p>{END}</p>"
    assert page(f"<h1>{TITLE}</h1><p>글 박다솜 기자</p>{text}").author == "박다솜"


# Desks


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("가람일보 온라인뉴스팀", "온라인뉴스팀"),
        ("[가람일보=디지털뉴스부]", "디지털뉴스부"),
        ("가람일보 | 온라인뉴스팀", "온라인뉴스팀"),
        ("KBS 디지털뉴스팀", "디지털뉴스팀"),
        ("가람투데이뉴스 온라인뉴스팀 web@garam.example", "온라인뉴스팀"),
        ("가람경제 디지털 뉴스룸", "디지털 뉴스룸"),
        ("가람일보/편집부", "편집부"),
        ("뉴스 편집부", "뉴스 편집부"),
        ("디지털 뉴스팀", "디지털 뉴스팀"),
        ("가람일보 한여울", None),
        ("가람일보 온라인", None),
    ],
)
def test_desk_behind_its_outlet(line: str, name: str | None) -> None:
    assert team_of(line) == name


@pytest.mark.parametrize("line", ["뭍과섬 온라인팀", "[뭍과섬=온라인팀]", "뭍과섬 | 온라인팀"])
def test_desk_behind_an_outlet_of_any_name(line: str) -> None:
    head = '<meta property="og:site_name" content="뭍과섬">'
    found = page(f"<h1>{TITLE}</h1><p class='byline'>{line}</p>{TEXT}", head)
    assert (found.author, found.publisher) == ("온라인팀", "뭍과섬")


# Two reporters of a lead


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("[오늘경제 한여울 엄태강 기자] 은행", ("오늘경제", "한여울, 엄태강")),
        ("[오늘경제 한여울·엄태강 기자] 은행", ("오늘경제", "한여울, 엄태강")),
        ("[오늘경제=한여울, 엄태강 기자] 은행", ("오늘경제", "한여울, 엄태강")),
        ("[오늘경제 나래 엄태강 기자] 은행", ("오늘경제 나래", "엄태강")),
        ("[오늘 경제 엄태강 기자] 은행", ("오늘 경제", "엄태강")),
        ("[오늘경제 엄태강 기자] 은행", ("오늘경제", "엄태강")),
    ],
)
def test_lead_of_two_reporters(start: str, expected: tuple[str, str]) -> None:
    assert lead([start]) == expected


def claim(rank: Rank, *names: str) -> Claim:
    return Claim(rank, names)


@pytest.mark.parametrize(
    ("claims", "author"),
    [
        (
            [
                claim(Rank.LEAD, "엄태강"),
                claim(Rank.SIGNED, "두현아", "엄태강"),
                claim(Rank.SIGNED, "두현아"),
            ],
            "두현아, 엄태강",
        ),
        ([claim(Rank.LEAD, "엄태강"), claim(Rank.SIGNED, "두현아", "엄태강")], "엄태강"),
        (
            [
                claim(Rank.LEAD, "엄태강"),
                claim(Rank.SIGNED, "두현아", "엄태강"),
                claim(Rank.SIGNED, "두현아", "엄태강"),  # the same line again
            ],
            "엄태강",
        ),
        (
            [
                claim(Rank.LEAD, "엄태강"),
                claim(Rank.SIGNED, "나래사회부", "엄태강"),
                claim(Rank.SIGNED, "나래사회부"),
            ],
            "엄태강",
        ),
        ([claim(Rank.LEAD, "엄태강"), claim(Rank.SIGNED, "한여울", "엄태강")], "한여울, 엄태강"),
        ([claim(Rank.LEAD, "엄태강"), claim(Rank.SIGNED, "두현아")], "엄태강"),
        (
            [
                claim(Rank.LEAD, "엄태강"),
                claim(Rank.DATA, "두현아", "엄태강"),
                claim(Rank.DATA, "두현아"),
            ],
            "엄태강",
        ),
    ],
)
def test_rare_surname_needs_two_signatures(claims: list[Claim], author: str) -> None:
    assert judge(claims) == author


def test_reporters_of_a_lead_are_those_of_the_page() -> None:
    shown = "<p><a>두현아 기자</a> <a>엄태강 기자</a></p>"
    below = "<dl><dt>두현아 기자 다른 기사 보기</dt><dt>엄태강 기자 다른 기사 보기</dt></dl>"
    text = TEXT.replace(LEAD, f"[오늘경제 두현아 엄태강 기자] {LEAD}")
    found = page(f"<h1>{TITLE}</h1>{shown}{text}{below}", '<meta name="author" content="금융부">')
    assert (found.author, found.publisher) == ("두현아, 엄태강", "오늘경제")


# Dates


@pytest.mark.parametrize(
    "line",
    [
        "<span class='date'>GaramSports</span> <b class='day'>2025.07.03 09:10</b> 조회수 많음",
        "<i>야구</i><i>가람스포츠편집국</i><i>2025-07-03 09:10</i><i>글자를 크게 보기</i>",
        "<em>2025년 7월 3일 오전 9시 10분</em><span>3분이면 모두 읽는 긴 글</span>",
        "<a>사회부의 다른 소식 보기</a><span>입력 2025.07.03 09:10</span>",
        "<div><span>2025/07/03 09:10</span><span>읽는 사람 1,204명</span></div>",
        "<ul><li>가람스포츠 특별취재반</li><li><span>2025.07.03. 09:10</span></li></ul>",
        "<span>기사 크게 보기</span> <span>2025. 7. 3. 09:10</span> <span>글 저장하는 단추</span>",
        "<p>가람스포츠 온라인 이야기 <time>2025.07.03 09:10</time></p>",
    ],
)
def test_date_of_an_element_beside_others(line: str) -> None:
    found = page(f"<p>기사검색</p><h1>{TITLE}</h1><div>{line}</div>{TEXT}")
    assert found.published_at == "2025-07-03T09:10:00+09:00"


@pytest.mark.parametrize(
    "line",
    [
        "가람스포츠 이야기 출력한 날 <b>2026.01.05</b>",
        "가람스포츠 오늘은 <b>2026.01.05</b> 월요일입니다 여러분",
        "<b style='display:none'>2026.01.05</b> 가람스포츠 특별취재반 이야기",
        "<i>개막전 2026.01.05 나래구장 입장권 예매</i>",
        "<i>가람스포츠 특별취재반 1204호</i>",
        "<i>개막</i> <b>2026.05.10</b> <i>나래구장 입장권 예매 이야기</i>",
        "<i>12.5</i><i>가람스포츠 특별취재반의 이야기</i>",
    ],
)
def test_other_dates_are_none_of_the_publication(line: str) -> None:
    assert page(f"<p>기사검색</p><h1>{TITLE}</h1><div>{line}</div>{TEXT}").published_at is None
