"""Lines of a news article: which are body, captions, bylines, headings, and which are page.

Korean pages and their copies mark these parts by wording and symbols, not by tags, so all
readers share these rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from geungeo.rag.article import SectionKind
from geungeo.rag.readers.bylines import JOB, MAIL, NO_NAME, SPECIALIST, parse_byline
from geungeo.rag.readers.dates import DATE, DATES
from geungeo.rag.text import listed

Block = tuple[SectionKind, str]

SENTENCE_END = re.compile(r"[.!?…。！？]['\"’”“»」』)\]]*$")
# 했다, 해요, 합니까, 했음; as friends talk: 했어, 그래, 거든
_STATEMENT_END = re.compile(
    r"(?:[다요죠까오음함임어아야해래든네줘봐돼]|[a-z0-9])[.!?。]['\"’”“»」』)\]]*$|[。！？][」』）)]*$|。$"
)
# A date or a duration: 2025. 5. 18., 3 Min.
_NO_END = re.compile(r"\d{1,2}\s?[./]\s*\d{1,2}\s?\.$|\d\s?(?:[Mm]in|Std|hrs?)\.$")
# The end of a sentence, wherever it is in a text.
SENTENCE = re.compile(r"[^\s.!?][.!?](?=[\s\"'”’)]|$)|。")
_ENDS = re.compile(r"[가-힣a-z][.!?](?=\s|$|['\"’”)])")
_CREW_NAME = rf"(?!(?:{'|'.join(sorted(NO_NAME))})\s?(?:기자|에디터)|{SPECIALIST})"
REPORTER = re.compile(
    rf"{_CREW_NAME}(?P<name>[가-힣]{{2,4}}(?:[·ㆍ,/]\s?[가-힣]{{2,4}})*)(?:\s*{JOB}|\s+{SPECIALIST})(?![가-힣])"
)

# Caption

_CREDIT_WORD = (
    r"(?:자료\s*사진|사진|자료|출처|그래픽|이미지|영상|일러스트|삽화|캡처)(?:\s*(?:출처|제공))?"
)
_CREDIT = re.compile(rf"{_CREDIT_WORD}\s*[=:ⓒ/]|[(\[<]\s*자료\s*사진\s*[)\]>]|ⓒ")
_PROVIDED = re.compile(r"(?:^|[/(\[=〈<])\s*[가-힣A-Za-z0-9·\s]{2,24}\s제공\s*[)\]〉>.]?$")
_AGENCY = re.compile(
    r"[/=(\[]\s*(?:연합뉴스|뉴시스|뉴스1|AP|AFP|EPA|로이터|신화|[가-힣]{2,4}\s?(?:선임)?기자)\s*[)\]]?$"
)
_PICTURE = re.compile(r"재판매\s*및\s*DB\s*금지|^[(\[<〈]\s*(?:자료\s*)?사진\s*[)\]>〉]")
_POINTER = re.compile(r"^[▲△▼▽◀◁]")
_ASKED = re.compile(r"(?:\?|(?:[나까가]요?|[냐죠는은])\.)['\"’”)]*$")
_CAPTION_CHARS = 250
_SUBHEADS = frozenset("◇◆■□○●◎")

# Speakers and lists

_MARKS = "▶▷►▻■□◆◇○●◎▲△▼▽◀◁※•·∙▪\\-–—*"
TURN = re.compile(
    rf"^(?:[{_MARKS}]\s*)*(?:(?P<qa>[QA문답])\s*[.:)]|(?P<label>질문|답변)\s*[.:)]?"
    r"|(?P<name>[가-힣A-Za-z·]{1,10}(?:\s[가-힣A-Za-z·]{1,8}){0,2}(?:\([^)]{1,20}\))?)\s*[:：>＞])"
    r"\s*\S"
)
_NOT_A_SPEAKER = re.compile(
    rf"^(?:[{_MARKS}]\s*)*(?:{_CREDIT_WORD}|기사|제보|문의|입력|수정|승인|등록|송고|글|연락처)"
)
_LIST_ITEM = re.compile(rf"^(?:[{_MARKS}]|[①-⑳]|\d{{1,2}}[.)]\s|[가-하][.)]\s)")
_BARE_QUESTION = re.compile(rf"^[{_MARKS}]\s?[^:：]{{4,250}}\?['\"”’]?$")
_LABEL = re.compile(
    r"^[\[<◀【(]\s*(?:앵커(?:\s?(?:멘트|리포트))?|기자|리포트|인터뷰|녹취|아나운서|VCR)\s*[\]>▶】)]$"
)

# Lines of the page

_SYMBOLS = " \t·|,/:~<>〈〉[](){}【】「」▶▷►◀◁▲△▼▽■□◆◇○●☞→←↑↓+×✕…'\"“”‘’*#-–—=_"
_UI = listed(
    """
    광고 광고영역 반응형 ad advertisement 공유 공유하기 기사공유 sns공유 인쇄
    인쇄하기 프린트 스크랩 스크랩하기 기사스크랩하기 글자크기 글자크기조절
    글자크기변경 글자크기설정 글씨크기 글씨크기조절 가 가가 가가가 작게 크게 보통
    본문글씨키우기 본문글씨줄이기 글씨키우기 글씨줄이기 본문텍스트크기설정 폰트크기
    글자크기조정 기사본문영역 본문영역 기사본문 본문바로가기 기사내용 본문듣기
    기사듣기 한눈에보기 음성으로듣기 음성듣기 다시듣기 url복사 링크복사 주소복사
    url복사하기 복사하기 기사저장 기사url복사 카카오톡 카카오스토리 페이스북
    트위터 네이버블로그 네이버밴드 밴드 블로그 라인 facebook twitter
    kakaotalk x 메일 이메일 메일보내기 구독 구독하기 구독중 기자구독
    기자구독하기 채널구독 뉴스레터구독 알림받기 팔로우 좋아요 싫어요 응원하기 화나요
    슬퍼요 훈훈해요 후속기사원해요 추천 추천하기 북마크 저장 닫기 열기 더보기
    전체보기 목록 목록보기 목록으로 맨위로 위로 top 이전 다음 이전기사 다음기사
    이전기사보기 다음기사보기 홈 home 로그인 회원가입 마이페이지 검색 메뉴
    전체메뉴 번역 번역beta 요약 ai요약 요약봇 댓글쓰기 댓글보기 댓글닫기 신고
    신고하기 기사제보 제보하기 제보 다른기사보기 기자의다른기사보기 다른기사더보기
    이기자의다른기사 기자페이지 무단전재및재배포금지 기사원문 원문보기 원문 기사보기
    영상보기 이미지크게보기 사진확대 확대보기 이미지확대 이미지확대보기
    클릭하면확대됩니다 opencast 네이버뉴스스탠드 pdf보기 지면보기 다크모드
    원고료로응원하기 오탈자신고 관련사진보기 내방 클린뷰 음성재생설정 번역설정
    글자크기설정 요약보기 자동요약 사진 영상 동영상 관련사진 사진보기 동영상보기 좋아하기
    advertisementscrolltocontinue scrolltocontinue articlecontinuesbelow 기사수정
    구독신청 후원 후원하기 정기후원
    skip share print comments subscribe readmore linkcopied urlcopied copied
    링크가복사되었습니다 링크복사됨 주소가복사되었습니다 복사되었습니다 복사됨
    followus thisarticle
    """
)
_REACTIONS = listed(
    """
    댓글 조회 공감 비공감 추천해요 감동이에요 감동 놀라워요 후속강추 공감백배
    분석탁월 쏠쏠정보 흥미진진 기뻐요 유익해요 기대해요 재밌어요 후속기사원해요
    """
)
_SECTIONS = listed(
    """
    뉴스 정치 경제 사회 국제 세계 문화 연예 스포츠 오피니언 사설 칼럼 전국 지역 생활
    과학 산업 금융 증권 부동산 교육 건강 여행 환경 노동 북한 영상 포토 만화 날씨 랭킹
    전체 홈 속보 기획 연재 특집 사람 인물 it tech 테크 life 라이프
    """
)
# Labels of tabs that stand side by side: what to see, in which language, since when.
_TABS = listed(
    """
    기사 본문 댓글 포토 사진 영상 동영상 관련영상 관련기사 원문 요약 전문 인기 최신 추천 해설 자료
    한국어 영어 일본어 중국어 english 日本語 中文 简体中文 繁體中文 简体 繁體 español français
    1일 3일 7일 1주 1주일 1개월 3개월 6개월 1년 3년 5년 일간 주간 월간
    """
)
_UI_LINE = re.compile(
    r"^(?:#[^\s#]{1,20}\s*)+$"
    r"|^(?:홈|home|뉴스홈)\s*[>›»].{0,40}$"
    r"|^(?:댓글|좋아요|추천|공감|조회(?:수)?|비공감|스크랩|공유|view|hit)s?\s*[:(]?\s*[\d,]+\s*(?:개|건|회)?\)?$"
    r"|^[가-힣]{2,4}\s*기자(?:의)?\s*(?:다른\s*기사|기사|구독|페이지).{0,10}$"
    r"|^(?:네이버|카카오|구글|유튜브|다음)(?:에서|로|\s).{0,40}(?:구독|추가|만나|보기|채널|받아)\S{0,6}$"
    r"|^(?:글자|글씨|폰트)\s*크기.{0,20}$"
    r"|^(?:기사\s*)?제보(?:는|하기|[:：\s]).{0,80}$"
    r"|^.{0,40}(?:제보를\s*(?:기다립니다|받습니다)|전재를\s*금합니다)\.?.{0,40}$"
    r"|^(?:카카오톡|카톡)\s*[:：@]?.{0,40}(?:제보|검색|채널|okjebo|추가).{0,30}$"
    r"|^(?:▷|▶|☞|👉|🔊|📞)?\s*(?:카카오톡|이메일|전화|유튜브|네이버)\s*[:：].{0,60}$"
    r"|^[\[(<]?(?:(?:대표|제보)\s?)?(?:전화|문자|팩스|이?메일)[\])>]\s*(?:[\d+(][\d()~+.\s-]{6,}|\S+@\S+)$"
    r"|^이\s*(?:기사|뉴스)(?:를|가|는)?\s.{0,20}(?:공유|추천|구독|도움|좋았|후원|번역)\S{0,10}.{0,20}$"
    r"|^.{0,20}(?:가져오는|불러오는|로딩)\s*중(?:입니다)?[.…]*$|^이것이\s*좋아요"
    r"|^(?:바로\s*가기|자세히\s*보기).{0,10}$"
    r"|^(?:출력|인쇄|프린트|접속|방문)\s*(?:일자|일시|시간|날짜|일)\s*[:：].{0,40}$"
    r"|^(?:끝|完|了|終|終わり|おわり|end|ends|fin)$"
    r"|^(?:(?:lesezeit|reading time|읽는\s*시간|読了(?:時間)?|lecture)\s*[:：]?"
    r"\s*(?:約|약)?\s*\d+\s*(?:min(?:ute[ns]?|uten)?|분|分)\.?"
    r"|(?:약\s*)?\d+\s*(?:min(?:ute)?s?\.?\s*(?:read|lesezeit)|분\s*(?:읽기|소요|분량)|分で読め(?:ます|る)))$",
    re.IGNORECASE,
)
# Controls of live blogs and of comments, also side by side.
_CONTROLS = re.compile(
    r"(?:(?:(?:최신|등록|시간|과거|오래된|인기|공감|추천|조회|답글)\s?순(?:으로)?\s?(?:보기|정렬)?"
    r"|(?:\d+\s?(?:초|분)(?:마다|\s?간격(?:으로)?)\s?)?(?:자동\s?)?(?:새로\s?고침|갱신|업데이트)"
    r"(?:\s?(?:켜기|끄기|중(?:지|입니다)?|됩니다|하기|on|off))?"
    r"|(?:sort by |show )?(?:newest|latest|oldest)(?: first)?"
    r"|auto[- ]?(?:refresh|update)(?:s|ed|ing)?(?: every \d+ (?:seconds?|minutes?)| on| off)?)"
    r"\.?[\s|·/]*)+",
    re.IGNORECASE,
)
# What a page asks its readers to do. It ends like a sentence, so the whole line has to fit.
_UNQUOTED = r"[^\"“”'‘’]{0,40}"
_REQUEST = r"(?:(?:받아|만나)\s*보세요|(?:해|눌러)\s*주세요|하세요|부탁\s*드립니다)[.!~]*$"
_APPEAL = re.compile(
    rf"^{_UNQUOTED}(?:뉴스레터|구독|채널|멤버십){_UNQUOTED}{_REQUEST}"
    rf"|^{_UNQUOTED}(?:친구|지인)(?:에게|들에게|와|과){_UNQUOTED}(?:추천|공유|소개|구독){_UNQUOTED}{_REQUEST}"
    rf"|^{_UNQUOTED}(?:기사|기자|원고료|신문|일보|뉴스|언론|방송|독자){_UNQUOTED}(?:후원|응원|알림|친구\s*추가){_UNQUOTED}{_REQUEST}"
    r"|^오늘의?\s[^\s?]{1,12}(?:(?:레터|뉴스|편지|메일)[은는이가]?,?|,\s(?:맛|내용)[이은는])\s"
    r"(?:(?:맛|내용)[이은는]\s)?(?:어땠(?:나요|어요|어|을까요)|어떠셨(?:나요|어요))\?$"
    rf"|^(?:친구|지인|동료)(?:들)?에게\s{_UNQUOTED}추천하고\s{_UNQUOTED}(?:받기|받자|받으세요|받아\s?가세요)[.!~]*$"
    rf"|^(?:이번|오늘의?|지난)\s*(?:뉴스\s?)?(?:레터|편지|메일){_UNQUOTED}(?:마음에|도움|유익|어떠|어땠|좋으|좋았|어떻게|재밌|재미){_UNQUOTED}\?$"
    rf"|^이\s*(?:기사|글|뉴스|콘텐츠|카드\s?뉴스|영상|인터뷰|칼럼){_UNQUOTED}(?:마음에|도움|유익|공감|어떠|어땠|좋으|어떻게){_UNQUOTED}\?$"
    rf"|^{_UNQUOTED}(?:구독|유료|회원|로그인|멤버십|플러스|프리미엄){_UNQUOTED}기사{_UNQUOTED}수\s*있습니다[.!]?$"
    rf"|^(?:이|본)\s*(?:기사|콘텐츠|글){_UNQUOTED}(?:구독|유료|회원|로그인|멤버십){_UNQUOTED}습니다[.!]?$"
    rf"|^{_UNQUOTED}제보(?:를)?\s?(?:환영|부탁|기다)\S{{0,3}}니다[.!]*$"
    # 광고 후 기사가 계속됩니다; Article continues after advertisement
    r"|^[^\"“”.]{0,12}(?:광고|배너)[^\"“”.]{0,12}(?:기사|본문|글|콘텐츠|뉴스)[^\"“”.]{0,6}(?:계속|이어)(?:됩|집)니다[.!]?$"
    r"|^(?:기사|본문|글|콘텐츠|뉴스)[가는은이]?\s[^\"“”.]{0,8}광고[^\"“”.]{0,8}(?:계속|이어)(?:됩|집)니다[.!]?$"
    r"|^(?:the )?(?:story|article|content) continues (?:after|below)[^.]{0,30}\.?$"
    # Where a text comes from, whom it belongs to, how it was distributed
    r"|^(?:[※*]\s?)?(?:이|본|해당|위)\s?(?:기사|콘텐츠|뉴스|글|보도자료|자료)"
    rf"(?:의\s저작권은\s{_UNQUOTED}있습니다|(?:는|은)\s"
    rf"(?={_UNQUOTED}(?:제공한|제공하는|제공받은|제휴|전재|배포한|공급한))[^\"“”]{{0,60}}"
    r"(?:기사|콘텐츠|뉴스|글|보도자료|자료)(?:입니다|이며|로|로서)[^\"“”]{0,60})[.!]?$"
    rf"|^(?:댓글|의견){_UNQUOTED}(?:로그인|회원){_UNQUOTED}(?:하세요|있습니다|합니다)[.!]?$"
    r"|^(?:이|본|해당)\s(?:기사|게시물|글)(?:에|에는|는|은)\s[^\"“”]{0,24}댓글[^\"“”]{0,60}(?:않습니다|없습니다)[.!]?$"
    # What the functions of the page cost, and cannot do
    rf"|^{_UNQUOTED}(?:이동\s?통신망|와이파이|wi-?fi|음성\s?재생|음성을\s?재생){_UNQUOTED}(?:통화료|데이터|요금)"
    r"[^\"“”]{0,16}(?:부과|발생|소진)(?:될\s수\s있|할\s수\s있|됩니다|됨)[^\"“”]{0,5}$"
    rf"|^(?:[*※]\s?)?{_UNQUOTED}(?:TTS|음성\s?(?:듣기|합성|서비스|변환)|본문\s?듣기|기사\s?듣기){_UNQUOTED}"
    r"(?:지원하지\s않습니다|다를\s수\s있습니다|읽어\s?드립니다|들을\s수\s있습니다|종료(?:했|하였|됐|되었)습니다)[.!]?$"
    rf"|^{_UNQUOTED}(?:브라우저|플래시|플레이어|자바\s*스크립트|동영상\s*재생){_UNQUOTED}"
    r"(?:주세요|바랍니다|지원하지\s*않습니다)[.!]?$"
    rf"|^(?:동)?영상[을를]?\s(?:보시|보|시청하시|시청하|재생하)려면\s{_UNQUOTED}(?:필요합니다|하세요|주세요|바랍니다)[.!]?$"
    r"|^your browser (?:does not|doesn['’]t) support .{0,40}$"
    rf"|^{_UNQUOTED}(?:자바\s*스크립트|javascript){_UNQUOTED}"
    r"(?:켜야|켜\s?주|허용|활성화|사용|설정|필요|비활성)[^\"“”]{0,20}(?:합니다|하세요|십시오|있습니다|돼\s?있습니다)[.!]?$"
    r"|^(?:please )?(?:enable|turn on) javascript.{0,40}$"
    rf"|^(?:이|본)\s*(?:기사|콘텐츠|뉴스|글)(?:는|은){_UNQUOTED}(?:바탕|기반|지원|제휴|협찬|번역|생성){_UNQUOTED}"
    r"(?:작성|제작|취재|번역|생성|편집|콘텐츠)?(?:됐|되었|했|하였|받았|입)(?:습)?니다[.!]?$"
    r"|^(?:이|본)\s.{0,100}(?:프린트|인쇄|출력)\s?(?:되었|됐|하였|했)습니다[.!]?$"
    r"|^.{0,60}(?:공공누리|크리에이티브\s?커먼즈|CC[- ]BY).{0,60}"
    r"(?:이용|사용|따라|변경|비영리|유형).{0,40}$"
    r"|^이\s*기사는.{0,40}(?:섹션|분야)(?:으)?로\s*분류.{0,10}$"
    r"|^(?:기사\s*)?제목과\s*주요\s*문장을\s*기반으로.{0,100}$"
    r"|^.{0,30}(?:AI|인공지능|챗봇|생성형).{0,30}요약.{0,40}(?:습니다|있어요|주세요)[.!]?$"
    r"|^The post .{1,200} (?:appeared first|first appeared) on .{1,80}$"
    r"|^게시물 .{1,200}에 처음 등장했습니다\.?$"
    r"|^(?:이|본|위|아래)?\s?광고(?:는|와|입니다).{0,20}(?:본문|기사|내용).{0,30}$"
    rf"|^(?:[^\"“”]{{0,10}}|[*※▶■]{_UNQUOTED}|\S{{0,8}}(?:방송|뉴스|일보|신문|통신|[A-Z]{{3,4}})[은는이가]?\s{_UNQUOTED})"
    r"(?:당신|여러분|시청자|독자).{0,6}제보(?:가|를|로).{0,40}$"
    r"|^[*※]?\s?편집자\s?주\s?[:：].{0,20}(?:AI|인공지능).{0,80}$",
    re.IGNORECASE,
)
# What a content system did not replace: [adrotate banner="3"], [/caption], {{ad_slot}}
_SHORTCODE = re.compile(
    r"^\[[a-z][\w-]*(?:\s+[\w-]+\s?=\s?[^\]\s]{1,60})+\s*/?\]$|^\[/[a-z][\w-]{1,20}\]$|^\{\{[^{}]{1,60}\}\}$"
)
_PROMOTION = re.compile(
    r"^(?i:read (?:more|also|next)|(?:more )?related(?: stor(?:y|ies)| articles?)?|see also"
    r"|more on this|also read|watch"
    r"|don['’]t miss|lesen sie auch|mehr zum thema|auch interessant|lire aussi|leer también)\s*:"
    r"|^(?:関連記事|あわせて読みたい|こちらも)\s*[:：]"
    r"|^[\[<]?[▶▷►☞👉🔗➡]?\s*[\[<]?\s*(?:관련\s*(?:기사|뉴스|영상)|함께\s*(?:볼|보면|읽)|이\s*시각)"
    r"|^[▶▷►☞👉🔗➡].{0,80}(?:구독|바로\s*가기|제보|클릭|보러\s*가기|채널|다운로드|앱\s*설치|홈페이지"
    r"|입장하기|가입하기|참여하기)\S{0,6}\s*[☞▶>]?$"
    r"|^[▶▷►](?=[^.…\"“]{0,80}$)(?:.{0,30}(?:구독|팔로우|알림\s?설정|친구\s?추가|가입|좋아요).{0,30}"
    r"(?:받자|받기|보자|보기|만나자|즐기자|하자|가자|받으세요|하세요)"
    r"|.{0,40}(?:다시|영상|몰아|생중계|바로|무료로)\s?(?:보기|시청))[!~]*(?=\s*(?:[▶▷►].*)?$)"
    r"|^[☞👉🔗➡]"
    r"|^[^.\"“”]{0,20}무료\s?(?:운세|사주|궁합|신점)[^.\"“”]{0,20}[?!]?$"
    r"|^[▶▷►☞][^.\"“”]{0,30}(?:운세|사주|궁합|띠별|별자리)[^.\"“”]{0,24}[?!]?$"
    r"|^(?:웹\s?사이트|홈페이지|website)\s*[:：]\s*(?:https?://|www\.)\S+$"
    r"|^지난\s(?:레터|뉴스레터|호)\s?[:：].{1,60}$"
)
_AD_WORD = (
    r"(?:광고|협찬|AD|PR|PICK|sponsored|advertise?ment|anzeige|werbung|(?:PR)?広告"
    r"|publicidad|publicité)"
)
_ADVERTISEMENT = re.compile(rf"^(?:[\[(<【]\s*{_AD_WORD}\s*[\])>】]|{_AD_WORD}\s*$)", re.IGNORECASE)
_COPYRIGHT = re.compile(
    r"무단\s*(?:전재|복제|배포|사용|도용)|재배포\s*금지|저작권자|저작권은|저작권법의\s보호|[Cc]opyright|COPYRIGHT|無断\s?(?:転載|複製)"
    r"|[Aa]ll\s*[Rr]ights\s*[Rr]eserved|(?:AI|인공지능)\s*학습.{0,12}금지"
)
_SYMBOL = re.compile(r"[ⓒ©<〈\[(]|\(c\)", re.IGNORECASE)
# 가람일보의 모든 콘텐츠는 저작권법의 보호를 받으며, 무단 전재를 금합니다.
_PROTECTED = re.compile(
    r"[^\"“”]{0,24}(?:모든|게재된|제공하는|제공되는)\s?(?:콘텐츠|컨텐츠|기사|저작물|자료|게시물)[^\"“”]{0,40}"
    r"저작권법(?:의|에\s의해|에\s따라)\s?보호(?:를\s?(?:받습니다|받으며|받고|받[는은]\s?바)|됩니다|되며)"
)
# Copyright 2010 가람일보.; Copyright by Garam Co., Ltd. All rights reserved.
_DATED_NOTICE = re.compile(r"copyright\s*(?:\d{4}|.{0,80}\ball rights reserved\W*$)", re.IGNORECASE)
_TAIL = 300  # characters at the end of a paragraph that are searched
_COPYRIGHT_TAIL = re.compile(
    r"(?<!\s)\s*(?:[<〈\[(【]\s*)?(?:저작권자|[ⓒ©]|[Cc]opyright)[^.]{0,60}"
    r"(?:무단\s*(?:전재|복제|배포)|[Rr]eserved|재배포)[^.]{0,60}$"
)
_MAIL_TAIL = re.compile(
    r"(?<=[.!?”\"'’)\]])\s*(?P<byline>[/\[(]?(?:[가-힣A-Za-z]{2,12}\s*=\s*)?[가-힣]{2,4}\s*"
    rf"{JOB}?\s*[/|(\[]?\s*{MAIL.pattern}\s*[)\]]?)$"
)
# The end of a paragraph behind its last sentence that names a reporter: … 밝혔다. [한여울 기자]
_SIGNED_TAIL = re.compile(rf"(?<=[.!?”\"'’)\]])\s*(?P<byline>(?=[^.!?]*{JOB})[^.!?]{{4,60}})$")
_RELATED = re.compile(
    r"^(?:관련\s*(?:기사|뉴스|콘텐츠|영상|태그)|이\s*시[각간]\s*(?:주요|추천|인기)\s*(?:뉴스|기사)"
    r"|(?:이\s*시[각간]|지금|방금)\s*\S{0,6}\s?(?:뉴스|기사|일보|신문|속보|헤드라인|이슈)\S{0,4}"
    r"|(?:실시간|긴급)\s*(?:속보|핫\s?(?:뉴스|이슈)|이슈)|속보\s?(?:창|모음|더\s?보기)"
    r"|(?:많이|가장\s*많이)\s*(?:본|읽은)\s*(?:뉴스|기사)|인기\s*(?:기사|뉴스)|추천\s*(?:기사|뉴스|콘텐츠)"
    r"|주요\s*(?:기사|뉴스)|최신\s*(?:기사|뉴스)|실시간\s*(?:뉴스|인기|랭킹).{0,6}|랭킹\s*뉴스"
    r"|함께\s*(?:볼|보면|읽으면)\s*.{0,12}(?:기사|뉴스)|오늘의\s*(?:핫|주요|추천).{0,8}"
    r"|(?:이\s*)?(?:기자|언론사)의?\s*다른\s*기사|다른\s*기사\s*보기|더\s*(?:볼만한|보기)\s*.{0,8}"
    r"|핫\s*(?:이슈|뉴스|클릭)|포토\s*뉴스|당신이\s*좋아할.{0,10}|헤드라인\s*뉴스|베스트\s*클릭"
    r"|.{2,12}\s*(?:주요|인기|추천)\s*(?:기사|뉴스)|related\s*(?:articles|stories|news)?)\s*(?:더보기)?$",
    re.IGNORECASE,
)
_COUNT = r"\s*\(?\s*[\d,]+\s*(?:개|건|件)?\)?"
_COMMENTS = re.compile(
    rf"^(?:전체\s*)?(?:댓글|comments?|kommentare?|コメント|commentaires?|comentarios?)(?:{_COUNT}|\s*\(\s*\))?"
    r"(?:\s*(?:쓰기|보기|목록))?$"
    rf"|^(?:독자|네티즌|회원|시청자|나의)\s*(?:댓글|의견|한\s?마디|토론)(?:{_COUNT})?$"
    rf"|^(?:실시간\s*)?(?:의견|한\s?마디|토론|대화|discussion|responses){_COUNT}$"
    r"|^.{0,8}댓글\s*(?:쓰기|달기|남기기)$|^로그인\s*후\s*댓글.{0,20}$",
    re.IGNORECASE,
)
# Behind the heading of comments: what readers may write, and how.
_COMMENTS_NOTICE = re.compile(
    rf"^(?P<heading>(?:전체\s|독자|네티즌|회원)?\s?(?:댓글|의견|한\s?마디)(?:{_COUNT})?)[\s|·:]+"
    r"(?=.*(?:익명|실명|로그인|회원|욕설|비방|악성|댓글|의견|글)).*(?:니다|세요|십시오|바랍니다)[.!]?$"
)
# What readers answered to an earlier issue, in a newsletter.
_LETTERS = re.compile(
    r"^(?:(?:지난|저번)\s?(?:호|주|회|레터|편지|뉴스레터|메일)(?:\s(?:호|레터|편지|메일))?(?:에|의|를|을)?\s?"
    r"(?:대한\s?|읽은\s?|읽고\s?|보내\s?주신\s?)?)?"
    r"(?:(?:독자|구독자)(?:님|분|님들|분들|여러분)?(?:의|이|께서|들의)?\s?)?(?:보내\s?주신\s?|남겨\s?주신\s?)?"
    r"(?:의견|피드백|답장|편지|사연|한\s?마디|목소리|후기|메시지|소감)(?:함|들)?(?:을\s?(?:소개합니다|소개해요|전합니다))?$"
)
_OF_READERS = re.compile(r"지난|저번|독자|보내|남겨")
_LETTER = re.compile(
    r"^\W{0,4}(?=\S)[^:：.!?]{1,16}\s?님(?:\s?\([^)]{1,12}\))?(?:\s*[:：>|]|$|의\s(?:의견|답장|한마디))"
    r"|^\W{0,4}[“\"‘'][^”\"’']{2,200}[”\"’']\s?[-–—/(]?\s?[^.!?]{0,16}\s?님\)?$"
    r"|^.{2,300}[.!?~]\s?[-–—/(]\s?(?:from\s|by\s)?[^.!?()]{1,24}\s?님\)?$"
)
# Who answers questions about a release: 담당자 | 사무관 한여울 (044-000-5882)
_CONTACT_LABEL = re.compile(
    r"(?:^|[|<(\[·/:：]|\s)\W{0,3}(?:담\s?당\s?(?:부서|기관|자|과|관)?|책임자|총괄(?:\s?부서)?|협조\s?부서|보도\s?문의|언론\s?문의"
    r"|문의처|press contact|media contact)(?=[\s|:：)>\]]|$)",
    re.IGNORECASE,
)
_PHONE = re.compile(r"(?<![\d-])(?:\+82[ -]?)?\(?0?\d{1,3}\)?[-.) ]{1,2}\d{3,4}[-.]\d{4}(?![\d-])")
_OFFICIAL = re.compile(
    r"^[-|\s]*(?:[가-힣]{2,14}\s?[|]?\s)?(?:\S{0,6}(?:과장|국장|팀장|실장|부장|계장|사무관|서기관|주무관|연구관|연구사|대리|차장|매니저))"
    r"\s?[|]?\s?[가-힣]\s?[가-힣]{1,3}\s?[|]?\s?\(?☎?\s?(?=[\d+(])"
)
# 👍 좋았어요, 👎 아쉬워요: what readers think of a newsletter
_VERDICT = re.compile(
    r"(?:[👍👎❤💛💙😀-🙏🤔🤗🥰🥲⭐🔥💯]\S?\s?[가-힣\s]{1,10}요[!~]?[\s|/·]*){1,5}"
)
DATED = re.compile(
    r"(?:입력|수정|승인|등록|게시|발행|작성|송고|전송|출고|배포)(?:일시|일자|일|시간)|기사|최초|입력|수정|승인|등록|송고|전송|출고|배포|게시|발행|작성|업데이트|최종|시간|일시|날짜|일자|지면|[A-Z]?\d{1,2}면|오전|오후|\d{1,2}:\d\d(?::\d\d)?"
)


def _run_of(words: Iterable[str], count: str) -> re.Pattern[str]:
    listed_words = sorted((word for word in words if len(word) > 1), key=len, reverse=True)
    # Atomic: the longest word counts, so that repeated words take no exponential time.
    return re.compile(rf"(?>(?>{'|'.join(map(re.escape, listed_words))}){count})+")


# Buttons side by side, and counters beside them: `추천하기 공유하기`, `추천 0 댓글 3개`.
_BUTTONS = _run_of(_UI, "")
_COUNTERS = _run_of(_UI | _REACTIONS | {"기사"}, r"(?:\d[\d,]*(?:개|건|명)?)?")
_LAY = "주부|회사원|직장인|대학생|대학원생|학생|농민|교사|자영업자?|독자|시민|취업준비생"
_PLACE = (
    "(?:서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주)"
    "(?:도|시)?(?![가-힣])"
)
# 노해든(국어국문 23), HBS 노해든 (haedeun@hbs.example), at the end of a contribution
_SIGNATURE = re.compile(
    rf"^(?:독자\s)?(?P<reader>[가-힣]{{3}})(?:\s(?:{_LAY}))?\s?[·ㆍ/,|(]\s?{_PLACE}(?:\s[가-힣]{{1,6}}){{0,2}}\)?$"
    r"|^독자\s(?P<letter>[가-힣]{3})(?:\s씨)?$"
    r"|^(?P<scholar>[가-힣]{3})\s[가-힣]{2,8}(?:대|대학교)\s?[·ㆍ,]\s?[가-힣]{2,8}$"
    r"|^(?!문의|연락처|장소|일시|주소|사진|자료|출처|참고|제공|주최|대상|전화|신청|접수)"
    r"(?P<name>[가-힣]{2,4})\s?\((?=[^()]*[가-힣])[^()]{2,20}\)$"
    r"|^(?:[A-Z]{2,5}|[가-힣]{2,5}(?:뉴스|일보|신문|방송|경제))\s(?P<signed>[가-힣]{3})\s?"
    r"[(\[<][\w.+-]+@[\w.-]+[)\]>]$"
)
_PUNCTUATION = re.compile(r"[\s|·:：/\-–—,.()\[\]<>]+")


@dataclass(frozen=True, slots=True)
class Arranged:
    """The blocks of an article, and the lines of the page that were left out."""

    blocks: tuple[Block, ...]
    left_out: tuple[str, ...]


def ends_sentence(line: str) -> bool:
    """Whether ``line`` ends like a sentence."""
    return SENTENCE_END.search(line) is not None


def is_statement(line: str) -> bool:
    """Whether ``line`` ends like a sentence of a running text (``…했다.``), not like a headline."""
    return _STATEMENT_END.search(line) is not None and _NO_END.search(line) is None


def is_roll(line: str) -> bool:
    """Whether ``line`` lists people or results behind marks: ``▲국장 강물 ▲과장 한여울``."""
    return _ROLL.match(line) is not None and not is_statement(line)


_ROLL = re.compile(r"(?:[^▲△◇▷]{0,24})(?:[▲△◇▷]\s?[^▲△◇▷]{3,40}){2,}$")


def is_turn(line: str) -> bool:
    """Whether ``line`` is a turn of a conversation: ``▶정하늘 : …``, ``Q. …``."""
    return TURN.match(line) is not None and _NOT_A_SPEAKER.match(line) is None


def is_bare_question(line: str) -> bool:
    """Whether ``line`` is a question of an interview that only a dash or a mark introduces."""
    return _BARE_QUESTION.match(line) is not None


def is_question_turn(line: str) -> bool:
    """Whether ``line`` is a turn that asks."""
    if is_bare_question(line):
        return True
    match = TURN.match(line)
    if match is None or not is_turn(line):
        return False
    if match["qa"] or match["label"]:
        return (match["qa"] or match["label"]) in {"Q", "문", "질문"}
    return line.rstrip("'\"’”)").endswith("?")


def is_answer_turn(line: str) -> bool:
    """Whether ``line`` is a turn that can answer the turn before it."""
    match = TURN.match(line)
    if match is None or not is_turn(line):
        return False
    if match["qa"] or match["label"]:
        return (match["qa"] or match["label"]) in {"A", "답", "답변"}
    return True


def is_caption(line: str) -> bool:
    """Whether ``line`` looks like the caption of a picture: a credit, or ``▲`` and one phrase."""
    if len(line) > _CAPTION_CHARS or len(_ENDS.findall(line)) > 2 or is_turn(line):
        return False
    if is_roll(line) and not _CREDIT.search(line):
        return False
    if _PICTURE.search(line) or _PROVIDED.search(line) or _AGENCY.search(line):
        return True
    credits_at = [match.start() for match in _CREDIT.finditer(line)]
    if line.startswith("ⓒ") and is_statement(line):
        credits_at = [at for at in credits_at if at]  # a mark of a paragraph, no owner's name
    if credits_at and (credits_at[0] <= 1 or credits_at[-1] > len(line) - 40):
        return True
    if _POINTER.match(line) is None or _ASKED.search(line):
        return False  # ▲ 가마는 몇 번 때나. begins a turn of an interview
    return len(_ENDS.findall(line)) <= 1


def is_heading(line: str, limit: int = 60) -> bool:
    """Whether ``line`` looks like a heading: short, and neither a sentence nor part of a list."""
    if len(line) > limit or ends_sentence(line) or is_turn(line):
        return False
    return not (_LIST_ITEM.match(line) and not line.startswith(("■", "◆", "◇", "□", "○", "●", "▶")))


def is_speaker_label(line: str) -> bool:
    """Whether ``line`` names only the kind of speaker, as ``[앵커]`` of a broadcast."""
    return _LABEL.match(line) is not None


def is_byline(line: str) -> bool:
    """Whether ``line`` is mainly a reporter's name and address, or the dates of publication."""
    if len(line) > 120:
        return False
    parsed = parse_byline(line)
    if parsed is not None and (parsed.has_roles or (parsed.is_sure and not is_turn(line))):
        return True
    if is_turn(line):
        return False
    rest = MAIL.sub("", REPORTER.sub("", line))
    for pattern in DATES:
        rest = pattern.sub("", rest)
    if rest == line:
        return False
    bare = _PUNCTUATION.sub("", DATED.sub("", rest))
    if not bare:
        return True
    if MAIL.search(line) or (REPORTER.search(line) and DATE.search(line)):
        return len(bare) <= 14 and not is_statement(line)
    if DATE.search(line) and re.search(r"[|/·]|조회", line):
        return len(bare) <= 14 and not is_statement(line)
    # 나래통신 박다솜 기자; [나래=박다솜 기자]; a name with a verb is no byline.
    short = len(line) <= 40 and not ends_sentence(line) and REPORTER.search(line) is not None
    return short and len(bare.strip("=")) <= 8


def credits_of(line: str) -> list[str] | None:
    """Return the writers in a line of credits such as ``글 박다솜 · 사진 한여울``.

    ``None`` for any other line: one role needs a sign or a job beside the name.
    """
    parsed = parse_byline(line)
    return list(parsed.names) if parsed is not None and parsed.has_roles else None


def signature(line: str) -> str | None:
    """Return the name in the last line of a contribution: ``박다솜(국어국문 23)``."""
    match = _SIGNATURE.match(line)
    return next(filter(None, match.groups()), None) if match else None


def is_page_line(line: str) -> bool:
    """Whether ``line`` belongs to the page around an article: buttons, notices, promotions."""
    return (
        is_copyright(line)
        or is_button(line)
        or _is_promotion(line)
        or is_advertisement(line)
        or _is_appeal(line)
        or _SHORTCODE.match(line) is not None
    )


def is_advertisement(line: str) -> bool:
    """Whether ``line`` is, or begins with, a label that says that it is an advertisement."""
    return len(line) <= 100 and _ADVERTISEMENT.match(line) is not None and not is_statement(line)


def is_button(line: str) -> bool:
    """Whether ``line`` is the text of a button or of a counter."""
    if len(line) > 120:
        return False
    bare = line.strip(_SYMBOLS)
    word = re.sub(r"[\s·]+|[!.]+$", "", bare).lower()
    counted = any(char.isdigit() for char in word)
    if _CONTROLS.fullmatch(bare) or _VERDICT.fullmatch(bare):
        return True
    if word in _UI or (_COUNTERS if counted else _BUTTONS).fullmatch(word) or _is_menu(bare):
        return True
    return bool(bare and _UI_LINE.match(bare) and not is_statement(line))


def is_section(word: str) -> bool:
    """Whether ``word`` is the name of a section of most newspapers: ``정치``."""
    return word.lower() in _SECTIONS


def _is_menu(line: str) -> bool:
    """Whether ``line`` lists the sections of a site: ``정치 경제 사회 문화``."""
    words = re.split(r"[\s|·>/,]+", line.lower())
    return len(words) >= 4 and all(word in _SECTIONS for word in words)


def is_copyright(line: str) -> bool:
    """Whether ``line`` is a notice of copyright, not a sentence about one."""
    notice = _COPYRIGHT.search(line)
    if len(line) > 220 or notice is None or _ENDS.search(line[: notice.start()]):
        return False
    signed = any((_SYMBOL.search(line), _DATED_NOTICE.match(line), _PROTECTED.match(line)))
    return signed or not is_statement(line)


def _is_promotion(line: str) -> bool:
    return len(line) <= 150 and _PROMOTION.search(line) is not None and not is_statement(line)


def _is_appeal(line: str) -> bool:
    return len(line) <= 150 and _APPEAL.search(line.strip(_SYMBOLS)) is not None


def is_address(line: str) -> bool:
    """Whether ``line`` is a postal address and no more: ``서울 성동구 왕십리로 00, 3층``."""
    return _ADDRESS.fullmatch(line.strip()) is not None


def is_imprint(line: str) -> bool:
    """Whether ``line`` names what publishers print about themselves, or how to unsubscribe."""
    return len(line) <= _IMPRINT_CHARS and not is_statement(line) and bool(_IMPRINT.search(line))


_IMPRINT_CHARS = 160
_ADDRESS = re.compile(
    r"(?:\(?우\s?\)?\s?)?(?:\d{5}\s|\(\d{5}\)\s?)?(?:서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충청?[북남]|전라?[북남]|경상?[북남]"
    r"|충청[북남]도|전라[북남]도|경상[북남]도|제주)(?:특별자치[시도]|특별시|광역시|시|도)?"
    r"(?:\s[가-힣]{1,5}[시군구읍면])*\s[가-힣\d]{1,12}(?:로|길|동|가|읍|면)(?:\s?\d{1,4}(?:번?길)?)?"
    r"\s?[\d-]{1,9}(?:번지)?(?:\s?[,(]?\s?[가-힣A-Za-z\d\s·,-]{1,24}[)]?)?"
)
_IMPRINT = re.compile(
    r"^(?:주소|대표(?:이사|전화|번호)?|발행인|편집인|발행[·・]편집인|등록번호|사업자\s?(?:등록)?번호|청소년보호책임자"
    r"|통신판매\w*|제호|전화|팩스|tel|fax)\s?[:：]"
    r"|^(?:[©ⓒ]|\(c\))\s?[\w .&-]{1,30}$"
    r"|수신\s?거부|unsubscribe|청소년보호책임자|사업자등록번호",
    re.IGNORECASE,
)


def begins_related(line: str) -> bool:
    """Whether ``line`` is the heading of a list of other articles."""
    return len(line) <= 40 and _RELATED.match(line.strip(_SYMBOLS)) is not None


def begins_comments(line: str) -> bool:
    """Whether ``line`` is the heading of the readers' comments."""
    if len(line) <= _HEADING_CHARS and _COMMENTS.match(line.strip(_SYMBOLS)) is not None:
        return True
    notice = _COMMENTS_NOTICE.match(line.strip(_SYMBOLS)) if len(line) <= _NOTICE_CHARS else None
    return notice is not None and _COUNTED.search(notice["heading"]) is not None


_HEADING_CHARS, _NOTICE_CHARS = 30, 120
_COUNTED = re.compile(r"\d")


def begins_letters(line: str) -> bool:
    """Whether ``line`` is the heading of what readers wrote to a newsletter."""
    if len(line) > _HEADING_CHARS:
        return False
    bare = re.sub(r"^[\W_]+|[\W_]+$", "", line)
    return _LETTERS.match(bare) is not None and _OF_READERS.search(bare) is not None


def is_contact(line: str) -> bool:
    """Whether ``line`` names the official who answers questions about a release, with a number."""
    if len(line) > _IMPRINT_CHARS or is_statement(line) or not _PHONE.search(line):
        return False
    return _CONTACT_LABEL.search(line) is not None or _OFFICIAL.match(line) is not None


def are_contacts(lines: Sequence[str]) -> bool:
    """Whether the lines of a table or list say who answers questions, and no more."""
    whole = " | ".join(lines)
    return (
        _CONTACT_LABEL.search(whole) is not None
        and _PHONE.search(whole) is not None
        and not any(map(is_statement, lines))
        and not _OF_EVENTS.search(whole)
    )


# What a table of an event has that readers go to.
_OF_EVENTS = re.compile(r"일\s?시|장\s?소|기간|참가비|접수|대상|신청|모집|이용료|운영\s?시간|상담")


def arrange(blocks: Iterable[Block]) -> Arranged:
    """Sort the lines of an article whose format marks at most headings and captions.

    Lines of the page and repeated paragraphs are left out; the kind of a body line is corrected
    where its wording says more than the format.
    """
    stripped = ((kind, line.strip()) for kind, line in blocks)
    lines = [split for kind, line in stripped if line for split in _split_tail(kind, line)]
    listed = enumerated([line for _, line in lines])
    dropped = page_lines(lines)
    kept = [
        (_kind(kind, line, number in listed), line)
        for number, (kind, line) in enumerate(lines)
        if number not in dropped
    ]
    if len(kept) > 2 and signature(kept[-1][1]):
        kept[-1] = (SectionKind.BYLINE, kept[-1][1])
    return Arranged(tuple(kept), tuple(lines[number][1] for number in sorted(dropped)))


def page_lines(lines: Sequence[Block]) -> set[int]:
    """Return the numbers of the lines that are not the article's.

    These are buttons, notices, lists of other articles, the comments at the end, and paragraphs
    that occurred before.
    """
    found: set[int] = set()
    seen: set[str] = set()
    related = letters = False
    for number, (kind, line) in enumerate(lines):
        letters = begins_letters(line) or (letters and _LETTER.match(line) is not None)
        if letters and _has_letter(lines[number:]):
            found.add(number)
            continue
        if begins_comments(line) and _is_near_end(lines, number):
            return found | set(range(number, len(lines)))
        if begins_related(line):
            related = True
        elif related and kind is not SectionKind.CAPTION and _resumes(kind, line):
            related = False
        repeated = len(line) >= 40 and line in seen
        listed = related and not is_byline(line)
        if begins_related(line) or is_page_line(line) or repeated or listed:
            found.add(number)
        else:
            seen.add(line)
    texts = [line for _, line in lines]
    contacts = {number for number, line in enumerate(texts) if is_contact(line)}
    if len(contacts) <= _CONTACTS and min(contacts, default=0) > len(texts) // 2:
        found |= contacts
    return found | _menu_lines(texts) | _copied_lines(texts) | _links_at_end(lines, found)


def _links_at_end(lines: Sequence[Block], dropped: set[int]) -> set[int]:
    """Return the numbers of labelled headlines of other articles behind the last sentence.

    Bylines and the lines in ``dropped`` can be among them: ``▶ [핫이슈] 한여울, 시구까지 접수``.
    """
    found: set[int] = set()
    for number in reversed(range(len(lines))):
        _, line = lines[number]
        if is_statement(line) and number not in dropped:
            return found
        if _LABELLED_LINK.match(line):
            found.add(number)
        elif number not in dropped and not is_byline(line):
            return found
    return set()  # a list, not a text


_LABELLED_LINK = re.compile(r"[▶▷►☞]\s?[\[<【〈][^\])>】〉]{2,20}[\]>】〉]\s?\S")


def _copied_lines(lines: Sequence[str]) -> set[int]:
    """Return the numbers of lines that repeat two or more sentences in a row.

    Pages have the text once for phones and once for desks, and a copy of a page can hold both.
    """
    found: set[int] = set()
    first: dict[tuple[str, str], int] = {}
    number = 0
    while number < len(lines) - 1:
        earlier = first.setdefault((lines[number], lines[number + 1]), number)
        end = number
        while earlier < number and end < len(lines) and lines[end] == lines[earlier + end - number]:
            end += 1
        if sum(map(is_statement, lines[number:end])) >= _COPIED and not found & {earlier}:
            found.update(range(number, end))
        number = max(end, number + 1)
    return found


_COPIED = 2  # sentences
_CONTACTS = 6  # lines of a release


def _has_letter(lines: Sequence[Block]) -> bool:
    """Whether one of the first two lines is the letter of a reader."""
    return any(_LETTER.match(line) for _, line in lines[:2])


def _menu_lines(lines: Sequence[str]) -> set[int]:
    """Return the numbers of the lines of a menu that has each section or tab on its own line."""
    found: set[int] = set()
    run: list[int] = []
    for number, line in enumerate([*lines, "."]):
        if line.strip(_SYMBOLS).lower() in _SECTIONS | _TABS:
            run.append(number)
            continue
        found |= set(run) if len(run) >= 3 else set()
        run = []
    return found


def _resumes(kind: SectionKind, line: str) -> bool:
    """Whether a line after the headlines of other articles belongs to the article again."""
    return is_statement(line) or (kind is SectionKind.HEADING and not is_byline(line))


def _is_near_end(lines: Sequence[Block], number: int) -> bool:
    """Whether most of the text comes before a line: a heading of comments ends the article."""
    before = sum(len(line) for _, line in lines[:number] if is_statement(line))
    return before > 0 or number > len(lines) // 2


def _kind(kind: SectionKind, line: str, listed: bool) -> SectionKind:  # noqa: FBT001
    if kind in {SectionKind.TITLE, SectionKind.DECK, SectionKind.BYLINE}:
        return kind
    if is_byline(line) and kind is not SectionKind.CAPTION:
        return SectionKind.BYLINE
    if kind is SectionKind.HEADING:
        return SectionKind.BODY if is_statement(line) and len(line) > 80 else kind
    if is_speaker_label(line):
        return SectionKind.HEADING
    if kind is SectionKind.BODY and not listed and is_caption(line):
        return SectionKind.CAPTION
    return kind


def enumerated(lines: Sequence[str]) -> set[int]:
    """Return the numbers of lines that are items of a list: neighbours with the same mark."""
    found: set[int] = set()
    for number, line in enumerate(lines[:-1]):
        if (
            _POINTER.match(line)
            and _POINTER.match(lines[number + 1])
            and not (_CREDIT.search(line) or _CREDIT.search(lines[number + 1]))
        ):
            found |= {number, number + 1}
    # A list of one item below a heading, where others of the text have more: 인사, 부고.
    marks = {lines[number][0] for number in found}
    found |= {
        number + 1
        for number, line in enumerate(lines[:-1])
        if line[:1] in _SUBHEADS and lines[number + 1][:1] in marks
    }
    return found


def _split_tail(kind: SectionKind, line: str) -> list[Block]:
    """Separate a reporter's address and a notice of copyright from the end of a paragraph."""
    if kind is not SectionKind.BODY:
        return [(kind, line)]
    tail: list[Block] = []
    if (match := _COPYRIGHT_TAIL.search(line, max(0, len(line) - _TAIL))) and (match.start()):
        tail.insert(0, (SectionKind.BODY, line[match.start() :].strip()))
        line = line[: match.start()].rstrip()
    start = max(0, len(line) - _TAIL)
    match = _MAIL_TAIL.search(line, start)
    for signed in () if match else _SIGNED_TAIL.finditer(line, start):
        parsed = parse_byline(signed["byline"])
        match = signed if parsed and parsed.is_sure else match
    if match:
        tail.insert(0, (SectionKind.BYLINE, match["byline"].strip()))
        line = line[: match.start()].rstrip()
    return [(kind, line), *tail]
