"""Who wrote a page that names several people, desks, outlets and accounts in several places."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rag.readers.test_outlets import END, LEAD, MORE, TITLE, page


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


DATE = "<p class='date'>입력 2025.07.03 09:10</p>"
FOOTER = (
    "<footer><p>발행인 : 나한결 | 편집인 : 도우리 | 청소년보호책임자 : 마루한</p>"
    "<p>Copyright ⓒ 가람일보. All rights reserved.</p></footer>"
)
CREW = "영상취재: 박다솜 / 영상편집: 강이든"

CASES = [
    # Data against what readers see
    Case("stale account in meta", "한여울", meta("admin01"), "<p>한여울 기자</p>" + DATE),
    Case("stale person in meta", "한여울", meta("나한결"), "<p>한여울 기자</p>" + DATE),
    Case("stale person in og", "한여울", og("나한결"), "<p>한여울 기자 yeo@g.example</p>" + DATE),
    Case("stale person in meta, signature", "한여울", meta("나한결"), DATE, signed="<p>한여울 기자 yeo@g.example</p>"),
    Case("stale person in meta, wire lead", "한여울", meta("나한결"), DATE, start="(가람=가람통신) 한여울 기자 = "),
    Case("webmaster in json", "한여울", data("webmaster"), "<p>한여울 기자</p>" + DATE),
    Case("desk in json, person signs", "한여울", data("디지털뉴스팀"), DATE, signed="<p>한여울 기자 yeo@g.example</p>"),
    Case("outlet in json, person signs", "한여울", data("가람일보", kind="Organization"), DATE, signed="<p>/한여울 기자 yeo@g.example</p>"),
    Case("two outlets", None, data("가람일보", kind="Organization") + og("나래통신"), DATE),
    Case("outlet and other outlet above", None, data("나래뉴스"), "<p class='author'>나래뉴스</p>" + DATE),
    Case("meta is the local part of the address", "한여울", meta("yeoul"), "<p>한여울 기자 yeoul@g.example</p>" + DATE),
    Case("meta has an address only", "한여울", meta("yeoul@g.example"), DATE, signed="<p>한여울 기자 yeoul@g.example</p>"),
    Case("meta is an address, nothing more", None, meta("yeoul@g.example"), DATE),
    Case("data names one, line names two", "한여울, 박다솜", data("한여울"), "<p>한여울·박다솜 기자</p>" + DATE),
    Case("data names two, line names one of them", "한여울, 박다솜", data("한여울", "박다솜"), "<p>한여울 기자</p>" + DATE),
    Case("data only", "한여울", data("한여울"), DATE),
    Case("meta only with a job", "한여울", meta("한여울 기자"), DATE),
    Case("meta has desk and name", "한여울", meta("사회부 한여울 기자"), DATE),
    Case("meta has two names", "한여울, 박다솜", og("한여울,박다솜"), DATE),
    Case("photographer in json, writer above", "한여울", data("박다솜"), "<p>한여울 기자</p>" + DATE + "<figure><img src='a'><figcaption>강가 모습. 박다솜 기자</figcaption></figure>"),
    Case("photographer in json, credits below", "한여울", data("박다솜"), DATE, signed="<p>글 한여울 / 사진 박다솜</p>"),
    Case("photographer and writer in json", "한여울", data("한여울", "박다솜"), DATE, signed="<p>한여울 기자·사진=박다솜 기자</p>"),
    Case("editor in json, writer signs", "한여울", data("박다솜"), DATE, signed="<p>한여울 기자</p><p>편집 박다솜 기자</p>"),
    Case("translator in meta", "Ann Lee", meta("박다솜"), "<p>By Ann Lee</p>" + DATE, signed="<p>번역 박다솜</p>"),
    Case("english outlet account", "Ann Lee", meta("Garam Times Staff"), "<p>By Ann Lee</p>"),
    # Who signs, beside whom
    Case("photographer first in a line", "한여울", "", DATE, signed="<p>사진 박다솜 / 한여울 기자</p>"),
    Case("photographer behind a slash", "한여울", "", DATE, signed="<p>한여울 기자 / 사진 박다솜 기자</p>"),
    Case("photographer on a second line", "한여울", "", DATE, signed="<p>글 한여울 기자<br>사진 박다솜 기자</p>"),
    Case("photographer with the job of one", "한여울", "", "<p>한여울 기자</p>" + DATE, signed="<p>박다솜 사진기자</p>"),
    Case("writer and photographer in spans", "한여울", "", "<p class='byline'><span>글 한여울</span> <span>사진 박다솜</span></p>" + DATE),
    Case("roles in a list", "한여울", "", "<ul class='credit'><li>글 한여울</li><li>사진 박다솜</li><li>편집 강이든</li></ul>" + DATE),
    Case("roles in a definition list", "한여울", "", "<dl class='credits'><dt>글</dt><dd>한여울</dd><dt>사진</dt><dd>박다솜</dd></dl>" + DATE),
    Case("label in an element of its own", "한여울", "", "<div class='info'><em>기자명</em><span>한여울 기자</span></div>" + DATE),
    Case("editor at the bottom", "한여울", "", "<p>한여울 기자</p>" + DATE, signed="<p>편집=박다솜 기자</p>"),
    Case("online editor", "한여울", "", "<p>한여울 기자</p>" + DATE, signed="<p>온라인편집 : 박다솜</p>"),
    Case("editor in a box below", "한여울", "", "<p>한여울(yeoul) 시민기자</p>" + DATE, below="<p>편집: 박다솜 기자</p>"),
    Case("desk editor", "한여울", "", DATE, signed="<p>한여울 기자 yeo@g.example</p><p>데스크 박다솜</p>"),
    Case("intern with mentor", "한여울", "", DATE, signed="<p>한여울 인턴기자 (지도 박다솜 기자)</p>"),
    Case("intern and reporter", "한여울, 박다솜", "", DATE, signed="<p>한여울 기자, 박다솜 인턴기자</p>"),
    Case("broadcaster", "한여울", data("SGB", kind="Organization"), DATE, signed=f"<p>가람뉴스 한여울입니다.</p><p>{CREW}</p>", site="가람뉴스"),
    Case("broadcaster's box", "한여울", "", DATE, signed=f"<p>({CREW})</p>", below="<div class='reporter-wrap'><strong>한여울 기자</strong><a>구독</a><a>다른 기사 보기</a></div>"),
    Case("anchor reads out", "한여울", "", "<div class='reporter'>한여울 기자</div>" + DATE, start="[앵커] ", signed=f"<p>[{CREW}]</p>"),
    Case("crew only", None, data("가람뉴스", kind="Organization"), DATE, signed=f"<p>[{CREW}]</p>", site="가람뉴스"),
    Case("columnist in brackets", "한여울", data("박다솜"), DATE, start="[한여울 나래대 교수] "),
    Case("columnist above, editor in json", "한여울", data("박다솜"), "<p>한여울 나래대 교수</p>" + DATE),
    Case("columnist signs, editor in json", "한여울", data("박다솜"), DATE, signed="<p>한여울 나래대 경제학과 교수</p>"),
    Case("columnist signs, editor above", "한여울", "", "<p class='info'>박다솜 기자</p>" + DATE, signed="<p>한여울 변호사·법무법인 나래</p>"),
    Case("columnist without a job", "한여울", "", "<p class='writer'>한여울 시인</p>" + DATE),
    Case("columnist with a bar", "한여울", "", "<p>한여울 | 소설가</p>" + DATE),
    Case("columnist in the title", "한여울", "", DATE, title=f"[한여울 칼럼] {TITLE}"),
    Case("columnist in the title, editor in meta", "한여울", meta("박다솜"), DATE, title=f"[한여울의 강가에서] {TITLE}", signed="<p>한여울 시인</p>"),
    Case("letter of a reader", "한여울", "", DATE, signed="<p>한여울(서울 마포구)</p>"),
    Case("letter of a reader by place", "한여울", "", DATE, signed="<p>한여울·경기 고양시 일산동구</p>"),
    Case("letter of a reader, desk above", "한여울", meta("여론독자부"), "<p>여론독자부</p>" + DATE, signed="<p>한여울 주부·서울 은평구</p>"),
    Case("interview with a box", "한여울", "", "<p>한여울 기자</p>" + DATE, middle="<div class='profile'><strong>박다솜 시인</strong><p>1980년 가람에서 태어났다. 박다솜 시인은 첫 시집을 냈다.</p></div>"),
    Case("interviewee signs nothing", "한여울", "", "<p>한여울 기자</p>" + DATE, start="박다솜 시인을 만났다. 박다솜 시인은 강을 쓴다고 했다. ", signed="<p>박다솜 시인</p>"),
    Case("interviewee in meta", "한여울", meta("박다솜"), DATE, start="박다솜 대표는 다리가 필요하다고 말했다. ", signed="<p>한여울 기자</p>"),
    Case("talk and notes", "한여울, 박다솜", "", DATE, signed="<p>대담=한여울 논설위원, 정리=박다솜 기자</p>"),
    # Wire copy
    Case("wire copy", "한여울", "", "<p>나래통신</p>" + DATE, start="(서울=나래통신) 한여울 기자 = ", site="들녘신문"),
    Case("wire copy posted by a local editor", "한여울", data("박다솜"), "<p>박다솜 기자</p>" + DATE, start="(서울=나래통신) 한여울 기자 = ", site="들녘신문"),
    Case("wire copy, two", "한여울, 강이든", "", DATE, start="(서울=나래통신) 한여울 강이든 기자 = ", site="들녘신문"),
    Case("wire copy, agency in meta", "한여울", og("나래통신"), DATE, start="【서울=나래통신】한여울 기자 = ", site="들녘신문"),
    Case("wire, data with reporter", "한여울", data("한여울"), "<div class='writer'>한여울기자</div>" + DATE, start="(가람=가람통신) 한여울 기자 = ", signed="<p>yeo@g.example</p>", site="가람통신"),
    Case("wire photo caption", "한여울", og("박다솜"), DATE + "<figure><img src='a'><figcaption>[가람=가람통신] 박다솜 기자 = 3일 강가다. 2025.07.03. park@g.example</figcaption></figure>", start="[가람=가람통신] 한여울 기자 = ", signed="<p>◎공감언론 가람통신 yeo@g.example</p>", site="가람통신"),
    # Signatures in the last paragraph
    Case("in the last paragraph", "한여울", "", DATE, end=" 한여울 기자 yeo@g.example"),
    Case("in the last paragraph, slash", "한여울", meta("가람일보"), DATE, end=" /한여울 기자"),
    Case("in the last paragraph, brackets", "한여울", "", DATE, end=" [한여울 기자]"),
    Case("in the last paragraph, place", "한여울", "", DATE, end=" 세종=한여울 기자 yeo@g.example"),
    Case("in the last paragraph, two", "한여울, 박다솜", "", DATE, end=" 한여울·박다솜 기자"),
    Case("in the last paragraph, address only", "한여울", data("한여울"), DATE, end=" yeo@g.example"),
    Case("places and slashes", "한여울, 박다솜", meta("digital"), DATE, signed="<p>[세종=한여울 기자 / 서울=박다솜 기자]</p>"),
    Case("outlet.com reporter", "한여울", "", DATE, signed="<p>한여울 가람닷컴 기자 yeo@g.example</p>"),
    Case("outlet.com reporter first", "한여울", "", DATE, signed="<p>가람닷컴 한여울 기자 yeo@g.example</p>"),
    Case("desk signs, person in the last line", "한여울", "", "<p>온라인이슈팀</p>" + DATE, signed="<p>온라인이슈팀 한여울 기자</p>"),
    Case("desk only signs", "디지털이슈팀", "", DATE, signed="<p>디지털이슈팀</p>"),
    Case("desk reporter", "온라인뉴스팀", "", DATE, signed="<p>온라인뉴스팀 기자 online@g.example</p>"),
    # Boxes, lists and frames
    Case("portal with a box", "한여울", og("가람일보 | 모두뉴스", "og:article:author") , "<div class='head_journalist'><em class='journalist_name'>한여울 기자</em><button>구독</button></div>" + DATE, below="<div class='journalistcard'><em>한여울 기자</em><a>구독</a></div>", site="모두뉴스"),
    Case("portal, name beside the date", "한여울", og("가람일보", "og:article:author"), "<div class='info_view'><span class='txt_info'>한여울</span><span class='txt_info'>입력 <span class='num_date'>2025. 7. 3. 09:10</span></span></div>", site=None),
    Case("other articles with bylines", "한여울", "", "<p>한여울 기자</p>" + DATE, below="<ul class='related'><li><a>나래역 닫는다</a><span class='byline'>박다솜 기자</span></li><li><a>강 건넌다</a><span class='byline'>강이든 기자</span></li></ul>"),
    Case("only other articles have bylines", None, "", DATE, below="<h3>관련기사</h3><ul><li><a href='/1'>나래역 6번 출구 다음 달 닫는다</a><span class='byline'>박다솜 기자</span></li></ul>" + FOOTER),
    Case("comments with authors", None, "", DATE, below="<section id='comments'><h3>댓글 2</h3><div><b class='author'>강물</b><span>2025.07.04</span><p>좋다고 봅니다.</p></div></section>"),
    Case("box with other articles of the reporter", "한여울", "", DATE, below="<div class='view-editors'><strong>한여울 기자</strong><span>yeo@g.example</span><a>다른기사 보기</a></div>"),
    Case("link to other articles only", "한여울", "", DATE, below="<p><a href='/r/1'>한여울 기자의 다른 기사 보기</a></p>"),
    Case("recommended reporters", "한여울", "", "<p>한여울 기자</p>" + DATE, below="<div class='recommend_reporter'><h4>추천 기자</h4><span class='reporter'>박다솜 기자</span><button>구독</button></div>"),
    Case("footer", None, "", DATE, below=FOOTER),
    Case("footer and byline", "한여울", "", "<p>한여울 기자</p>" + DATE, below=FOOTER),
    Case("footer with editor's role", None, meta("가람일보"), DATE, below="<footer><p>편집국장 나한결</p><p>발행·편집인 도우리</p></footer>"),
    Case("tip line", "한여울", "", "<p>한여울 기자</p>" + DATE, signed="<p>제보 : 박다솜 기자 jebo@g.example</p>"),
    Case("contact of an office", None, "", DATE, signed="<p>문의 : 하천과 박다솜 (044-200-0000)</p>"),
    Case("officer in charge", None, "", DATE, signed="<p>담당 부서 하천과 책임자 과장 나한결 담당자 사무관 도우리</p>"),
    Case("author by link only", "한여울", "", "<a href='/author/yeoul'>한여울</a>" + DATE),
    Case("english author by link only", "Ann Lee", "", "<a href='https://g.example/author/ann-lee/'>Ann Lee</a><p>July 3, 2025</p>"),
    Case("rel=author", "한여울", meta("news"), "<a rel='author' href='/u/3'>한여울</a>" + DATE),
    Case("itemprop", "한여울", "", "<span itemprop='author'><span itemprop='name'>한여울</span></span>" + DATE),
    # English
    Case("english two", "Ann Lee, Bob Kim", "", "<p>By Ann Lee and Bob Kim, Staff Writer</p>"),
    Case("english staff line", "Ann Lee", meta("Garam Times"), "<p class='by'>Ann Lee</p><p>Staff Reporter</p>"),
    Case("english photo", "Ann Lee", "", "<p>By Ann Lee | Photo by Bob Kim</p>"),
    Case("english signature", "Ann Lee", "", "<p>July 3, 2025</p>", signed="<p>Ann Lee (ann@g.example)</p>"),
    Case("english capitals", "ANN LEE", meta("Korea Garam Daily"), "<p>July 3, 2025</p>", signed="<p>BY ANN LEE [ann@g.example]</p>"),
    Case("english outlet name first", "Ann Lee", "", "<p class='byline'>By Ann Lee, The Garam Times</p>"),
    # Programs
    Case("program", None, data("가람봇"), "<p>가람봇 기자</p>" + DATE),
    Case("program and editor", "한여울", meta("AI 기자"), DATE, signed="<p>한여울 기자</p>"),
    Case("program's note", None, "", DATE, signed="<p>이 기사는 AI가 작성하고 박다솜 기자가 검수했습니다.</p>"),
    # Others
    Case("blog account", "물소리", og("물소리", "og:article:author"), "<p>by 물소리</p>" + DATE, site="글마을"),
    Case("three in one line with desks", "한여울, 박다솜, 강이든", "", "<p>한여울 사회부 기자·박다솜 기자·강이든 정치부 기자</p>" + DATE),
    Case("four lines", "한여울, 박다솜, 강이든, 윤슬기", data("한여울"), DATE, signed="<p>한여울 기자 a@g.example<br>박다솜 기자 b@g.example<br>강이든 기자 c@g.example<br>윤슬기 기자 d@g.example</p>"),
    Case("special team with names", "한여울, 박다솜", meta("특별취재팀"), DATE, signed="<p>특별취재팀=한여울 박다솜 기자</p>"),
    Case("correspondent", "한여울", meta("국제부"), "<p>도쿄/한여울 특파원</p>" + DATE),
    Case("name split by a label", "한여울", "", "<p>글쓴이 : 한여울</p><p>등록일 : 2025.07.03</p>"),
    Case("board with an account", "한여울", "", "<p>작성자 최고관리자 | 작성일 25-07-03 13:20</p>", signed="<p>한여울(국어국문 23)</p>"),
    # As outlets lay them out
    Case("links of two and a job", "한여울, 박다솜", "", "<div class='reporter_area'><div class='byline'><a href='/reporter/1'>한여울</a>, <a href='/reporter/2'>박다솜</a></div> 기자 <button>구독</button></div>" + DATE),
    Case("job in an element of its own", "한여울", "", "<ul class='report-list'><li><strong>한여울</strong><span>기자</span></li></ul>" + DATE, site="가람방송"),
    Case("job glued", "한여울", "", "<div class='reporter'><em>한여울</em>기자</div>" + DATE),
    Case("outlet in front of the name", "한여울", "", "<ul class='article_info'><li class='name'>가람투데이 한여울 기자</li><li class='date'>2025.07.03 09:10</li></ul>", site="가람투데이"),
    Case("lead of an English outlet, glued", "한여울", og("가람패치"), DATE, start="[Garampatch=한여울기자] ", signed="<p>&lt;사진=박다솜기자(Garampatch)&gt;</p>", site="가람패치"),
    Case("lead, glued job", "한여울", "", DATE, start="[가람데일리 한여울기자] ", site="가람데일리"),
    Case("lead with a bar", "한여울", "", DATE, start="[가람뉴스 | 한여울 기자] ", site="가람뉴스"),
    Case("lead with a bar and a place", "한여울", "", DATE, start="[가람뉴스 | 잠실=한여울 기자] ", site="가람뉴스"),
    Case("lead in brackets, data stale", "한여울", data("박다솜"), DATE, start="(가람스포츠 한여울 기자) ", signed="<p>사진 = 가람스포츠 DB, 나래엔터</p>", site="가람스포츠"),
    Case("sign-off and address", "한여울", data("GTN", kind="Organization"), DATE, signed="<p>GTN 한여울입니다.</p><p>GTN 한여울 (yeo@gtn.example)</p><p>※ '당신의 제보가 뉴스가 됩니다'</p>", site="GTN"),
    Case("sign-off of a television", "한여울", "", DATE, signed="<p>가람뉴스TV 한여울입니다.</p><p>(영상취재 박다솜)</p>", site="가람뉴스TV"),
    Case("station in front of the name", "한여울", "", "<p class='reporter'>대전GBS 한여울 기자</p>" + DATE, site="GBS가람"),
    Case("column of an activist", "한여울", data("박다솜 기자"), "<div class='byline'><a>한여울 기후활동가</a></div>" + DATE),
    Case("online news reporter", "한여울", "", DATE, signed="<p>한여울 온라인 뉴스 기자 yeo@g.example</p>"),
    Case("reporter of a lab", "한여울", "", DATE, signed="<p>한여울 AX콘텐츠랩 기자 yeo@g.example</p>"),
    Case("lawyer with a firm in brackets", "한여울", "", DATE, signed="<p>한여울 변호사(법무법인 나래)</p>"),
    Case("professor by subject", "한여울", "", DATE, signed="<p>한여울 나래대·사회학</p>"),
    Case("student paper", "한여울", "", DATE, signed="<p>기사 | 한여울 기자</p><p>사진 | 박다솜 기자</p>"),
    Case("card news", "한여울", "", DATE, signed="<p>기획: 한여울 / 제작: 박다솜</p>"),
    Case("editorial", None, meta("가람일보"), "<p class='byline'>가람일보</p>" + DATE, title=f"[사설] {TITLE}"),
    Case("editorial by a board", None, data("논설위원실"), DATE, title=f"[사설] {TITLE}"),
    Case("editor's note on the writer", "한여울", data("박다솜"), DATE, start="[편집자 주] 한여울 변호사가 강을 다룬 글을 싣는다. ", signed="<p>한여울 변호사</p>"),
    Case("bio of the writer", "한여울", data("박다솜"), DATE, signed="<p>필자 한여울은 나래대 교수다. 강을 연구한다.</p>"),
    Case("signature above a bio", "한여울", "", DATE, signed="<p>한여울 시인</p><p>한여울 시인은 가람에서 태어났다. 시집 세 권을 냈다.</p>"),
    Case("speakers of a broadcast", "박다솜", "", "<div class='reporter'>박다솜 기자</div>" + DATE, middle="<p>[한여울/가람시 하천과장]</p><p>“공사가 어렵습니다.”</p>", signed=f"<p>({CREW[:9]})</p>", site="가람방송"),
    Case("speaker near the end, no reporter", None, "", DATE, middle="<p>[한여울/가람시 주민]</p><p>\"다리가 좋습니다.\"</p>", site="가람방송"),
    Case("appointments", None, data("가람일보", kind="Organization"), DATE, signed="<p>△운영과장 한여울</p><p>△하천과장 박다솜</p>"),
    Case("obituary", None, "", DATE, signed="<p>▲ 한여울(가람시 과장)씨 부친상 = 3일, 가람병원</p>"),
    Case("outlet as the writer, person signs", "한여울", "", "<span class='writer'>가람일보</span>" + DATE, signed="<p>한여울 기자 yeo@g.example</p>"),
    Case("strong name, travel writer", "한여울", "", "<div class='byline'>글·사진 <strong>한여울</strong> 여행작가</div>" + DATE),
    Case("picture and post in a box", "한여울", "", "<div class='author-info'><img alt='한여울'><b>한여울</b><em>논설위원</em></div>" + DATE),
    Case("jobs between names", "한여울, 박다솜", "", "<p class='byline'>한여울 <span>선임기자</span> <span>박다솜</span> <span>기자</span></p>" + DATE),
    Case("more than one above, all below", "한여울, 박다솜", "", "<div class='writer'><a>한여울 기자</a> 외 1명</div>" + DATE, signed="<p>한여울·박다솜 기자</p>"),
    Case("intern helped", "한여울", "", DATE, signed="<p>한여울 기자</p><p>이 기사의 취재에는 박다솜 인턴기자가 참여했습니다.</p>"),
    Case("data with an address", "한여울", meta("한여울 &lt;yeo@g.example&gt;"), DATE),
    Case("data with the outlet", "한여울", data("한여울(가람일보)"), DATE),
    Case("data with a bar", "한여울, 박다솜", meta("한여울|박다솜", "parsely-author"), DATE),
    Case("newsletter's credits", "한여울", "", DATE, signed="<p>만든 사람들</p><p>글 한여울</p><p>편집 박다솜</p>"),
    Case("newsletter's greeting", "한여울", meta("뉴스레터팀"), DATE, start="안녕하세요, 에디터 한여울입니다. "),
    Case("by with a dot", "한여울", "", DATE, signed="<p>by. 한여울</p>"),
    Case("written by so-and-so", "한여울", "", DATE, signed="<p>이번 레터는 에디터 한여울이 썼습니다.</p>"),
    Case("capitals by class", "ANN LEE", "", "<div class='article-author'>ANN LEE</div><p>July 3, 2025</p>"),
    Case("english with a date in the line", "Ann Lee", "", "<p class='byline'>By Ann Lee, Staff Writer | Published: July 3, 2025</p>"),
    Case("english with a job below", "Ann Lee", "", "<p>By Ann Lee<br>Seoul correspondent</p><p>July 3, 2025</p>"),
    Case("english guest", "Ann Lee", data("Garam Times", kind="Organization"), "<p>By Ann Lee</p>", signed="<p>Ann Lee is a professor of law at Garam University. - Ed.</p>"),
    Case("romanised account in json", "한여울", data("Han Yeoul"), "<p>한여울 기자</p>" + DATE),
    Case("citizen reporter and account", "한여울", "", "<div class='info'><span class='name'>한여울(yeoul)</span><span>25.07.03 13:08</span></div>", below="<div class='editor'>편집 : 박다솜 (dasom)</div>"),
    Case("long box about the writer", "한여울", meta("박다솜"), DATE, below="<div class='writer_box'><strong>한여울</strong><p>아이 둘을 키우며 동네와 강 이야기를 십 년째 쓰고 있습니다. 책 두 권을 냈고, 지금은 다리 이야기를 쓰고 있습니다.</p><a>내방</a></div>"),
    Case("three reporters in boxes below", "한여울, 박다솜", "", DATE, below="<div class='reporters'><div class='reporter'><b>한여울 기자</b><a>구독</a></div><div class='reporter'><b>박다솜 기자</b><a>구독</a></div></div>"),
    Case("hot articles of other reporters", "한여울", "", "<p>한여울 기자</p>" + DATE, below="<aside><h3>많이 본 뉴스</h3><ol><li><a href='/1'>나래역 6번 출구 다음 달 닫는다</a> <em class='reporter'>박다솜 기자</em></li></ol></aside>"),
    Case("series of a desk with names", "한여울, 박다솜", "", "<p>기획취재팀 한여울·박다솜 기자</p>" + DATE),
    Case("co-writers in two lines above", "한여울, 박다솜", "", "<p>한여울 기자</p><p>박다솜 기자</p>" + DATE),
    Case("government's officer", None, meta("가람시청"), DATE, signed="<p>담당자: 하천과장 한여울(02-000-0000), 주무관 박다솜(02-000-0001)</p>", site="가람시"),
    Case("name beside the date only", "한여울", "", "<p>한여울 2025.07.03 09:10</p>"),
    Case("name, bar and the date", "한여울", "", "<p>한여울 | 2025.07.03 09:10</p>"),
    Case("section beside the date", None, "", "<p>문화재 | 2025.07.03 09:10</p>", site="가람일보"),
    # Further layouts
    Case("table of a board", "한여울", "", "<table><tr><th>작성자</th><td>한여울</td><th>작성일</th><td>2025-07-03</td></tr></table>"),
    Case("list of a board", "한여울", "", "<ul class='view-info'><li>글쓴이 <b>한여울</b></li><li>2025-07-03</li><li>조회 12</li></ul>"),
    Case("definition of a board", None, "", "<dl><dt>작성부서</dt><dd>하천과</dd><dt>작성일</dt><dd>2025-07-03</dd></dl>", site="가람시"),
    Case("icon and name", "한여울", "", "<ul class='infomation'><li><i class='icon-user'></i> 한여울 기자</li><li><i class='icon-clock'></i> 승인 2025.07.03 09:10</li><li>댓글 0</li></ul>"),
    Case("agency by an icon, reporter in the lead", "한여울", og("나래뉴스 기자"), "<ul class='infomation'><li>나래뉴스</li><li>승인 2025.07.03 09:10</li></ul>", start="(서울=나래뉴스) 한여울 기자 = ", site="들녘신문"),
    Case("posted by the web team", "한여울", og("웹팀"), "<ul class='infomation'><li>웹팀</li><li>승인 2025.07.03 09:10</li></ul>", signed="<p>글·사진 한여울 시민기자</p>"),
    Case("student reporter, posted by a professor", "한여울", "", "<p>한여울 수습기자</p>" + DATE, below="<p>지도교수 박다솜</p>"),
    Case("photo essay", "한여울", "", DATE, signed="<p>사진·글 한여울 기자</p>"),
    Case("photo report", "박다솜", og("박다솜"), "<p>박다솜 사진기자</p>" + DATE),
    Case("video by another", "한여울", "", "<p>한여울 기자</p>" + DATE, signed="<p>영상 박다솜 PD, 강이든 PD</p>"),
    Case("drawing by another", "한여울", "", DATE, signed="<p>글 한여울 소설가<br>그림 박다솜 화백</p>"),
    Case("notes of an interview", "한여울", "", DATE, signed="<p>인터뷰·정리 한여울 기자 / 사진 박다솜</p>"),
    Case("summary by an editor", "한여울", "", "<p class='byline'>한여울 논설위원</p>" + DATE, below="<p>편집자 : 박다솜</p>"),
    Case("column series in front of the title", "한여울", "", "<p>한여울의 강 이야기</p><p class='byline'>한여울 작가</p>" + DATE),
    Case("writer by photo and job below the name", "한여울", data("박다솜"), "<div class='columnist'><img alt=''><p>한여울</p><p>나래대 사회학과 교수</p></div>" + DATE),
    Case("writer in a box with name and job apart", "한여울", "", DATE, below="<div class='author-box'><span class='author-name'>한여울</span><span class='author-job'>정책연구소장</span></div>"),
    Case("name, slash, job", "한여울", meta("opinion"), "<p class='writer'>한여울 / 나래연구소장</p>" + DATE),
    Case("contributor by name", "한여울", data("가람일보"), DATE, signed="<p>기고 = 한여울 나래병원장</p>"),
    Case("contributor with a department", "한여울", "", DATE, signed="<p>한여울 나래경찰서 교통과 경위</p>"),
    Case("contributor, fire station", "한여울", meta("박다솜 기자"), DATE, signed="<p>한여울 가람소방서 예방안전과장</p>"),
    Case("contributor, farm bank", "한여울", "", "<p>한여울 나래농협 조합장</p>" + DATE),
    Case("pastor writes", "한여울", "", DATE, signed="<p>한여울 목사(나래교회)</p>"),
    Case("student writes", "한여울", "", DATE, signed="<p>한여울 나래고 2학년</p>"),
    Case("two professors", "한여울, 박다솜", "", DATE, signed="<p>한여울 나래대 교수, 박다솜 가람대 교수</p>"),
    Case("names of a team with a colon", "한여울, 박다솜", "", DATE, signed="<p>취재팀: 한여울, 박다솜</p>"),
    Case("desk above, places below", "한여울, 박다솜", "", "<p class='byline'>전국종합</p>" + DATE, signed="<p>전국종합=한여울·박다솜 기자</p>"),
    Case("places of several", "한여울, 박다솜, 강이든", "", DATE, signed="<p>서울=한여울, 부산=박다솜, 광주=강이든 기자</p>"),
    Case("address in brackets", "한여울", "", DATE, signed="<p>한여울기자(yeo@g.example)</p>"),
    Case("address in front", "한여울", "", DATE, signed="<p>yeo@g.example 한여울 기자</p>"),
    Case("addresses in turn", "한여울, 박다솜", "", DATE, signed="<p>한여울 yeo@g.example·박다솜 dasom@g.example 기자</p>"),
    Case("name and address", "한여울", meta("박다솜"), DATE, signed="<p>한여울 yeo@g.example</p>"),
    Case("copyright between", "한여울", "", DATE, signed="<p>&lt;저작권자 ⓒ 가람일보, 무단 전재 및 재배포 금지&gt;</p>", below="<p>한여울 기자 yeo@g.example</p>"),
    Case("tags between", "한여울", "", DATE, below="<div class='tags'><a>#다리</a><a>#가람시</a></div><div class='reporter'><b>한여울 기자</b></div>"),
    Case("emotions between", "한여울", "", DATE, below="<div><button>좋아요</button><button>화나요</button></div><p>한여울 기자 yeo@g.example</p>"),
    Case("signature in bold", "한여울", "", DATE, signed="<p><b>한여울 기자</b> <i>yeo@g.example</i></p>"),
    Case("signature with an end mark", "한여울", "", DATE, signed="<p>한여울 기자 yeo@g.example (끝)</p>"),
    Case("signature with a phone", "한여울", "", DATE, signed="<p>한여울 기자 yeo@g.example 02-000-0000</p>"),
    Case("signature with a handle", "한여울", "", DATE, signed="<p>한여울 기자 @yeoul</p>"),
    Case("signature in the last line by break", "한여울", "", DATE, end="<br>한여울 기자"),
    Case("signature in the last line by break, two", "한여울, 박다솜", "", DATE, end="<br><br>한여울 기자 a@g.example<br>박다솜 기자 b@g.example"),
    Case("name in a caption only", None, "", DATE + "<figure><img src='a'><figcaption>강가에 선 한여울 씨. 박다솜 기자</figcaption></figure>"),
    Case("name of a source only", None, "", DATE, start="한여울 가람시장은 3일 기자회견을 열었다. "),
    Case("reporter of another outlet in the text", "한여울", "", "<p>한여울 기자</p>" + DATE, start="나래신문 박다솜 기자는 이렇게 썼다. "),
    Case("reporter of the text is no writer", None, "", DATE, start="박다솜 기자는 이렇게 물었다. "),
    Case("masthead above", "한여울", "", "<p>발행인 나한결 편집인 도우리</p><p>한여울 기자</p>" + DATE),
    Case("issue above", "한여울", "", "<p>제1204호 2025년 7월 3일</p><p>한여울 기자</p>"),
    Case("reading time beside", "Ann Lee", "", "<div class='meta'><span class='author'>Ann Lee</span> · <span>July 3, 2025</span> · <span>4 min read</span></div>"),
    Case("author and updated", "Ann Lee", "", "<div class='post-meta'>By <a href='/author/ann'>Ann Lee</a> on July 3, 2025</div>"),
    Case("posted by an account", "한여울", meta("garam"), "<div class='posted'>Posted on 2025.07.03 by <a class='author'>garam_admin</a></div>", signed="<p>글: 한여울</p>"),
    Case("english agency", None, meta("Narae News Agency"), "<p>By Narae News Agency</p>"),
    Case("english with agency", "Ann Lee", "", "<p>By Ann Lee and Narae News</p>"),
    Case("english correspondent", "Ann Lee", meta("Ann Lee"), "<p>Ann Lee in Tokyo</p>", signed="<p>ann@g.example</p>"),
    Case("english, korean name in json", "Lee Na-rae", data("이나래"), "<p class='byline'>By Lee Na-rae</p>"),
    Case("english three", "Ann Lee, Bob Kim, Cho Mi", "", "<p>By Ann Lee, Bob Kim and Cho Mi</p>"),
    Case("english editor", "Ann Lee", "", "<p>By Ann Lee</p>", signed="<p>(Edited by Bob Kim)</p>"),
    Case("graph of data", "한여울", '<script type="application/ld+json">{"@context":"x","@graph":[{"@type":"WebSite","name":"가람일보"},{"@type":"Person","@id":"#p","name":"박다솜","jobTitle":"편집자"},{"@type":"NewsArticle","headline":"' + TITLE + '","author":{"@type":"Person","name":"한여울"},"editor":{"@id":"#p"}}]}</script>', DATE),
    Case("names in one string of data", "한여울, 박다솜", data("한여울 기자, 박다솜 기자"), DATE),
    Case("list of names of one person of data", "한여울, 박다솜", '<script type="application/ld+json">{"@type":"NewsArticle","headline":"' + TITLE + '","author":{"@type":"Person","name":["한여울","박다솜"]}}</script>', DATE),
    Case("next data", "한여울", '<script id="__NEXT_DATA__" type="application/json">{"props":{"pageProps":{"article":{"id":12018773,"title":"' + TITLE + '","reporters":[{"name":"한여울","email":"yeo@g.example"}],"createDate":"2025-07-03 09:10:00"}}}}</script>', ""),
    Case("next data, reporter's name", "한여울", '<script id="__NEXT_DATA__" type="application/json">{"props":{"pageProps":{"article":{"id":12018773,"title":"' + TITLE + '","reporterName":"한여울 기자","createDate":"2025-07-03 09:10:00"}}}}</script>', ""),
    Case("next data, writer", "한여울", '<script id="__NEXT_DATA__" type="application/json">{"props":{"pageProps":{"article":{"id":12018773,"title":"' + TITLE + '","writer":{"name":"한여울","job":"기자"},"createDate":"2025-07-03 09:10:00"}}}}</script>', ""),
    Case("next data stale", "한여울", '<script id="__NEXT_DATA__" type="application/json">{"props":{"pageProps":{"article":{"id":12018773,"title":"' + TITLE + '","author":"박다솜","createDate":"2025-07-03 09:10:00"}}}}</script>', "<p>한여울 기자</p>" + DATE),
    Case("portrait of the writer", "한여울", data("박다솜"), DATE + "<figure><img src='a'><figcaption>한여울 나래대 교수</figcaption></figure>"),
    Case("portrait of the interviewee", "박다솜", data("박다솜"), DATE + "<figure><img src='a'><figcaption>한여울 나래대 교수</figcaption></figure>", start="한여울 교수를 만났다. "),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_author_is_judged_from_all_that_names_one(case: Case) -> None:
    body = f"<p>{case.start}{LEAD}</p><p>{MORE}</p>{case.middle}<p>{END}{case.end}</p>{case.signed}"
    site = f'<meta property="og:site_name" content="{case.site}">' if case.site else ""
    text = f"<h1>{case.title}</h1>{case.above}<div class='txt'>{body}</div>{case.below}"
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
def test_writer_is_read_above_and_below_the_text(line: str, author: str) -> None:
    text, shown = f"<p>{LEAD}</p><p>{MORE}</p><p>{END}</p>", f"<p>{escape(line)}</p>"
    assert page(f"<h1>{TITLE}</h1>{shown}<div>{text}</div>").author == author
    assert page(f"<h1>{TITLE}</h1><div>{text}{shown}</div>").author == author


# Where one writer can be named, and what does not make anybody else one.
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
        "above": "<div class='info'><span class='name'>한여울</span> <span>2025.07.03 09:10</span></div>"
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
    "<div class='profile'><b>박다솜 소장</b><p>1980년 가람에서 태어났다. 박다솜 소장은 다리를 연구한다.</p></div>",
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
    "<div class='latest'><h4>최신 기사</h4><ul><li><a href='/3'>가람역 새 출구 연다</a> <b class='writer'>박다솜 기자</b></li></ul></div>",
    "<p>이전 글 <a href='/4'>강을 걷다 - 박다솜</a></p>",
    "<div class='tags'><a>#다리</a> <a>#가람</a></div>",
    "<h3>관련기사</h3><ul><li><a href='/1'>나래역 6번 출구 다음 달 닫는다</a> <span>박다솜 기자</span></li></ul>",
    "<div class='ranking'><h3>많이 본 뉴스</h3><a href='/2'>강 건너는 버스</a><em class='reporter'>박다솜 기자</em></div>",
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
@settings(max_examples=60, deadline=None)
def test_no_other_name_of_a_page_is_its_author(
    place: dict[str, str], head: list[str], above: list[str], within: list[str], below: list[str]
) -> None:
    body = f"<p>{place.get('start', '')}{LEAD}</p>{''.join(within)}<p>{MORE}</p>"
    body += f"<p>{END}{place.get('end', '')}</p>{place.get('signed', '')}"
    lines = "".join([*above[:1], place.get("above", ""), *above[1:]])
    text = f"<h1>{TITLE}</h1>{lines}<div class='txt'>{body}</div>{''.join(below)}"
    assert page(text, "".join(head)).author == "한여울"
