"""Korean words and endings that mark roles, doubt, time and the bounds of clauses."""

from __future__ import annotations

from geungeo.rag.grounding.wordlist import listed

NOMINAL = listed("NNG NNP NNB NR NP SL SH SN XR XPN XSN SW MM W_SERIAL")
PREDICATE = frozenset({"VV", "VA"})
MAKES_VERB = frozenset({"XSV", "XSA"})
PASSIVE = frozenset({"되", "당하", "받", "지"})
# Verbs that only lend a noun its voice: 거절 당하다, 항의를 받다 stays a full verb.
SUPPORT = frozenset({"당하", "받"})
DEMONSTRATIVE = frozenset({"이", "그", "저", "두", "양"})
# When something happens, in words that move with the day of writing.
TIME = listed(
    "최근 현재 당시 이후 이전 동안 올해 지난해 작년 내년 오늘 어제 내일 지난달 이달 무렵 초 "
    "말 중순 이번 지난 당초 애초 이날 지금 이제 전날 다음날 그동안 앞서"
)
ROLE = {"JKS": "subject", "JKC": "complement", "JKO": "object", "JKG": "genitive", "JC": "and"}
TOPIC = frozenset({"은", "는", "ᆫ", "도", "만"})
# Endings that say that something is not (yet) so: to be, wanted, asked for, supposed.
UNREAL_ENDING = listed(
    "ᆯ 을 겠 려 려고 으려 으려고 고자 도록 면 으면 라 라고 으라고 자고 ᆯ지 을지 어야 아야 러 "
    "ᆯ까 을까 라는 으라는 ᆯ지도"
)
UNREAL_WORD = listed(
    "전망 예정 계획 방침 가능 가능성 소문 후문 뒷얘기 추정 조짐 관측 예상 우려 기대 검토 "
    "논의 고려 노력 시도 추진 위하 방안 목표 의혹 내다보 추측 기대하 싶 모양 징조 전망하 "
    "예고 루머 위기"
)
# Nouns that make what stands before them somebody's word: 죽었다는 이야기.
HEARSAY = listed("이야기 얘기 말 설 주장 의견 분석 보도 지적 평가 입장 소식 견해 오해")
BOUND = frozenset({"NNB", "XSN", "VX", "MAG"})
CLOSING = frozenset({"ETM", "ETN"})
# Verbs that work as postpositions: N에 대한, N을 위해, N에 따르면.
POSTPOSITION = frozenset({"대하", "위하", "관하", "따르", "의하", "인하", "통하", "향하", "비하"})
# Endings that leave tense and doubt to the clause that follows.
LEANS = frozenset({"고", "며", "으며", "어", "아", "어서", "아서", "고서"})
CONTRAST = frozenset({"지만", "으나", "나", "는데", "ᆫ데", "은데"})
# What a clause before these words says fills none of its roles.
NO_HEAD = listed("것 데 바 사실 뒤 후 때 이유 수 만큼 정도 동안 점 중 방법 적 줄 채 대로")
QUOTATIVE = ("다고", "라고", "냐고", "자고", "다며", "라며", "다면서", "라면서", "다는", "라는")
PRONOUN = listed("그녀 이들 그들 양사 양측 자신 나 우리")
