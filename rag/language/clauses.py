"""Shallow parser: turns Korean morphemes into facts (predicate, subject, object).

Korean marks roles by particles and puts predicates last, so one pass from left to right
suffices: noun phrases are collected until a predicate takes them. Relative, quotative and
nominal clauses keep their own subject; a topic (은/는) applies to the end of the sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from geungeo.rag.language.morphemes import Morpheme
from geungeo.rag.language.vocabulary import VOICES
from geungeo.rag.text import listed

NOMINAL = listed("NNG NNP NNB NR NP SL SH SN XR XPN XSN SW MM W_SERIAL")
PREDICATE = frozenset({"VV", "VA"})
MAKES_VERB = frozenset({"XSV", "XSA"})
PASSIVE = frozenset({"되", "당하", "받", "지"})
# Support verbs, which only give a noun its voice: 거절 당하다. In 항의를 받다 it is a full verb.
SUPPORT = frozenset({"당하", "받"})
DEMONSTRATIVE = frozenset({"이", "그", "저", "두", "양"})
# Relative time words: their date depends on the day of writing.
TIME = listed(
    "최근 현재 당시 이후 이전 동안 올해 지난해 작년 내년 오늘 어제 내일 지난달 이달 무렵 초 "
    "말 중순 이번 지난 당초 애초 이날 지금 이제 전날 다음날 그동안 앞서"
)
SEASON = listed(
    "봄 여름 가을 겨울 상반기 하반기 연말 연초 주말 월요일 화요일 수요일 목요일 금요일 토요일 "
    "일요일"
)
ROLE = {"JKS": "subject", "JKC": "complement", "JKO": "object", "JKG": "genitive", "JC": "and"}
TOPIC = frozenset({"은", "는", "ᆫ", "도", "만"})
# Endings that mark something as not (yet) real: planned, wanted, requested, supposed.
UNREAL_ENDING = listed(
    "ᆯ 을 겠 려 려고 으려 으려고 고자 도록 면 으면 라 라고 으라고 자고 ᆯ지 을지 어야 아야 러 "
    "ᆯ까 을까 라는 으라는 ᆯ지도"
)
UNREAL_WORD = listed(
    "전망 예정 계획 방침 가능 가능성 소문 후문 뒷얘기 추정 조짐 관측 예상 우려 기대 검토 "
    "논의 고려 노력 시도 추진 위하 방안 목표 의혹 내다보 추측 기대하 싶 모양 징조 전망하 "
    "예고 루머 위기"
)
# Nouns that mark the clause before them as hearsay: 죽었다는 이야기.
HEARSAY = listed("이야기 얘기 말 설 주장 의견 분석 보도 지적 평가 입장 소식 견해 오해")
BOUND = frozenset({"NNB", "XSN", "VX", "MAG"})
CLOSING = frozenset({"ETM", "ETN"})
# Verbs that work as postpositions: N에 대한, N을 위해, N에 따르면.
POSTPOSITION = frozenset({"대하", "위하", "관하", "따르", "의하", "인하", "통하", "향하", "비하"})
# Endings that take tense and modality from the following clause.
LEANS = frozenset({"고", "며", "으며", "어", "아", "어서", "아서", "고서"})
_REASONS = frozenset({"어", "아", "어서", "아서"})
# Endings after which the subject stays the same.
SAME_SUBJECT = frozenset(
    {"고", "며", "으며", "면서", "으면서", "어", "아", "여", "어서", "아서", "고서", "려고", "려"}
)
CONTRAST = frozenset({"지만", "으나", "나", "는데", "ᆫ데", "은데"})
# Nouns for what is between two parties.
RELATIONS = tuple(
    listed(
        "합병 결합 통합 협상 회담 관계 갈등 다툼 분쟁 소송 차이 격차 협약 협력 제휴 합의 계약 동맹 "
        "교류 경쟁 대결 경기 전쟁 사이"
    )
)
# Nouns that make an adverbial of the words before them.
_ADVERBIAL = listed("동안 가운데 당시 직후 직전 도중 뿐")
# Bound nouns that fill no role of the relative clause before them.
NO_HEAD = listed("것 데 바 사실 뒤 후 때 이유 수 만큼 정도 동안 점 중 방법 적 줄 채 대로")
QUOTATIVE = ("다고", "라고", "냐고", "자고", "다며", "라며", "다면서", "라면서", "다는", "라는")
# Endings of a question, also where it is quoted: 필요가 있느냐고.
ASKING = ("느냐", "냐", "으냐", "는가", "ᆫ가", "은가", "ᆯ까", "을까", "나요", "ᆸ니까", "습니까")
PRONOUN = listed("당사 저희 그녀 이들 그들 양사 양측 자신 나 우리")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase: its ``words``, and the ``owners`` before 의."""

    words: tuple[str, ...]
    owners: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join(self.words)


@dataclass(slots=True)
class Fact:
    """A predicate at character ``start``, with the phrases that fill its roles.

    ``topics`` may be subject or object; ``weak`` are subjects that only may be meant, as a
    relative clause may be about its head or about the sentence's topic; ``carried`` are the
    subjects taken over from an earlier clause; ``own`` are those that the clause itself names.
    ``firm`` says that the clause whose subject is carried over leads on with the same subject.
    ``decided`` says that it is unreal only because it is settled and not yet done (-기로 했다);
    ``past`` that it is stated as done or going on (했다, 하고 있다).
    """

    predicate: str
    start: int = 0
    subjects: list[Phrase] = field(default_factory=list)
    objects: list[Phrase] = field(default_factory=list)
    topics: list[Phrase] = field(default_factory=list)
    others: list[tuple[str, Phrase]] = field(default_factory=list)
    bare: list[Phrase] = field(default_factory=list)
    denied: bool = False
    unreal: bool = False
    decided: bool = False
    past: bool = False
    asked: bool = False
    firm: bool = False
    ending_form: str = ""
    leans: bool = False
    passive: bool = False
    copula: bool = False
    ending: str = ""
    contrast: bool = False
    weak: list[Phrase] = field(default_factory=list)
    carried: list[Phrase] = field(default_factory=list)
    own: list[Phrase] = field(default_factory=list)
    head: Phrase | None = None


def facts(morphemes: Sequence[Morpheme]) -> list[Fact]:
    """Return the facts of one sentence, in order."""
    return _Parser(morphemes).run()


class _Parser:
    def __init__(self, morphemes: Sequence[Morpheme]) -> None:
        self._all = morphemes
        self._words: list[list[Morpheme]] = []
        self._coordinated: list[Phrase] = []
        self._owners: tuple[str, ...] = ()
        self._pending: list[tuple[str, Phrase]] = []
        self._topics: list[Phrase] = []
        self._earlier: list[Phrase] = []
        self._speakers: list[Phrase] = []
        self._carried: list[Phrase] = []
        self._relative: Fact | None = None
        self._found: list[Fact] = []
        self._only = False

    def run(self) -> list[Fact]:
        at = 0
        while at < len(self._all):
            at = self._step(at)
        self._flush("bare")
        self._inherit()
        return self._found

    def _step(self, at: int) -> int:
        morpheme = self._all[at]
        tag = morpheme.tag.split("-")[0]
        after = self._all[at + 1] if at + 1 < len(self._all) else None
        if self._is_ending(at):
            self._found[-1].ending, self._found[-1].ending_form = "EC", "는데"
            self._relative = None
        elif tag in NOMINAL:
            self._add(morpheme)
        elif tag in MAKES_VERB and self._words:
            return self._predicate(at, self._pop())
        elif tag in {"VCP", "VCN"}:
            return self._copula(at, tag)
        elif tag == "VA" and morpheme.form in {"있", "없"} and self._possibility():
            return at + 1
        elif tag == "VV" and morpheme.form in POSTPOSITION:
            return self._postposition(at)
        elif tag == "VV" and morpheme.form == "오" and self._coming(at):
            self._flush("bare")
            return at + 2
        elif tag in PREDICATE:
            if morpheme.form in SUPPORT and self._words:
                return self._predicate(at, self._pop(), passive=True)
            return self._predicate(at, morpheme.form)
        elif tag.startswith("J"):
            self._particle(at, tag, after)
        elif tag == "SP":
            self._comma()
        elif morpheme.form == "없이":
            return self._predicate(at, "없")
        elif tag in {"MAG", "MAJ", "SF", "SE", "SS"}:
            self._flush("bare")
        return at + 1

    def _is_ending(self, at: int) -> bool:
        """Whether 데 is part of the ending 는데: 털어놓았는데 임원이, not 터놓는 데 힘쓴 임원이."""
        morpheme, before = self._all[at], self._all[at - 1] if at else None
        return (
            morpheme.form == "데"
            and before is not None
            and before.tag == "ETM"
            and before.end == morpheme.start
            and self._relative is not None
        )

    def _coming(self, at: int) -> bool:
        """Whether 오는 says when (오는 9월, 오는 봄) and is no clause."""
        after = self._all[at + 1 : at + 3]
        return (
            len(after) == 2
            and after[0].tag == "ETM"
            and (after[1].tag == "SN" or after[1].form in SEASON)
        )

    def _add(self, morpheme: Morpheme) -> None:
        if self._words and self._words[-1][-1].end == morpheme.start:
            self._words[-1].append(morpheme)
        else:
            self._words.append([morpheme])

    def _pop(self) -> str:
        word = "".join(m.form for m in self._words.pop())
        self._flush("bare")
        self._owners = ()
        return word

    def _possibility(self) -> bool:
        """Whether 있다/없다 belongs to 수 (수 있다, 수 없다) and so is no predicate of its own."""
        if self._words and self._words[-1][-1].form == "수":
            self._words = []
            return True
        return bool(self._pending) and self._pending[-1][1].words[-1] == "수"

    def _comma(self) -> None:
        if self._words:
            self._coordinated.append(self._phrase())

    def _adverbial(self) -> None:
        """Set a time or a whole apart from the noun after it: 금어기 동안 어민들이."""
        ends = [at for at, word in enumerate(self._words[:-1]) if word[-1].form in _ADVERBIAL]
        if not ends:
            return
        rest = self._words[ends[-1] + 1 :]
        role = f"by:{self._words[ends[-1]][-1].form}"
        self._words = self._words[: ends[-1]]
        if self._words:
            self._pending.append((role, self._phrase()))
        self._words = rest

    def _phrase(self) -> Phrase:
        words = tuple("".join(m.form for m in word if m.form != "들") for word in self._words)
        if len(words) > 2 and words[0] in DEMONSTRATIVE and words[1] in TIME:
            words = words[2:]  # 이 무렵 오픈AI는
        phrase = Phrase(tuple(w for w in words if w), self._owners)
        self._words, self._owners = [], ()
        if self._relative is not None and phrase.words:
            if not (set(phrase.words) & (UNREAL_WORD | NO_HEAD)):
                self._relative.head = phrase
            self._relative = None
        return phrase

    def _particle(self, at: int, tag: str, after: Morpheme | None) -> None:
        morpheme = self._all[at]
        if tag == "JX":
            if after and after.tag.startswith("JK") and after.start == morpheme.end:
                return  # 만을, 까지의: the case particle that follows decides
            # 에게는: the case particle came before; 는 alone marks the topic.
            self._flush("topic" if morpheme.form in TOPIC else "bare")
            return
        if tag == "JC":
            self._comma()
            return
        if tag == "JKG":
            if self._words:
                self._adverbial()
                phrases = [self._phrase()]
                if self._relates(at + 1):
                    phrases = [*self._coordinated, *phrases]
                    self._coordinated = []
                owners = [word for phrase in phrases for word in (*phrase.owners, *phrase.words)]
                self._owners = tuple(w for w in owners if not any(c.isdigit() for c in w))
            return
        if tag in {"JKB", "JKQ"}:
            self._flush(f"by:{_family(morpheme.form)}")
            return
        self._flush(ROLE.get(tag, "bare"))

    def _relates(self, at: int) -> bool:
        """Whether the noun that begins at ``at`` is of both: 가람통신과 바른통신의 합병."""
        end = at
        while end < len(self._all) and self._all[end].tag in NOMINAL:
            end += 1
        return "".join(m.form for m in self._all[at:end]).endswith(RELATIONS)

    def _flush(self, role: str) -> None:
        self._adverbial()
        phrases = self._coordinated
        self._coordinated = []
        if self._words:
            phrases = [*phrases, self._phrase()]
        for phrase in phrases:
            if not phrase.words:
                continue
            if role == "topic" and all(word in TIME for word in phrase.words):
                role = "bare"  # 올해는 is a time; the topic of the sentence stays the same
            if role == "topic":
                # A contrasting topic in a later clause replaces the first.
                if self._found and not any(r == "topic" for r, _ in self._pending):
                    contrasts = self._found[-1].contrast
                    self._earlier = [] if contrasts else self._topics
                    self._carried = [] if contrasts else self._carried
                    self._topics = []
                    self._speakers = [] if contrasts else self._speakers
                if not self._topics and not self._speakers:
                    self._speakers = [phrase]
                self._topics.append(phrase)
            self._pending.append((role, phrase))

    def _copula(self, at: int, tag: str) -> int:
        if tag == "VCN":
            complement = [p for r, p in self._pending if r in {"complement", "subject"}]
            predicate = complement[-1].words[-1] if complement else "아니"
            self._pending = [(r, p) for r, p in self._pending if p not in complement[-1:]]
            end = self._predicate(at, predicate, copula=True)
            self._found[-1].denied = not self._found[-1].denied
            return end
        if not self._words:
            return at + 1
        if self._words[-1][-1].form == "중" and len(self._words) > 1:
            self._words.pop()  # 검토 중이다 is 검토하고 있다
            return self._predicate(at, self._pop())
        return self._predicate(at, self._pop(), copula=True)

    def _postposition(self, at: int) -> int:
        """Attach the noun before a postposition: an owner (N에 대한 M) or a purpose (N을 위해)."""
        if self._pending and self._pending[-1][0] in {"object", "by:to"}:
            _, phrase = self._pending.pop()
            after = self._all[at + 1] if at + 1 < len(self._all) else None
            if after and after.tag == "ETM":
                self._owners = (*self._owners, *phrase.words)
            else:
                self._pending.append((f"by:{self._all[at].form}", phrase))
        end = at + 1
        while end < len(self._all) and self._all[end].tag.startswith("E"):
            end += 1
        return end

    def _predicate(self, at: int, form: str, *, passive: bool = False, copula: bool = False) -> int:
        self._flush("bare")
        nothing = form == "없"
        passive = passive or form in VOICES or self._is_passive(at)
        form = VOICES.get(form, form)
        fact = Fact(
            "있" if nothing else form,
            self._all[at].start,
            denied=nothing,
            passive=passive,
            copula=copula,
        )
        before = self._all[at - 1] if at else None
        if before and before.tag == "MAG" and before.form in {"안", "못"}:
            fact.denied = not fact.denied
        if any(m.form == "밖에" and m.tag == "JX" for m in self._all[max(0, at - 4) : at]):
            self._only = True  # 하나밖에 없다 is 하나뿐이다
        end = self._tail(at + 1, fact)
        if self._only:
            fact.denied, self._only = False, False
        self._fill(fact)
        self._found.append(fact)
        if fact.ending == "ETM":
            self._relative = fact
        return end

    def _is_passive(self, at: int) -> bool:
        """Whether the verb gives its noun the passive voice; 심사를 받다 is what one does."""
        form = self._all[at].form
        return form in PASSIVE and not (
            form in SUPPORT and any(role == "object" for role, _ in self._pending)
        )

    def _tail(self, at: int, fact: Fact) -> int:
        """Read the endings, then look further ahead for words that make the fact unreal."""
        end = at
        past = False
        while end < len(self._all):
            m = self._all[end]
            tag = m.tag.split("-")[0]
            if tag == "EP":
                past = past or m.form in {"었", "았", "였"}
            elif tag == "VX":
                fact.passive = fact.passive or m.form == "지"
                past = past or m.form == "있"
            elif not (tag.startswith("E") or self._impossible(end)):
                break
            if tag in {"EC", "EF", "ETM", "ETN"}:
                # ‘MAI’라는 모델 names a thing; …했다는 and …이라고 report a speaker's words.
                reports = m.form.endswith(QUOTATIVE) and not _names(m, fact)
                fact.ending = "quote" if reports else tag
                # 이상이 없어 퇴원할 예정이다: a state is the reason of what follows.
                state = self._all[at - 1].tag in {"VA", "VCP", "VCN"} or fact.predicate == "있"
                # 예정이며 미룰 수 있다: what something is does not lean on what follows.
                alone = state and (m.form in _REASONS or self._all[at - 1].tag == "VCP")
                fact.leans = not past and m.form in LEANS and not alone
                fact.contrast = m.form in CONTRAST
                fact.ending_form = m.form
                fact.asked = m.form.startswith(ASKING)
            end += 1
            if tag in CLOSING:
                break
        fact.past = past
        if fact.ending == "ETN" and end < len(self._all) and self._all[end].form.endswith("로써"):
            fact.leans = not past
        self._look_ahead(at, fact)
        return end

    def _impossible(self, at: int) -> bool:
        """Whether the morpheme is part of 못 하다."""
        m, before = self._all[at], self._all[at - 1]
        return (m.form == "못" and m.tag == "MAG") or (m.form == "하" and before.form == "못")

    def _look_ahead(self, at: int, fact: Fact) -> None:
        previous = noun = ""
        for place, m in enumerate(self._all[self._past_contrast(at) :], self._past_contrast(at)):
            tag = m.tag.split("-")[0]
            if m.form in UNREAL_WORD and tag not in {"JKB"}:
                fact.unreal = True
            elif tag.startswith("E"):
                # 안전이 먼저라고 and 먼저라는 say what is; 하라고 and 하라는 demand it.
                demands = m.form.startswith("라") and not fact.copula
                if self._is_degree(place):
                    return  # 일축할 정도였다: it was done
                if demands or (m.form in UNREAL_ENDING and not m.form.startswith("라")):
                    fact.unreal = True
            elif m.form == "로" and previous == "기":
                # 제외하기로 결정했다: settled, if not done.
                fact.decided, fact.unreal = not fact.unreal, True
            elif m.form in HEARSAY and previous.endswith(("다는", "라는")):
                fact.unreal = True
            elif m.form == "말" and self._is_but(place):
                return  # 들지만, which Kiwi may read as 들지 만
            elif (
                (m.form in {"않", "못하", "말"} and tag == "VX")
                or (tag == "VCN" and previous in {"이", "은", "는", "도"})
                or (m.form == "못" and tag == "MAG")
                or (m.form == "없" and noun == "수")
                or (m.form == "대신" and fact.ending == "ETM")
                or (m.form == "보다" and previous.endswith("기"))  # 나빠졌다기보다
            ):
                fact.denied = not fact.denied
                if m.form == "없":
                    fact.unreal = False  # 바꿀 수 없다 is as sure as 바꾸지 못한다
            elif not (
                tag.startswith("J")
                or tag in BOUND
                or m.form in {"있", "것", "수", "하", "되"}
                or tag in {"VCP", "SSO", "SSC", "SS"}
            ):
                return
            previous = m.form
            noun = noun if tag.startswith("J") else m.form  # 할 수는 없다

    def _is_but(self, at: int) -> bool:
        """Whether 말 with an ending is the 만 of 지만."""
        following = self._all[at + 1 : at + 2]
        return (
            self._all[at - 1].form == "지"
            and self._all[at - 1].end == self._all[at].start
            and any(m.tag == "ETM" and m.start <= self._all[at].end for m in following)
        )

    def _is_degree(self, at: int) -> bool:
        """Whether the ending at ``at`` is that of 할 정도 or 할 만큼."""
        after = self._all[at + 1 : at + 2]
        return self._all[at].tag == "ETM" and any(m.form in {"정도", "만큼"} for m in after)

    def _past_contrast(self, at: int) -> int:
        """Skip 는가 하면 after a predicate, which joins two clauses and is no condition."""
        forms = [m.form for m in self._all[at : at + 3]]
        joins = len(forms) == 3 and forms[0].endswith("가") and forms[1:] == ["하", "면"]
        return at + 3 if joins and self._all[at].tag == "EC" else at

    def _fill(self, fact: Fact) -> None:
        own = [phrase for role, phrase in self._pending if role == "subject"]
        fact.own = [phrase for role, phrase in self._pending if role in {"subject", "topic"}]
        newly = any(role == "topic" for role, _ in self._pending)
        for role, phrase in self._pending:
            if role == "object":
                fact.objects.append(phrase)
            elif role.startswith("by:"):
                fact.others.append((role, phrase))
            elif role in {"bare", "complement"}:
                fact.bare.append(phrase)
        self._pending = []
        fact.topics = list(self._topics)
        embedded = fact.ending in {"ETM", "ETN", "quote"}
        if own:
            fact.subjects = own
        elif embedded:
            fact.weak = [*self._topics, *self._earlier, *self._carried]
        else:
            fact.subjects = [*self._topics, *self._carried]
            fact.carried = list(self._carried)
            closed = [f for f in self._found if f.ending not in {"ETM", "ETN", "quote"}]
            fact.firm = bool(closed) and closed[-1].ending_form in SAME_SUBJECT
        if embedded and newly and self._earlier:
            # The clause that the new topic opened has ended: restore the first topic.
            self._topics, self._earlier = [*self._earlier, *self._topics], []
        if fact.ending == "quote" and self._speakers:
            # 위원장은 돈은 메웠다고 설명했다: the new topic is of what is said.
            self._topics = list(self._speakers)
        if own and not embedded:
            self._carried = own

    def _inherit(self) -> None:
        """Add the heads of relative clauses; pass modality back to clauses ending in 하고/하며."""
        for fact in self._found:
            if fact.ending == "ETM" and fact.head is not None:
                if not fact.subjects:
                    fact.weak.append(fact.head)
                else:
                    fact.bare.append(fact.head)
        for at in reversed(range(len(self._found) - 1)):
            if self._found[at].leans and self._led_to(at).unreal:
                self._found[at].unreal = True

    def _has_comma(self, start: int, end: int) -> bool:
        return any(m.tag == "SP" and start < m.start < end for m in self._all)

    def _led_to(self, at: int) -> Fact:
        """Return the clause that the connective clause at ``at`` leads to.

        Clauses embedded in between (…할 수 없도록 한 계약을 맺은) are skipped, unless the main
        predicate is only the noun that they modify: 개발하고 판매할 계획이다. So is the condition
        of the next clause, after a comma: 예정이며, 비가 오면 미룰 수 있다.
        """
        before = self._found[at + 1]
        ended = self._has_comma(self._found[at].start, self._found[at + 1].start)
        for fact in self._found[at + 1 :]:
            if ended and fact.ending == "EC" and fact.ending_form.endswith(_IF):
                continue
            if fact.ending not in {"ETM", "ETN", "quote"}:
                empty = fact.predicate in UNREAL_WORD | HEARSAY | NO_HEAD
                return before if empty else fact
            before = fact
        return before


_IF = ("면", "거든")


def _names(ending: Morpheme, fact: Fact) -> bool:
    """Whether ``ending`` is the 라는 of a name: ‘MAI’라는 모델."""
    return fact.copula and ending.form in {"라는", "이라는", "란", "이란"}


def _family(form: str) -> str:
    if form in {"에게", "한테", "께", "에", "더러"}:
        return "to"
    if form in {"에서", "에게서", "한테서", "로부터", "으로부터", "서"}:
        return "from"
    if form in {"로", "으로", "로써", "으로써", "로서", "으로서"}:
        return "with"
    if form in {"와", "과", "하고", "랑", "이랑"}:
        return "and"
    return form


def is_pronoun(phrase: Phrase) -> bool:
    """Whether ``phrase`` refers back instead of naming: 그, 이 회사, 양측."""
    first = phrase.words[0]
    return first in DEMONSTRATIVE or first in PRONOUN


def mentioned(found: Iterable[Fact]) -> list[Phrase]:
    """Return every phrase of ``found``."""
    return [
        phrase
        for fact in found
        for phrase in (
            *fact.subjects,
            *fact.objects,
            *fact.topics,
            *fact.bare,
            *(other for _, other in fact.others),
        )
    ]
