"""Bylines as Korean and English papers write them: who wrote, and in which role.

A line is a byline only if every word of it is known: names, roles (글, 사진), jobs (기자), posts
(교수), desks, places, outlets. What is left of ``글·사진=부산 한여울 기자`` is the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from geungeo.rag.language.people import LONG_SURNAMES, SURNAMES
from geungeo.rag.text import listed

JOB = (
    r"(?:(?:선임|수석|전문|객원|수습|인턴|시민|명예|대학생|사진|여행|영상|정책|국민|大)\s?)?"
    r"(?:기자단?|특파원|논설위원|앵커|통신원|리포터|PD(?![A-Za-z])|에디터)"
)
SPECIALIST = r"[가-힣]{2,4}\s?전문\s?기자"  # 의학전문기자
OUTLET = re.compile(
    r"(?:뉴스|일보|신문|통신|경제|방송"
    r"|타임스|타임즈|데일리|투데이|저널|미디어|매거진|신보|포스트|헤럴드|프레스"
    r"|매일|한겨레|경향|중앙|오마이|프레시안|시사|(?<![A-Z-])[A-Z]{2,4}"
    r"|News|Times|Post|Daily|Herald|Journal)\d{0,2}$"
)
_FULL_NAME = re.compile(rf"[{SURNAMES}][가-힣]{{1,2}}|(?:{'|'.join(LONG_SURNAMES)})[가-힣]{{1,2}}")
_HANGUL = re.compile(r"[가-힣]{2,4}")
MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_ADDRESS = re.compile(rf"{MAIL.pattern}|https?://\S+")
# 남궁 혁; ㈜나래, (사)나래포럼
_APART = re.compile(rf"(?<![가-힣])({'|'.join(LONG_SURNAMES)})\s(?=[가-힣]{{1,2}}(?![가-힣]))")
_APART_NAME = re.compile(rf"{_APART.pattern}[가-힣]{{1,2}}")
_COMPANY = re.compile(r"(?:㈜|\((?:주|사|재)\))\s?(?P<name>[가-힣A-Za-z]+)")
_MARKS = "▶▷►■◆◇●○◎▲△☞*※/=-–—_|ㅣ· \t"
_BRACKETED = re.compile(
    r"[\[(<〈《【〔（](?P<inside>[^\[\](){}<>〈〉《》【】〔〕（）]*)[\])>〉》】〕）]"
)
_SIGNS = frozenset("=:：＝_")
_SEPARATORS = frozenset(",;，、/|｜ㅣ·ㆍ∙•⋅‧&")
_DIVIDERS = frozenset("/|｜ㅣ")
_TOKEN = re.compile(r"[=:：＝_,;，、/|｜ㅣ·ㆍ∙•⋅‧&]|[^\s=:：＝_,;，、/|｜ㅣ·ㆍ∙•⋅‧&]+")
_MORE = re.compile(r"\s외(?:\s?\d+\s?[명인])?$")
_LONGEST = 120

_WRITES = listed(
    """
    기자명 글 취재 기획 구성 정리 인터뷰 대담
    기고 취재팀 특별취재팀 기획취재팀 탐사취재팀
    취재기자 글쓴이 쓴이 지은이 words text writer 필자 기사작성 작성 작성자 취재지휘 글쓰기
    """
)
_HELPS = listed(
    """
    사진 그림 영상 촬영 편집 디자인 그래픽 일러스트 삽화 제작 도움 개발 자막 cg 연출 작가 번역 감수
    진행 제공 자료 출처 사진제공 자료제공 영상취재 영상편집 영상촬영 사진촬영 촬영기자 영상기자 드론
    인포그래픽 데이터 교열 교정 캡처 자료사진 자료조사 취재지원 취재보조 옮김 통역
    온라인편집 지면편집 웹편집 책임편집 편집기자 데스크 지도 지도교수 지도교사 멘토 검수 검토
    photo photos photographer photography illustration illustrator design designer film video
    포토그래퍼 포토 옮긴이 발췌 녹취 녹취록 속기 지원 협조 보조 출연
    """
)
# Roles that say so without a sign: 글쓴이 한여울.
_SURE_ROLES = frozenset({"기자명", "글쓴이", "필자", "취재기자", "기사작성", "작성자"}) | {
    "쓴이",
    "지은이",
    "words",
    "text",
    "writer",
}
_SOURCES = frozenset({"자료", "출처", "제공", "사진제공", "자료제공", "자료사진", "캡처", "출연"})
_HEADS = frozenset({"발췌", "녹취", "속기", "지원", "협조", "보조", "제공"})
_RANKS = listed(
    """
    선임 수석 전문 객원 수습 인턴 시민 명예 대학생 청년 어린이 학생 청소년
    사진 여행 영상 본지 글로벌 주재 담당
    """
)
PLACES = listed(
    """
    서울 부산 대구 인천 광주 대전 울산 세종 경기 강원
    충북 충남 전북 전남 경북 경남 제주 수원 성남 고양
    용인 부천 안산 안양 의정부 파주 평택 화성 춘천 원주 강릉 속초 청주 충주 천안 아산 전주 군산 익산
    목포 여수 순천 포항 경주 구미 안동 창원 진주
    김해 거제 양산 통영 서귀포 수도권 영남 호남 충청 국회
    도쿄 베이징 상하이 홍콩 워싱턴 뉴욕 로스앤젤레스 런던 파리 베를린 브뤼셀 제네바 로마 마드리드
    모스크바 키이우 카이로 두바이 예루살렘 이스탄불 뉴델리 하노이 방콕 자카르타 싱가포르 시드니
    실리콘밸리 샌프란시스코 유엔 밀라노 타이베이 마닐라 나이로비 상파울루 멕시코시티
    """
)
_PLACE = re.compile(r"[가-힣]{2,6}(?:특별자치[시도]|특별시|광역시|시청|도청|군청|구청)")
_DESK = re.compile(r"[가-힣A-Za-z·]{1,8}\d?(?:부|팀|국|센터|본부|실|취재단)")
_JOBS = re.compile(
    rf"{JOB}|[가-힣A-Za-z]{{2,6}}\s?전문\s?기자"
    r"|[가-힣]{2,6}(?:제작|뉴스|콘텐[트츠]|기획|산업|문화|사회|정책)에디터"
    rf"|(?:사진|영상|취재|대|선임|편집)기자|(?i:editor|reporter)"
)
_PICTURED = re.compile(r"(?P<name>[가-힣]{3})\s?(?:사진|영상|촬영)\s?기자")
_WITH_JOB = re.compile(rf"(?P<name>[가-힣]{{2,4}}?)(?P<job>{JOB})")
_MACHINE = re.compile(
    r"(?P<bot>(?:AI|[가-힣A-Za-z]{0,6}(?:뉴스|기사))봇)(?:기자)?"
    r"|(?:AI|인공지능|자동|GPT|[가-힣A-Za-z]{1,8}봇)(?P<job>기자|에디터)?",
    re.IGNORECASE,
)
# What comes between a name and a post: 나래대, 경제학과, 법무법인.
_AFFILIATION = re.compile(
    r"[가-힣A-Za-z0-9]*(?:대|대학|대학교"
    r"|대학원|학과|학부|전공|병원|의원|연구소|연구원|공사|공단|그룹|은행|센터|협회|조합|위원회"
    r"|의회|학회|재단|[가-힣]서|농협|수협|축협|본지|증권|투자|자산운용|보험|생명|전자|건설|[가-힣]{2,}학|신문|방송|뉴스|청|시|군"
    r"|구|도|부|처|국|당|과|실|팀|본부|법인|사무소|박물관|미술관|도서관|학교|초|중|고|교회"
    r"|성당|사|회|원|관|소|단|네트워크|모임"
    r"|포럼|미디어|[A-Z]{2,})|전|前|현|명예|객원|초빙|책임|수석|선임|특임"
)
_POSTS = (
    "교수|변호사|대표|시인|소설가|작가"
    "|수필가|평론가|칼럼니스트|기획자|연구자|연구원|연구위원|위원|위원장|부장|팀장"
    "|국장|부국장|차장|실장|센터장|원장|소장|관장"
    "|회장|이사장|이사|사장|의사|한의사|약사|수의사|회계사|세무사|노무사|감독"
    "|화가|사진가|번역가|건축가|활동가|운동가"
    "|여행가|요리사|교사|아나운서|목사|신부|스님|박사|코치|해설위원|캐스터|크리에이터"
    "|의원|명예교수|전문의|큐레이터|비평가"
    "|방송인|음악가|작곡가|기고가|농부|학생|강사|총장|학장|팩트체커|디자이너|필진"
    "|주필|주간|고문|발행인|편집인|과장|계장|서장|청장|처장|조합장|본부장|지사장|지점장|지부장|교장|교감|이장|사무국장|간사|대변인"
    "|장관|차관|군수|도지사|대사|주무관|사무관|경감|경위|경장|순경|소방위|소방장|소방교"
    "|언론인|저널리스트|역사가|철학자|경제학자|과학자|극작가|만화가|영화감독|번역자|사회학자|인류학자"
    "|건축사|변리사|법무사|관세사|간호사|수녀|프리랜서|리서처|마케터|프로듀서|디렉터|일러스트레이터"
)
_POST = re.compile(rf"(?!주차장)[가-힣A-Za-z]{{0,10}}\d?(?:{_POSTS})|\d학년")
# Posts in front of a writer's name; 홍보팀장 나여름 is a line of appointments.
_WRITER = re.compile(
    r"[가-힣]{0,6}(?:작가|칼럼니스트|평론가"
    r"|비평가|시인|소설가|수필가|교수|변호사|논설위원|논설실장|편집국장|편집장|편집위원"
    r"|주필|논설주간|논설고문|부국장|캐스터|아나운서|연구위원|연구원|의사|여행가|사진가|기획자"
    r"|[가-힣]{1,6}(?:학자|(?:연구|전문|활동|저술|해설)가))"
)
_EXACT_POST = frozenset(_POSTS.split("|"))
NO_NAME = listed(
    """
    이메일 메일 전화 제보 홈페이지 유튜브 채널 번호 카카오 팩스
    촬영 영상 사진 편집 취재 담당 전문 현장 구독 소속
    본지 동료 외신 현직 전직 일부 모든 다른 해당 문의
    연락처 장소 일시 주소 자료 출처 참고 제공 주최 대상
    전화 신청 접수 시민 이번 우리 같은 지난 전체 방송
    기사 남성 여성 전임 신임 후임 공동 차기 현재 당시
    댓글 쓰기 글쓰기 본문 새글 제목 위지윅 기본 텍스트 스마트 리치 간편 이달 추천
    인기 어느 여러 모두 정치 경제 사회 문화 국제 연예 지역
    """
)
_TEAM = re.compile(
    r"(?=.{3,16}$)[가-힣A-Za-z0-9·\s]*(?:뉴스"
    r"|취재|보도|편집|디지털|온라인|콘텐츠|기획|데이터|속보|이슈|특별)"
    r"[가-힣·]{0,6}(?:팀|부|국|실|반|룸)"
)
_NO_ENGLISH_NAME = (
    r"(?i:staff|senior|contributing|chief|special|guest|foreign|intern|and|reporter|writer)\b"
)
_ENGLISH_NAME = (
    rf"(?!{_NO_ENGLISH_NAME})[A-Z][\w.'’-]*"
    r"(?: (?:(?:van|von|de|der|den|da|di|la|le|bin|al|zu) )*"
    rf"(?!{_NO_ENGLISH_NAME})[A-Z][\w.'’-]*){{1,3}}"
)
_ENGLISH_OUTLET = re.compile(
    r"(?:News|Times|Post|Daily|Herald|Journal|Review|Desk|Agency|Press|Staff|Newsroom|Media)$"
)
_ENGLISH_HELP = re.compile(
    r"(?<=\w)\s?[|/,;·]?\s(?i:photo(?:graph)?s?|pictures|videos?|graphics?|edited|translated) by .*"
)
_AND = r",? (?:and|und|et|y|&|AND) |, "
_ENGLISH = re.compile(
    r"(?:(?P<by>(?:Written )?[Bb]y|BY|Von|Par|Por):? )?"
    rf"(?P<names>{_ENGLISH_NAME}(?:(?:{_AND}){_ENGLISH_NAME})*)"
    r"(?P<rank>\s?[,|/]? (?:[A-Z][\w.]* ){0,3}"
    r"(?:(?i:staff|contributing|senior|chief|foreign|special|guest|intern) )?"
    r"(?i:writer|reporter|correspondent|contributor|columnist|editor)s?(?: in [A-Z]\w+)?)?"
    r"(?P<rest>,.{0,40})?"
)


@dataclass(frozen=True, slots=True)
class Byline:
    """The writers in a byline, and what says that they wrote."""

    names: tuple[str, ...]
    is_sure: bool
    """Whether a job, roles or an address says that it is a byline; a post alone does not."""
    has_roles: bool = False
    by_machine: bool = False


@dataclass(slots=True)
class _Person:
    name: str
    roles: tuple[str, ...]


@dataclass(slots=True)
class _State:
    """State of reading a line: the people, roles and jobs of its segments so far."""

    people: list[_Person] = field(default_factory=list)
    helpers: list[str] = field(default_factory=list)  # who took the pictures, edited, translated
    roles: list[str] = field(default_factory=list)
    is_open: bool = False  # roles without a name so far
    pairs: int = 0
    signed: bool = False
    job: bool = False
    post: bool = False
    machine: bool = False
    helper_job: bool = False
    helped: bool = False
    is_wide: bool = False  # a helper who is no single name


def is_full_name(name: str) -> bool:
    """Whether ``name`` is built like a Korean name: a surname, and one or two syllables."""
    return _FULL_NAME.fullmatch(name) is not None


def is_post(word: str) -> bool:
    """Whether ``word`` is the post of a writer, or where someone has one: ``교수``, ``나래대``."""
    return (
        _POST.fullmatch(word) is not None
        or _AFFILIATION.fullmatch(word) is not None
        or is_profession(word)
    )


def is_profession(word: str) -> bool:
    """Whether ``word`` is built like the name of a profession: ``생태학자``, ``등반가``.

    No personal name is one, no name of another language, no price and no street, and none of
    the words for people who only take part in something: ``참가자``.
    """
    return (
        _PROFESSION.fullmatch(word) is not None
        and not _NO_PROFESSION.search(word)
        and (word.endswith("가") or not is_full_name(word))
        and not any(map(_is_of_loans, word[-_ENDING:]))
    )


_ENDING = 3  # syllables that say what a word is
_PROFESSION = re.compile(r"[가-힣]{2,10}(?:자|가|인)")
_NO_PROFESSION = re.compile(
    r"(?:관계|참가|참석|참여|당사|피해|가해|소비|사용|이용|후보|당선|수상|유권|지원|응시|합격|생존|사망|부상|확진|환"
    r"|희생|목격|제보|구독|가입|투자|방문|출연|진행|시청|수혜|대상|담당|보호|책임|주최|주도|경쟁|선두|독|저|필|남|여"
    r"|휴직|실직|퇴직|은퇴|장애|고령|청취|입주|임차|임대|거주|탑승|운전|보행|노숙|체류|이주|배우|동반|후원|상속|두|세)자$"
    r"|(?:물|시|고|저|정|원|단|평|국|증|추|허|휴|종|주|대학|번화|주택|학원|상점|유흥|증권|정치권|연예|극장|분양|매매"
    r"|감정|공시|최고|최저|중|전세|[나이라다니마바하]|판매|매입|출고|유족|초청|경매|낙찰)가$"
    r"|(?:개|본|노|확|승|할|주|성|신|원|증|요|타|살|범|죄|포로|외국|내국|한국|일본|중국|미국|독일|러시아|영국|유럽|현지"
    r"|피고|고소|고발|참고|대리|수신|발신|장애|일반|현대|민간|비장애|자연|귀|부|군|온라|디자|라)인$"
)


def _is_of_loans(syllable: str) -> bool:
    """Whether a syllable occurs in loan words and foreign names only: ``슈``, ``트``, ``텐``.

    Words of Chinese origin, as most professions are, have no open ㅡ and hardly any ㅋ.
    """
    first, rest = divmod(ord(syllable) - ord("가"), 588)
    vowel, last = divmod(rest, 28)
    return (
        first in _DOUBLED
        or (vowel == _EU and last == 0)
        or (first == _KIEUK and vowel != _WAE)
        or (first in _ASPIRATED and vowel in _OF_LOANS)
        or (first in _HISSED and vowel in _ROUND)
        or last in _LOAN_ENDS
    )


# Places in the order of Unicode: ㄲㄸㅃㅆㅉ, ㅋ, ㅌㅍ, ㅅㅈㅊ; ㅡ, ㅙ, ㅓㅔㅟ, ㅑㅒㅛㅠ; ㄷ, ㅅ.
_DOUBLED = frozenset({1, 4, 8, 10, 13})
_KIEUK, _ASPIRATED, _HISSED = 15, frozenset({16, 17}), frozenset({9, 12, 14})
_EU, _WAE = 18, 10
_OF_LOANS = frozenset({4, 5, 16})
_ROUND = frozenset({2, 3, 12, 17})
_LOAN_ENDS = frozenset({2, 3, 5, 6, 7, *range(9, 16), 18, 19, 20, *range(22, 28)})


def usual_case(name: str) -> str:
    """Return a name in capitals as it is written in a text: ``Han So-ri`` for ``HAN SO-RI``."""
    words = name.split()
    if not _CAPITALS.fullmatch(name):
        return name
    is_korean = "-" in name and not _ROMAN_SURNAMES.isdisjoint({words[0], words[-1]})
    return " ".join(_usual_word(word, at > 0, is_korean) for at, word in enumerate(words))


def _usual_word(word: str, is_later: bool, is_korean: bool) -> str:  # noqa: FBT001
    if re.fullmatch(r"(?:[A-Z]\.)+[A-Z]?|[IVX]+|[^AEIOUY.]{2}(?<!NG)(?<!JR)", word):
        return word  # J.R., III, DJ
    if is_later and word in {"VAN", "VON", "DE", "DER", "DEN", "DA", "DI", "BIN", "ZU"}:
        return word.lower()
    parts = word.split("-")
    rest = map(str.lower if is_korean else str.capitalize, parts[1:])
    shown = "-".join([parts[0].capitalize(), *rest])
    return re.sub(r"^(Mc|O['’])([a-z])", lambda one: one[1] + one[2].upper(), shown)


_CAPITALS = re.compile(r"[A-Z][A-Z.'’-]*(?: [A-Z][A-Z.'’-]*){1,3}")
_ROMAN_SURNAMES = listed(
    """
    KIM LEE YI RHEE PARK PAK BAK CHOI CHOE JUNG JEONG CHUNG KANG GANG CHO JO YOON YUN JANG CHANG
    LIM IM RIM HAN OH SEO SUH SHIN SIN KWON GWON HWANG AHN AN SONG RYU RYOO YOO YU HONG JEON JUN
    CHUN KO KOH GO MOON MUN SON SOHN YANG BAE PAE PAIK BAEK HUH HEO HUR NAM SHIM SIM NOH ROH NO HA
    JOO JU CHU KOO KU GU BYUN CHAE DO DOH EOM UHM GIL GONG KONG HAM HYUN HYEON JIN CHIN JI CHI
    KWAK GWAK MA MAENG MIN NA RA PYO SEOL SUNG SEONG SO TAK WOO U YEO YEOM YEON WANG BANG BONG CHA
    WON WI YOUM NAMGUNG HWANGBO SEONWOO JEGAL
    """
)


def is_machine(name: str) -> bool:
    """Whether ``name`` is that of a program that writes: ``나래봇``, ``AI``."""
    return _MACHINE.fullmatch(name) is not None


def team_of(line: str) -> str | None:
    """Return the desk that a line names instead of a person: ``디지털뉴스팀``."""
    name = _ADDRESS.sub("", line).strip(" /|=()[]<>")
    outlet, _, own = _AFTER_OUTLET.sub(" ", name).partition(" ")
    if len(outlet) > _SHORT_OUTLET and OUTLET.search(outlet) and _TEAM.fullmatch(own):
        return own  # 가람일보 온라인뉴스팀
    return name if _TEAM.fullmatch(name) else None


_AFTER_OUTLET = re.compile(r"\s*[=|ㅣ/]\s*|\s+")
_SHORT_OUTLET = 2  # 뉴스 편집부 has no outlet in front


def parse_byline(line: str) -> Byline | None:
    """Return the writers that ``line`` names; ``None`` if it is anything but a byline."""
    if len(line) > _LONGEST:
        return None
    bare = _ADDRESS.sub(" ", line)
    has_mail = bare != line
    if english := _english(" ".join(bare.split()), has_mail=has_mail):
        return english
    state = _read_line(line)
    parsed = None if state is None else _judged(state, has_mail=has_mail)
    if parsed is None or not _APART.search(line):
        return parsed
    apart = {match[0].replace(" ", ""): match[0] for match in _APART_NAME.finditer(line)}
    return replace(parsed, names=tuple(apart.get(name, name) for name in parsed.names))


def helpers_of(line: str) -> tuple[str, ...]:
    """Return whom ``line`` names as photographer, editor, translator or the like."""
    state = _read_line(line) if len(line) <= _LONGEST else None
    pictured = (match["name"] for match in _PICTURED.finditer(line))
    return tuple(dict.fromkeys([*(state.helpers if state else ()), *pictured]))


def _read_line(line: str) -> _State | None:
    """Return the people and roles of a line; ``None`` if a part of it is no byline."""
    bare = _COMPANY.sub(r"\1법인", _APART.sub(r"\1", _ADDRESS.sub(" ", line)))
    prepared = _without_brackets(" ".join(bare.split()))
    if prepared is None:
        return None
    bare, described = prepared
    bare = _MORE.sub("", bare.strip(_MARKS))
    tokens = _TOKEN.findall(bare)
    if not tokens or not (_HANGUL.search(bare) or _MACHINE.match(bare)):
        return None
    state = _State(post=described)
    postfix = is_role(tokens[-1]) and not (is_role(tokens[0]) or _SIGNS & set(tokens))
    for segment in _segments(tokens, postfix=postfix):
        if not _read(segment, state):
            return None
    if postfix and state.is_open:
        state.pairs += 1  # 한여울 글·사진
    return state


def _judged(state: _State, *, has_mail: bool) -> Byline | None:
    """Return the byline that the segments of a line make, if they are evidence enough."""
    job = state.job or state.helper_job
    signed = state.signed or job or not _SURE_ROLES.isdisjoint(state.roles)
    has_roles = state.pairs > 1 or (state.pairs > 0 and signed)
    if state.machine and not any(is_full_name(one.name) for one in state.people):
        return Byline((), is_sure=True, by_machine=True)
    if not (state.people or (has_roles and state.helped)):
        return None
    whole = all(_is_whole(one.name) for one in state.people)
    if not state.people and state.pairs == 1 and not job and state.is_wide:
        return None  # 자료: 나래시청 통계과
    named_only = any(not one.roles for one in state.people)
    if named_only and not (state.job or has_mail or (state.post and not state.helped)):
        return None  # 한여울 사진=박다솜 기자: who is in the picture
    is_sure = job or has_roles or (has_mail and whole)
    if not is_sure and not (state.post and whole):
        return None
    writers = [one for one in state.people if not one.roles or _WRITES & set(one.roles)]
    return Byline(tuple(dict.fromkeys(one.name for one in writers)), is_sure, has_roles)


def _is_pen_name(word: str) -> bool:
    """Whether a word alone behind ``글 |`` can name a writer: none of a menu or a desk."""
    known = NO_NAME | PLACES | _RANKS
    return bool(_PEN_NAME.fullmatch(word)) and not (word in known or is_post(word))


_PEN_NAME = re.compile(r"[가-힣]{2,4}(?<![부팀국실])")


def _is_whole(name: str) -> bool:
    return is_full_name(name) and len(name) > 2


def _english(bare: str, *, has_mail: bool) -> Byline | None:
    """Return the writers in an English byline: ``By Ann Lee``, ``Ann Lee, staff writer``."""
    plain = re.sub(r"[(\[<]\s*[)\]>]", "", _ENGLISH_HELP.sub("", bare)).strip(" |/,;-–—<>()[]")
    match = _ENGLISH.fullmatch(plain)
    if not match or not (match["by"] or (not match["rest"] and (match["rank"] or has_mail))):
        return None
    names = [name for name in re.split(_AND, match["names"]) if not _ENGLISH_OUTLET.search(name)]
    return Byline(tuple(dict.fromkeys(names)), is_sure=True) if names else None


def english_byline(line: str) -> bool:
    """Whether ``line`` is an English byline: ``By Ann Lee and Bob Kim``."""
    if len(line) > _LONGEST:
        return False
    bare = " ".join(_ADDRESS.sub(" ", line).split())
    return _english(bare, has_mail="@" in line) is not None


def _without_brackets(line: str) -> tuple[str, bool] | None:
    """Return a line without brackets, and whether one of them names a post.

    Brackets around the line, or around an outlet or a place before it, say nothing; an age in
    brackets makes the line anything but a byline.
    """
    whole = _BRACKETED.fullmatch(line)
    if whole:
        return whole["inside"].strip(), False
    described = False
    for match in list(_BRACKETED.finditer(line)):
        inside = match["inside"].strip()
        words = inside.split()
        if any(char.isdigit() for char in inside) and not line[: match.start()].endswith("기자"):
            return None
        if match.start() > 0 and words and _POST.fullmatch(re.split(r"[·ㆍ,/]", words[-1])[0]):
            described = True
        elif match.start() == 0 and _JOBS.search(inside):
            return f"{inside} {line[match.end() :]}".strip(), described
        elif match.start() > 0 and len(inside) > _REMARK:
            return None
    bare = _BRACKETED.sub(" ", line)
    return (bare, described) if not re.search(r"[\[\](){}<>【】]", bare) else None


_REMARK = 16  # characters in brackets behind a name


def _segments(tokens: Sequence[str], *, postfix: bool) -> Iterator[list[str]]:
    """Yield the words between separators; a role begins a segment, or with ``postfix`` ends one."""
    segment: list[str] = []
    for token in tokens:
        if token in _SEPARATORS:
            yield segment
            segment = [token] if token in _DIVIDERS else []
        elif postfix and is_role(token):
            yield [token, *segment] if segment else [token]
            segment = []
        elif is_role(token) and segment and segment[-1] not in _SIGNS:
            yield segment
            segment = [token]
        else:
            segment.append(token)
    yield segment


def is_role(word: str) -> bool:
    """Whether ``word`` says what people did for an article: ``글``, ``사진``."""
    return word.lower() in _WRITES | _HELPS


def _read(segment: list[str], state: _State) -> bool:
    """Read the words between two separators; return whether they belong to a byline."""
    words = list(segment)
    if words[:1] and words[0] in _DIVIDERS:
        words.pop(0)
        # 사진 박다솜 / 한여울 기자: the reporter is no second photographer.
        is_pen_name = state.roles == ["글"] and len(words) == 1 and _is_pen_name(words[0])
        if state.is_open and words and (_is_whole(words[0]) or is_pen_name):
            state.signed = True  # 글ㅣ한여울, 글 | 소다
        is_next = not (state.is_open or state.helper_job or is_role((words or [""])[0]))
        if is_next and words and _JOBS.fullmatch(words[-1]):
            state.roles = [role for role in state.roles if role in _WRITES]
    while words and (is_role(words[0]) or words[0] in _SIGNS):
        word = words.pop(0)
        if word in _SIGNS:
            state.signed = state.signed or bool(state.roles)
            continue
        if not state.is_open:
            state.roles = []
        state.signed = state.signed or state.is_open
        state.roles.append(word.lower())
        state.is_open = True
    if state.roles[-1:] and state.roles[-1] in _HEADS:
        state.roles = state.roles[-1:]  # 대담 발췌, 사진 제공
    if len(words) > 1 and words[-1] in _SIGNS and _JOBS.search(words[-2]):
        words.pop()  # 한여울 기자 =
    if not words:
        return True
    label, words = _labelled(words)
    if len(label) > _LABEL or "." in label:
        return False
    if state.roles and not _WRITES & set(state.roles):
        # Whoever took the pictures can be an office as well.
        named = len(words) <= _HELPERS and not any(one in _SIGNS for one in words)
        state.helper_job = state.helper_job or any(map(_JOBS.fullmatch, words))
        sourced = not _SOURCES.isdisjoint(state.roles)
        state.is_wide = sourced or len(words) != 1 or not is_full_name(words[0])
        state.helped = True
        state.helpers += [
            name
            for word in words
            if is_full_name(name := fused["name"] if (fused := _WITH_JOB.fullmatch(word)) else word)
            and name not in NO_NAME
            and not _JOBS.fullmatch(name)
        ]
        state.pairs += state.is_open
        state.is_open = False
        return named
    return _read_people(words, state, label=label)


_HELPERS = 5  # words
_LABEL = 14  # characters


_STRAY = 2  # words of a segment that are no name


def _labelled(words: list[str]) -> tuple[str, list[str]]:
    """Return the label and the sign that come first (``부산=``), and the words behind them.

    It is ``job`` for ``기자 = 한여울``, and empty without a label.
    """
    signs = [at for at, word in enumerate(words) if word in _SIGNS]
    if not signs:
        return "", words
    label = "job" if _JOBS.fullmatch(words[0]) else " ".join(words[: signs[-1]])
    return label, words[signs[-1] + 1 :]


def _read_people(words: list[str], state: _State, *, label: str) -> bool:
    """Read the names in the words of a segment, with their jobs or posts."""
    named: list[str] = []
    desks: list[str] = []
    others: list[str] = []
    job, post, machine = label == "job", False, False
    for word in words:
        if job and (is_role(word) or OUTLET.search(word)):
            continue
        if job and not _JOBS.fullmatch(word) and (named or not _is_whole(word)):
            return False  # 한여울 기자 기사 모음
        if _JOBS.fullmatch(word):
            job = True
        elif (match := _MACHINE.fullmatch(word)) is not None:
            machine, job = True, job or bool(match["job"] or match["bot"])
        elif fused := _WITH_JOB.fullmatch(word):
            name = fused["name"]
            is_new = not (named and is_full_name(named[0])) or _is_whole(name)
            if is_new and name not in NO_NAME | _RANKS | PLACES:
                named.append(name)
            job = True
        elif word in _RANKS or word in PLACES or _PLACE.fullmatch(word):
            continue
        elif _is_post_in(word, named):
            post = True
        elif _is_name(word):
            named.append(word)
        elif _DESK.fullmatch(word):
            desks.append(word)
        elif OUTLET.search(word) and len(word) > 2:
            continue
        elif re.fullmatch(r"[가-힣A-Za-z]{1,14}", word):
            others.append(word)
        else:
            return False
    if machine and job and not any(is_full_name(one) for one in named):
        state.machine = state.job = True
        return True
    if job and state.people and not (named or desks or others):
        state.job = True  # 한여울 / 객원기자
        return True
    if post and not named and all(map(_WRITER.fullmatch, words)):
        state.post = True  # 시인·문학평론가 한여울
        return True
    if job:
        found = _with_job(named, desks, words)
    elif post:
        holder = None if label else _with_post(named, words)  # 출연: 한여울 교수
        if holder is None or not (holder or state.people):
            return False
        found = holder
        state.post = True
    elif state.post and not (len(words) == 1 and named and len(named[0]) > 2):
        return True  # 법무법인 나래, behind a lawyer
    else:
        if others or desks:
            return False
        if (label or len(named) > 1) and not all(map(is_full_name, named)):
            return False
        found = named
    if job and (not found or len(others) + len(named) - len(found) > _STRAY):
        return False
    state.job = state.job or job
    state.pairs += state.is_open
    state.is_open = False
    state.people += [_Person(name, tuple(state.roles)) for name in found]
    return True


def _is_post_in(word: str, named: Sequence[str]) -> bool:
    """Whether a word of a segment is a post, where ``named`` are the names in front of it."""
    if is_profession(word):
        return _WRITER.fullmatch(word) is not None or len("".join(named[:1])) > _STRAY
    listed_post = _POST.fullmatch(word) is not None
    return listed_post and (bool(named) or word in _EXACT_POST or not is_full_name(word))


def _is_name(word: str) -> bool:
    return (
        _HANGUL.fullmatch(word) is not None
        and word not in NO_NAME
        and not (OUTLET.search(word) and len(word) > 2)
        and not (_DESK.fullmatch(word) and not (is_full_name(word) and word[-1] not in "부팀국"))
        and word not in _EXACT_POST
        and (is_full_name(word) or not _POST.fullmatch(word))
    )


def _with_job(named: list[str], desks: list[str], words: Sequence[str]) -> list[str]:
    """Return who has the job at the end of a segment: all alike, or the last one.

    한여울 박다솜 기자 are two, and so are 한솔 보리 기자; 나래마을 한여울 기자 is one.
    """
    end = next((at for at, word in enumerate(words) if _JOBS.fullmatch(word)), 0)
    if desks and end and words[end - 1] == desks[-1]:  # 한여울 사회부 기자, 디지털뉴스팀 기자
        return [one for one in named if is_full_name(one)] or [" ".join(words[:end])]
    if not named:
        return []
    if any(map(_is_whole, named)):
        return [one for one in named if is_full_name(one)]
    return named if {len(one) for one in named} == {2} else named[-1:]


def _with_post(named: list[str], words: Sequence[str]) -> list[str] | None:
    """Return who has the post in a segment; ``None`` if it is no name with a post.

    한여울 나래대 교수, 여행작가 한여울; a post alone describes whoever is before it.
    """
    before = all(_WRITER.fullmatch(one) or _DESK.fullmatch(one) for one in words[:-1])
    if named == words[-1:] and before and any(map(_WRITER.fullmatch, words[:-1])):
        return named
    if not (_POST.fullmatch(words[-1]) or is_profession(words[-1])):
        return None
    if not named or not is_full_name(named[0]) or words[0] != named[0]:
        return []
    between = words[1:-1]
    if named[0].endswith("대"):
        return []  # 나래대 교수, 나래대 사회학과 교수
    known = all(
        _AFFILIATION.fullmatch(one) or _POST.fullmatch(one) or one in PLACES for one in between
    )
    return named[:1] if known and named[0][-1] not in "가는를" else None
