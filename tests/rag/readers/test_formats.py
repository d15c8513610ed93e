"""Formats of documents: which articles they give, and how broken and hostile ones are refused."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import zipfile
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geungeo.index.workspace import Workspace
from geungeo.rag.article import Article, SectionKind
from geungeo.rag.errors import MalformedSource, SourceError, UnsupportedSource
from geungeo.rag.readers import SUFFIXES, formats, read
from geungeo.rag.readers.draft import web_address
from geungeo.rag.settings import Settings
from tests.rag.readers import documents

LEAD = "가람시 새벽시장의 배추 값이 한 달 만에 두 배로 뛰었다."
CAUSE = "시는 6월 장마로 출하량이 40% 줄었기 때문이라고 설명했다."


def one(data: bytes, name: str, **columns: str) -> Article:
    (draft,) = read(data, name, columns=columns).drafts
    return draft.article()


def parts(article: Article, kind: SectionKind = SectionKind.BODY) -> list[str]:
    return [s.span.of(article.text) for s in article.sections if s.kind is kind]


def facts(article: Article) -> tuple[str, str | None, str | None, str | None]:
    return article.title, article.author, article.publisher, article.published_at


def as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


# JSON


def test_the_suffixes_are_those_of_the_formats() -> None:
    assert formats.suffixes() == SUFFIXES


@pytest.mark.parametrize(
    "value",
    [
        [
            {
                "title": "배추값 두 배",
                "text": LEAD,
                "author": "한여울",
                "press": "가람일보",
                "date": "2025-07-02",
            }
        ],
        {
            "status": "ok",
            "totalResults": 1,
            "articles": [
                {
                    "source": {"id": None, "name": "가람일보"},
                    "author": "한여울",
                    "title": "배추값 두 배",
                    "publishedAt": "2025-07-02",
                    "content": LEAD,
                }
            ],
        },
        {
            "data": {
                "items": [
                    {"headline": "배추값 두 배", "body": LEAD, "byline": "한여울 기자"}
                    | {"언론사": "가람일보", "일자": "20250702"}
                ]
            }
        },
        {
            "document": [
                {
                    "id": "NW1",
                    "metadata": {
                        "title": "배추값 두 배",
                        "author": "한여울",
                        "publisher": "가람일보",
                        "date": "20250702",
                    },
                    "paragraph": [{"id": "NW1.1", "form": LEAD}],
                }
            ]
        },
        {
            "documents": [
                {
                    "id": "1",
                    "media_name": "가람일보",
                    "publish_date": "2025-07-02 00:00:00".removesuffix(" 00:00:00"),
                    "title": "배추값 두 배",
                    "author": "한여울",
                    "text": [[{"index": 0, "sentence": LEAD, "highlight_indices": ""}]],
                }
            ]
        },
    ],
    ids=["list", "newsapi", "nested", "corpus", "aihub"],
)
def test_json_shapes_give_the_same_article(value: Any) -> None:
    article = one(as_json(value), "export.json")
    assert facts(article) == ("배추값 두 배", "한여울", "가람일보", "2025-07-02")
    assert parts(article) == [LEAD]


def test_search_api_of_naver_is_read_without_tags() -> None:
    value = {
        "lastBuildDate": "Wed, 02 Jul 2025 10:00:00 +0900",
        "items": [
            {
                "title": "가람시 <b>배추</b>값 &quot;두 배&quot;",
                "originallink": "https://garam.example/1",
                "link": "https://n.news.example/1",
                "description": "가람시 새벽시장의 <b>배추</b> 값이 두 배로 뛰었다.",
                "pubDate": "Wed, 02 Jul 2025 09:10:00 +0900",
            }
        ],
    }
    article = one(as_json(value), "naver.json")
    assert article.title == '가람시 배추값 "두 배"'
    assert article.url == "https://garam.example/1"
    assert article.published_at == "2025-07-02T09:10:00+09:00"
    assert parts(article) == ["가람시 새벽시장의 배추 값이 두 배로 뛰었다."]


@pytest.mark.parametrize(
    "record",
    [
        {"sentences": [LEAD, CAUSE]},
        {"article_original": [LEAD, CAUSE], "extractive": [0]},
        {"paragraphs": [{"context": LEAD}, {"context": CAUSE}]},
        {"text": [LEAD, CAUSE]},
        {"content": f"<p>{LEAD}</p><p>{CAUSE}</p>"},
    ],
)
def test_lists_of_sentences_are_a_text(record: dict[str, Any]) -> None:
    assert parts(one(as_json({"title": "배추값"} | record), "a.jsonl")) == [LEAD, CAUSE]


def test_columns_of_known_exports_are_recognised() -> None:
    bigkinds = (
        "뉴스 식별자,일자,언론사,기고자,제목,통합 분류1,본문,URL,분석제외 여부\n"
        f"01.20250702,20250702,가람일보,한여울 기자,배추값 두 배,사회,{LEAD},https://a.example/1,\n"
    )
    article = one(bigkinds.encode(), "bigkinds.csv")
    assert facts(article) == ("배추값 두 배", "한여울", "가람일보", "2025-07-02")
    assert (article.id, article.url) == ("01.20250702", "https://a.example/1")
    aihub = {
        "data": [
            {
                "doc_title": "배추값 두 배",
                "doc_source": "가람일보",
                "doc_published": "20250702",
                "paragraphs": [{"context": LEAD, "qas": [{"question": "왜?"}]}],
            }
        ]
    }
    article = one(as_json(aihub), "aihub.json")
    assert facts(article) == ("배추값 두 배", None, "가람일보", "2025-07-02")
    assert parts(article) == [LEAD]


@pytest.mark.parametrize(
    ("head", "row"),
    [
        (
            "순번,기사고유번호,헤드라인,기사 내용,작성기자,출고일시,수정일시,제공매체,원문링크",
            f"1,KA-1,배추값 두 배,{LEAD},한여울,2025-07-02,2025-07-09,가람일보,https://a.example/1",
        ),
        (
            "기자이메일,요약본문,뉴스원문내용,대표제목,담당기자명,송고일자,이미지링크,발행매체명,기사주소,기사번호",
            f"h@a.example,짧다.,{LEAD},배추값 두 배,한여울,20250702,https://a.example/p.jpg,가람일보,"
            "https://a.example/1,KA-1",
        ),
        (
            "article_no,news_headline,article_body,reporter_name,posted_at,updated_at,press_name,"
            "article_link,thumbnail_url",
            f"KA-1,배추값 두 배,{LEAD},한여울,2025-07-02,2025-07-09,가람일보,https://a.example/1,"
            "https://a.example/p.jpg",
        ),
    ],
)
def test_columns_with_longer_names_are_recognised(head: str, row: str) -> None:
    article = one(f"{head}\n{row}\n".encode(), "a.csv")
    assert facts(article) == ("배추값 두 배", "한여울", "가람일보", "2025-07-02")
    assert (article.id, article.url) == ("KA-1", "https://a.example/1")
    assert parts(article) == [LEAD]


@pytest.mark.parametrize(
    "record",
    [
        {
            "Meta(Acqusition)": {"doc_name": "가", "doc_id": "1", "doc_title": "배추값 두 배"}
            | {"author": "한여울", "publisher": "가람일보", "published_date": "20250702"},
            "Meta(Refine)": {"passage_id": "1", "passage": LEAD},
            "Annotation": {"summary1": "요약이다."},
        },
        {
            "data": {"headline": "배추값 두 배", "body": [LEAD], "reporter": ["한여울"]}
            | {"media": "가람일보", "date": "2025/07/02"}
        },
        {
            "title": [{"sentence": "배추값 두 배"}],
            "content": [{"sentence": LEAD, "labels": []}],
            "metadata": {
                "doc_author": "한여울",
                "source": "가람일보",
                "doc_published": "2025.07.02",
            },
        },
    ],
    ids=["meta", "wrapped", "labelled"],
)
def test_nested_records_of_corpora_are_read(record: dict[str, Any]) -> None:
    article = one(as_json(record), "a.jsonl")
    assert facts(article) == ("배추값 두 배", "한여울", "가람일보", "2025-07-02")
    assert parts(article) == [LEAD]


def test_bad_records_of_json_do_not_stop_the_rest() -> None:
    reading = read(as_json([{"text": LEAD}, {"title": "x"}, 3, {"text": LEAD}]), "a.json")
    assert len(reading.drafts) == 1
    assert [str(failure) for failure in reading.failures] == [
        "a.json#2: no text; expected one of text, body, content",
        "a.json#3: the record is not a JSON object",
    ]
    assert reading.skipped == 1


@pytest.mark.parametrize(("end", "skipped"), [("", 0), ("\n", 0), ("\n\n", 1)])
def test_end_of_the_last_line_is_no_skipped_record(end: str, skipped: int) -> None:
    row = json.dumps({"title": "배추값", "text": LEAD}, ensure_ascii=False)
    assert read(f"{row}{end}".encode(), "a.jsonl").skipped == skipped


@pytest.mark.parametrize(
    ("picture", "captions", "body"),
    [
        ("![인쇄기](a.jpg)\n*1962년에 들여온 인쇄기.*", ["1962년에 들여온 인쇄기."], []),
        (
            "![인쇄기](a.jpg)\n\n*1962년에 들여온 인쇄기.*",
            ["인쇄기", "1962년에 들여온 인쇄기."],
            [],
        ),
        ("![인쇄기](a.jpg)", ["인쇄기"], []),
        ("![](a.jpg)", [], []),
        ("![그림](a.png) 시장은 붐볐다.", [], ["시장은 붐볐다."]),
        ("*시장은 붐볐다.*", [], ["시장은 붐볐다."]),
        ("![](a.jpg)\n\n*시장은* 붐볐고 *값은* 올랐다.", [], ["시장은 붐볐고 값은 올랐다."]),
    ],
)
def test_picture_of_a_note_has_a_caption(
    picture: str, captions: list[str], body: list[str]
) -> None:
    article = one(f"# 배추값 두 배\n\n{LEAD}\n\n{picture}\n\n{CAUSE}\n".encode(), "a.md")
    assert parts(article, SectionKind.CAPTION) == captions
    assert parts(article) == [LEAD, *body, CAUSE]


def test_deeply_nested_json_is_refused() -> None:
    with pytest.raises(MalformedSource, match="nested too deeply"):
        read(b"[" * 100_000 + b"]" * 100_000, "a.json")


@pytest.mark.parametrize(
    "data",
    [
        as_json({"title": "배추값", "text": LEAD}),
        f'<?xml version="1.0"?><rss><channel><item><title>배추값</title><description>{LEAD}'
        "</description></item></channel></rss>".encode(),
        "<!DOCTYPE html><html><head><title>배추값</title></head>"
        f"<body><p>{LEAD}</p></body></html>".encode(),
    ],
    ids=["json", "rss", "html"],
)
def test_content_counts_where_the_suffix_says_only_text(data: bytes) -> None:
    assert parts(one(data, "a.txt")) == [LEAD]


def test_unreadable_date_is_reported() -> None:
    (draft,) = read(as_json({"text": LEAD, "date": "초여름"}), "a.jsonl").drafts
    assert draft.published_at is None
    assert draft.warnings == ("field 'date': date '초여름' cannot be read; stored without a date",)


# Tables


@pytest.mark.parametrize(("name", "separator"), [("a.csv", ","), ("a.tsv", "\t"), ("b.csv", ";")])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp949"])
def test_rows_of_csv_are_articles(name: str, separator: str, encoding: str) -> None:
    rows = [["제목", "일자", "언론사", "기고자", "본문", "URL"]]
    rows += [
        [
            "배추값 두 배",
            "20250702",
            "가람일보",
            "한여울",
            f'"{LEAD}\n{CAUSE}"',
            "https://a.example/1",
        ]
    ]
    text = "\r\n".join(separator.join(row) for row in rows)
    article = one(text.encode(encoding), name)
    assert facts(article) == ("배추값 두 배", "한여울", "가람일보", "2025-07-02")
    assert article.url == "https://a.example/1"
    assert parts(article) == [LEAD, CAUSE]


def test_mapping_names_columns() -> None:
    data = f"kop,inhoud,dag\n배추값,{LEAD},2025-07-02\n".encode()
    with pytest.raises(MalformedSource, match=r"name it with --map text=COLUMN"):
        read(data, "a.csv")
    article = one(data, "a.csv", text="inhoud", title="kop", published_at="dag")
    assert (article.title, article.published_at, parts(article)) == ("배추값", "2025-07-02", [LEAD])
    with pytest.raises(MalformedSource, match="there is no column 'body'"):
        read(data, "a.csv", columns={"text": "body"})


@pytest.mark.parametrize(
    ("rows", "titles", "lines"),
    [
        (f'배추값,{LEAD}\n무값,"{CAUSE}\n', "배추값", [3]),
        (f'배추값,{LEAD}\n무값,"{CAUSE}\n파값,{LEAD}\n콩값,"{CAUSE}"\n', "배추값 파값 콩값", [3]),
        # A text of several lines is whole; a quotation within one is not doubled.
        (
            f'배추값,"{LEAD}\n\n둘째, 문단."\n무값,"{CAUSE} "말"."\n파값,{LEAD}\n',
            "배추값 파값",
            [5],
        ),
        # The lines of the faulty text are no rows, whatever commas they have.
        (f'무값,"{CAUSE}\n둘째, 문단, 셋\n셋째 문단\n파값,"{LEAD}"\n', "파값", [2]),
        # The mark that closes it is that of another row.
        (f'무값,"{CAUSE}\n파값,{LEAD}\n감,값",콩\n감값,{CAUSE}\n', "파값 감값", [2, 4]),
        (f'무값,"{CAUSE}\n파값,"{LEAD}\n콩값,{LEAD}\n', "콩값", [2, 3]),
    ],
)
def test_unbalanced_quotes_of_csv_lose_only_their_row(
    rows: str, titles: str, lines: list[int]
) -> None:
    reading = read(f"title,text\n{rows}".encode(), "a.csv")
    assert [found.title for found in reading.drafts] == titles.split()
    assert [str(one).partition(" ")[0] for one in reading.failures] == [
        f"a.csv:{line}:" for line in lines
    ]
    assert "close its quotation mark" in str(reading.failures[0])


def test_row_of_csv_with_more_cells_than_columns_is_not_cut() -> None:
    rows = "배추값,가람시의 배추 값이 뛰어, 두 배가 됐다.,\n무값,그대로다.,,\n"
    reading = read(f"title,text\n{rows}".encode(), "a.csv")
    assert [found.title for found in reading.drafts] == ["무값"]
    assert "a.csv:2: 4 cells for 2 columns; the row was left out" in str(reading.failures[0])


@given(
    st.lists(st.text(alphabet='가다,"\n ', min_size=1, max_size=12), max_size=5),
    st.integers(0, 5),
)
def test_rows_around_a_faulty_row_of_csv_are_kept(texts: list[str], after: int) -> None:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["title", "text"])
    writer.writerows([f"앞 {number}", f"시작 {text} 끝이다."] for number, text in enumerate(texts))
    out.write(f'빠진 줄,"{LEAD}\r\n')
    writer.writerows([f"뒤 {number}", LEAD] for number in range(after))
    expected = [
        *(f"앞 {number}" for number in range(len(texts))),
        *(f"뒤 {number}" for number in range(after)),
    ]
    if expected:
        reading = read(out.getvalue().encode(), "a.csv")
        assert [found.title for found in reading.drafts] == expected
        assert len(reading.failures) == 1


def test_huge_cell_of_csv_loses_only_its_row() -> None:
    cell = "a" * 2_000_001
    reading = read(f"title,text\nx,{cell}\n배추값,{LEAD}\n".encode(), "a.csv")
    assert [found.title for found in reading.drafts] == ["배추값"]
    (failure,) = reading.failures
    assert "a.csv:2: a cell of 2,000,001 characters is over the limit of 2,000,000" in str(failure)
    with pytest.raises(MalformedSource, match=r"a\.csv:2: a cell of 2,000,001"):
        read(f"title,text\nx,{cell}".encode(), "a.csv")


def test_spreadsheet_is_read_like_csv() -> None:
    import datetime

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["제목", "본문", "일자", "언론사", "기고자"])
    sheet.append(["배추값 두 배", LEAD, datetime.date(2025, 7, 2), "가람일보", "한여울"])
    out = io.BytesIO()
    book.save(out)
    article = one(out.getvalue(), "a.xlsx")
    assert facts(article) == ("배추값 두 배", "한여울", "가람일보", "2025-07-02")


# Feeds


def test_atom_items_are_articles() -> None:
    feed = (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        "<title>가람일보</title><entry><title>배추값 두 배</title>"
        '<link rel="self" href="https://a.example/self"/><link href="https://a.example/1"/>'
        "<published>2025-07-02T00:10:00Z</published><author><name>한여울</name></author>"
        "<summary>짧다.</summary><content type='html'>"
        f"&lt;p&gt;{LEAD}&lt;/p&gt;&lt;p&gt;{CAUSE}&lt;/p&gt;</content></entry>"
        "<entry><title>무값</title></entry></feed>"
    )
    reading = read(feed.encode(), "a.atom")
    article = reading.drafts[0].article()
    assert facts(article) == ("배추값 두 배", "한여울", "가람일보", "2025-07-02T09:10:00+09:00")
    assert article.url == "https://a.example/1"
    assert parts(article) == [LEAD, CAUSE]
    assert [str(failure) for failure in reading.failures] == [
        "a.atom#2: the item (무값) has no text"
    ]


@pytest.mark.parametrize(
    ("title", "publisher"),
    [
        ("들녘신문", "들녘신문"),
        ("들녘신문 : 전체기사", "들녘신문"),
        ("들녘신문 - 경제", "들녘신문"),
        ("들녘신문 | RSS", "들녘신문"),
        ("The Narae Times - Narae", "The Narae Times"),
    ],
)
def test_title_of_a_feed_is_the_publisher(title: str, publisher: str) -> None:
    item = f"<item><description>{LEAD}</description></item>"
    feed = f"<rss><channel><title>{title}</title>{item}</channel></rss>"
    assert one(feed.encode(), "a.xml").publisher == publisher


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"<rss><channel><title>x</title></channel></rss>", "the feed has no items"),
        (b"<note><to>x</to></note>", "neither a feed"),
        (
            b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
            b"<rss><channel><item><description>&b;</description></item></channel></rss>",
            "declares entities",
        ),
        (
            b'<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss>&x;</rss>',
            "declares entities",
        ),
        (
            b"<urlset><url><loc>https://a.example/1</loc></url></urlset>",
            "a sitemap lists 1 addresses",
        ),
    ],
)
def test_feeds_that_are_none_are_refused(data: bytes, error: str) -> None:
    with pytest.raises(SourceError, match=error):
        read(data, "a.xml")


def test_record_of_a_removed_article_is_a_failure() -> None:
    removed = {"title": "[Removed]", "content": "[Removed]", "url": "https://removed.com"}
    reading = read(as_json({"articles": [removed, {"title": "배추값", "text": LEAD}]}), "a.json")
    assert [draft.title for draft in reading.drafts] == ["배추값"]
    assert [str(one) for one in reading.failures] == [
        "a.json#1: this record says that the article was removed"
    ]


@pytest.mark.parametrize(
    ("text", "paragraphs"),
    [
        ([{"type": "text", "value": LEAD}, {"type": "image", "value": "a.jpg"}], [LEAD]),
        (f"{LEAD}&lt;br&gt;{CAUSE}", [LEAD, CAUSE]),
        (f"{LEAD}\\n{CAUSE}", [LEAD, CAUSE]),
        ("배추 &lt;상생&gt; 장터가 3일 열렸다.", ["배추 <상생> 장터가 3일 열렸다."]),
    ],
    ids=["typed", "escaped tags", "escaped breaks", "brackets"],
)
def test_text_of_a_record_in_other_forms(text: Any, paragraphs: list[str]) -> None:
    assert parts(one(as_json({"title": "배추값", "contents": text}), "a.json")) == paragraphs


def test_warning_names_the_field_as_the_record_does() -> None:
    (draft,) = read(as_json({"text": LEAD, "regDate": "어느 날"}), "a.json").drafts
    assert draft.warnings == (
        "field 'regDate': date '어느 날' cannot be read; stored without a date",
    )


@pytest.mark.parametrize("name", ["a.xml", "a.html"])
def test_feed_keeps_words_in_angle_brackets_of_a_title(name: str) -> None:
    feed = (
        "<?xml version='1.0'?><rss version='2.0'><channel><title>물길신문</title><item>"
        f"<title>두 도시 &lt;상생&gt; 손잡아</title><description>{LEAD}</description></item>"
        "</channel></rss>"
    )
    assert facts(one(feed.encode(), name)) == ("두 도시 <상생> 손잡아", None, "물길신문", None)


def test_markdown_leaves_out_the_marks_of_obsidian() -> None:
    note = (
        "---\ntitle: 가로등\nsource: 별무리신문\nurl: https://star.example/9\n---\n"
        "==가로등 700개==를 껐다.[^1]\n\n> [!note] 값은 a == b 때만 내린다.\n\n[^1]: 각주\n"
    )
    (draft,) = read(note.encode(), "a.md").drafts
    assert (draft.publisher, draft.url) == ("별무리신문", "https://star.example/9")
    assert parts(draft.article()) == ["가로등 700개를 껐다.", "값은 a == b 때만 내린다."]
    assert draft.left_out == ("각주",)


def test_english_byline_with_a_date_names_only_the_writer() -> None:
    text = "Pool to close\n\nBy Mia Stone, July 2, 2025\n\nThe pool opened in 1962 and is too old."
    assert facts(one(text.encode(), "a.txt")) == ("Pool to close", "Mia Stone", None, "2025-07-02")


# Documents


def test_pdf_paragraphs_have_pages() -> None:
    first = [
        (50, 780, 18, "배추값 두 배로"),
        (50, 750, 10, "2025년 7월 2일 한여울 기자"),
        (50, 720, 10, "가람시 새벽시장의 배추 값이 한 달 만에 두 배로 뛰었다고 시가"),
        (50, 706, 10, "밝혔다. 무 값은 그대로다."),
        (290, 30, 10, "1"),
    ]
    second = [(50, 780, 10, "시는 6월 장마로 출하량이 줄었다고 설명했다."), (290, 30, 10, "2")]
    article = one(documents.pdf([first, second]), "a.pdf")
    assert article.title == "배추값 두 배로"
    assert (article.author, article.published_at) == ("한여울", "2025-07-02")
    body = [
        (s.span.of(article.text), s.page) for s in article.sections if s.kind is SectionKind.BODY
    ]
    assert body == [
        (
            "가람시 새벽시장의 배추 값이 한 달 만에 두 배로 뛰었다고 시가 밝혔다. "
            "무 값은 그대로다.",
            1,
        ),
        ("시는 6월 장마로 출하량이 줄었다고 설명했다.", 2),
    ]


def test_citation_names_the_page_of_a_pdf(tmp_path: Path) -> None:
    pages = [
        [(50, 780, 18, "배추값 두 배로"), (50, 720, 10, "가람시가 새벽시장의 값을 2일 발표했다.")],
        [(50, 780, 10, "배추 값은 6월 장마로 출하량이 줄어 두 배로 뛰었다고 시가 설명했다.")],
    ]
    (tmp_path / "a.pdf").write_bytes(documents.pdf(pages))
    with Workspace.open(Settings(store=tmp_path / "store")) as workspace:
        workspace.ingest([str(tmp_path / "a.pdf")])
        answer = workspace.ask("배추 값은 왜 두 배로 뛰었나?")
    assert [citation.note for citation in answer.citations] == ["2쪽"]


def test_pdf_columns_are_read_one_after_the_other() -> None:
    shared = [
        "둘째 줄에서 이어지며 셋째 줄에서도",
        "계속되다가 넷째 줄에서 마침내 이",
        "다섯째 줄에 이르러서야 비로소 이",
    ]
    left = ["왼쪽 단의 첫 줄은 여기에서 시작하고", *shared, "문장이 끝난다."]
    right = ["오른쪽 단의 첫 줄은 나중에 읽으며", *shared, "문장도 끝난다."]
    page: list[documents.PlacedLine] = []
    for number, (one_line, other) in enumerate(zip(left, right, strict=True)):
        page += [(50, 700 - 14 * number, 10, one_line), (320, 700 - 14 * number, 10, other)]
    text = one(documents.pdf([page]), "a.pdf").text.replace("\n", " ")
    assert " ".join(left[1:]) in text
    assert text.index("문장이 끝난다.") < text.index("오른쪽 단의")


def column(name: str, letters: int, lines: int = 6) -> list[str]:
    """Return the lines of a paragraph that fill a column of so many letters of Hangul."""
    text = f"{name} 글이 여기에서 시작하여 " + "여러 줄을 지나 다음 줄로 자꾸 이어지고 " * 20
    rows = [text[at : at + letters].strip() for at in range(0, letters * lines, letters)]
    return [*rows[:-1], f"{name} 끝이다."]


def placed(x: float, y: float, lines: list[str]) -> list[documents.PlacedLine]:
    return [(x, y - 14 * number, 10, line) for number, line in enumerate(lines)]


def order_of(page: list[documents.PlacedLine], names: str) -> list[str]:
    """Return the names of the columns of a page in the order in which their text is read."""
    text = one(documents.pdf([page]), "a.pdf").text
    found = [(text.index(f"{name} {mark}"), name) for name in names for mark in ("글이", "끝이다")]
    return [name for _, name in sorted(found)]


NARROW, HALF, WHOLE = 15, 23, 48  # letters of a column of three, of two, and of the page


@pytest.mark.parametrize("lines", [4, 6, 12])
def test_three_columns_of_a_pdf_are_read_one_after_the_other(lines: int) -> None:
    page: list[documents.PlacedLine] = [(50, 780, 20, "가람시 새 다리 놓는다")]
    for row in range(lines):  # the file has the lines from left to right
        for x, name in ((50, "가"), (220, "나"), (390, "다")):
            page += placed(x, 700 - 14 * row, [column(name, NARROW, lines)[row]])
    assert order_of(page, "가나다") == [*"가가나나다다"]


def test_pdf_with_one_two_and_three_columns_is_read_from_the_top() -> None:
    page = [
        (50, 800, 20, "가람시 새 다리 놓는다"),
        *placed(50, 760, column("가", WHOLE)),
        *placed(50, 640, column("나", HALF)),
        *placed(310, 640, column("다", HALF)),
        *placed(50, 500, column("라", NARROW)),
        *placed(220, 500, column("마", NARROW)),
        *placed(390, 500, column("바", NARROW)),
        *placed(50, 360, column("사", WHOLE)),
    ]
    assert order_of(page, "가나다라마바사") == [*"가가나나다다라라마마바바사사"]
    assert order_of(page[::-1], "가나다라마바사") == [*"가가나나다다라라마마바바사사"]


def test_heading_over_two_of_three_columns_divides_them() -> None:
    page = [
        *placed(50, 760, column("가", NARROW, 18)),
        *placed(220, 760, column("나", NARROW)),
        *placed(390, 760, column("다", NARROW)),
        (240, 660, 14, "시민들은 왜 반대했나 물었더니"),
        *placed(220, 630, column("라", NARROW)),
        *placed(390, 630, column("마", NARROW)),
    ]
    assert order_of(page, "가나다라마") == [*"가가나나다다라라마마"]


def test_table_of_three_columns_in_a_pdf_has_rows() -> None:
    names = ["달빛구", "별빛구", "햇빛구", "물빛구", "꽃빛구"]
    page = [(50, 780, 20, "구별 인구"), *placed(50, 740, column("가", WHOLE))]
    for number, cells in enumerate(
        [("자치구", "올해", "내년"), *((one, "310억원", "355억원") for one in names)]
    ):
        for x, cell in zip((50, 220, 390), cells, strict=True):
            page.append((x, 600 - 16 * number, 10, cell))
    assert parts(one(documents.pdf([page]), "a.pdf"))[-6:] == [
        "자치구 | 올해 | 내년",
        *(f"{name} | 310억원 | 355억원" for name in names),
    ]


def test_pdf_columns_lose_the_repeated_header_and_the_page_number() -> None:
    def page(number: int, lines: list[str]) -> list[documents.PlacedLine]:
        columns = [(50, lines[: len(lines) // 2]), (320, lines[len(lines) // 2 :])]
        return [
            (50, 800, 8, "Norhaven Gazette"),
            (290, 30, 8, str(number)),
            *(
                (x, 660 - 13 * row, 10, line)
                for x, column in columns
                for row, line in enumerate(column)
            ),
        ]

    lines = [
        "The city of Norhaven will close its",
        "old swimming pool on 1 August, the",
        "council said on Monday. The old pool",
        "opened in 1962 and has 320 visitors",
        "a day. A new one may cost 14 million",
    ]
    right = ["dollars; work on an old site begins", *lines[1:4], "a day. The old roof was unsafe."]
    first = [(50, 720, 18, "Norhaven to close its old pool"), *page(1, [*lines, *right])]
    second = [line.replace("old", "new").replace("a day", "weekly") for line in [*lines, *right]]
    (draft,) = read(documents.pdf([first, page(2, second)]), "a.pdf").drafts
    article = draft.article()
    assert article.title == "Norhaven to close its old pool"
    assert parts(article) == [" ".join([*lines, *right]), " ".join(second)]
    assert parts(article, SectionKind.HEADING) == []
    assert draft.left_out == ("Norhaven Gazette", "1", "Norhaven Gazette", "2")


def test_pdf_printed_by_a_browser_names_its_address() -> None:
    page = [
        (20, 825, 8, "26. 11. 29. 오후 1:04"),
        (280, 825, 8, "배추값 두 배로 - 가람일보"),
        (50, 780, 18, "배추값 두 배로"),
        (50, 720, 10, LEAD),
        (50, 690, 10, CAUSE),
        (20, 15, 8, "https://garam.example/news/7"),
        (560, 15, 8, "1/1"),
    ]
    article = one(documents.pdf([page]), "a.pdf")
    assert article.url == "https://garam.example/news/7"
    assert article.title == "배추값 두 배로"
    assert parts(article) == [LEAD, CAUSE]


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
def test_pdf_that_chromium_prints_reads_as_the_page(tmp_path: Path) -> None:
    # It places each syllable on its own, and breaks lines within words.
    body = [
        f"{LEAD} {CAUSE} 시는 자전거를 타는 사람이 3년 사이에 두 배로 늘었다고 했다.",
        "공사는 9월에 시작해 내년 5월에 끝난다. 사업비 54억원은 시가 모두 낸다.",
        '시민단체는 "차로를 줄여야 한다"고 요구했다. 시는 차로를 줄이지 않겠다고 답했다.',
        "자전거 보관소도 17곳 새로 만든다. 보관소마다 공기 주입기를 둔다.",
    ]
    html = "".join(f"<p>{text}</p>" for text in body)
    (tmp_path / "a.html").write_text(
        '<html lang="ko"><meta charset="utf-8"><style>@page{size:420pt 600pt}'
        "section{columns:2;column-gap:40px}</style><h1>배추값 두 배로</h1><p>2025-07-02 부들 기자"
        f"</p><section>{html}</section>",
        "utf-8",
    )
    subprocess.run(
        [
            *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"),
            f"--print-to-pdf={tmp_path / 'a.pdf'}",
            str(tmp_path / "a.html"),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    article = one((tmp_path / "a.pdf").read_bytes(), "a.pdf")
    assert facts(article) == ("배추값 두 배로", "부들", None, "2025-07-02")
    assert parts(article) == body
    assert {section.page for section in article.sections} == {1}


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (documents.pdf([[]]), "no text in this PDF, only pictures"),
        (documents.pdf([[(50, 700, 10, LEAD)]])[:200], "damaged or cut off"),
        (b"%PDF-1.7 nonsense", "damaged or cut off"),
        (documents.pdf([[(50, 700, 10, LEAD)]], encrypted=True), "encrypted"),
        (documents.pdf([[]] * 2_001), "2,001 pages are over the limit of 2,000"),
        (documents.pdf([[(50, 700, 10, "\ue001" * 40)]]), "fonts of this PDF do not say"),
    ],
    ids=["pictures", "cut", "nonsense", "encrypted", "long", "private"],
)
def test_pdf_without_text_is_refused(data: bytes, error: str) -> None:
    with pytest.raises(UnsupportedSource, match=f"a.pdf: .*{error}"):
        read(data, "a.pdf")


def test_word_document_keeps_headings_and_rows() -> None:
    document = docx.Document()
    document.add_heading("배추값 두 배", 0)
    document.add_paragraph("2025-07-02 한여울 기자")
    document.add_paragraph(LEAD)
    document.add_heading("원인", 2)
    document.add_paragraph(CAUSE)
    table = document.add_table(rows=2, cols=2)
    for row, cells in zip(table.rows, [("품목", "값"), ("배추", "4,200원")], strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    out = io.BytesIO()
    document.save(out)
    article = one(out.getvalue(), "a.docx")
    assert facts(article) == ("배추값 두 배", "한여울", None, "2025-07-02")
    assert parts(article) == [LEAD, CAUSE, "품목 | 값", "배추 | 4,200원"]
    assert parts(article, SectionKind.HEADING) == ["원인"]


@pytest.mark.parametrize("label", ["보도자료", "보도 참고자료", "[보도자료]", "PRESS RELEASE"])
def test_kind_of_a_document_is_not_its_title(label: str) -> None:
    document = docx.Document()
    document.add_paragraph(label)
    document.add_paragraph("2025. 7. 2.")
    document.add_heading("배추값 두 배", 1)
    document.add_paragraph(LEAD)
    document.add_paragraph(CAUSE)
    out = io.BytesIO()
    document.save(out)
    assert one(out.getvalue(), "a.docx").title == "배추값 두 배"


@pytest.mark.parametrize(
    ("line", "author"),
    [
        ("■ 대담 : 백두리 습지연구소장", None),
        ("■ 대담 : 한여울 기자", "한여울"),
    ],
)
def test_guest_of_a_programme_is_not_the_author(line: str, author: str | None) -> None:
    text = f"배추값 두 배\n\n■ 방송 : 가람라디오\n{line}\n\n{LEAD}\n"
    text += f"\n백두리 소장은 장마가 길었다고 말했다.\n\n{CAUSE}\n"
    assert one(text.encode(), "a.txt").author == author


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("https://g.example/n?id=3&utm_source=a&utm_medium=rss", "https://g.example/n?id=3"),
        ("https://g.example/n?utm_source=naver", "https://g.example/n"),
        ("https://g.example/n?fbclid=x&id=3#top", "https://g.example/n?id=3#top"),
        ("https://g.example/n?id=3&b=", "https://g.example/n?id=3&b="),
        ("https://g.example/utm_source=1?a", "https://g.example/utm_source=1?a"),
        ("ftp://g.example/n", None),
    ],
)
def test_address_has_no_tracking(given: str, stored: str | None) -> None:
    assert web_address(given) == stored
    row = json.dumps({"title": "배추값", "url": given, "text": f"{LEAD} {CAUSE}"})
    (draft,) = read(f"{row}\n".encode(), "a.jsonl").drafts
    assert draft.url == stored


def test_hancom_documents_are_read() -> None:
    lines = ["배추값 두 배", "2025-07-02 한여울 기자", LEAD, CAUSE]
    rows = [("품목", "값"), ("배추", "4,200원")]
    article = one(documents.hwpx(lines, rows), "a.hwpx")
    assert facts(article) == ("배추값 두 배", "한여울", None, "2025-07-02")
    assert parts(article) == [LEAD, CAUSE, "품목 | 값", "배추 | 4,200원"]
    article = one(documents.hwp(lines), "a.hwp")
    assert facts(article) == ("배추값 두 배", "한여울", None, "2025-07-02")
    assert parts(article) == [LEAD, CAUSE]


CELLS: list[documents.Cell] = [
    (0, 0, 1, 3, "도매 시장 값"),
    (1, 0, 1, 1, "품목"),
    (1, 1, 1, 1, "지역"),
    (1, 2, 1, 1, "값"),
    (2, 0, 2, 1, "배추"),
    (2, 1, 1, 1, "서울"),
    (2, 2, 1, 1, "4,200원"),
    (3, 1, 1, 1, "부산"),
    (3, 2, 1, 1, ""),
]
ROWS = ["품목 | 지역 | 값", "배추 | 서울 | 4,200원", "배추 | 부산 | -"]


def test_cells_over_several_rows_are_part_of_each() -> None:
    lines = ["배추값 두 배", "2025-07-02 한여울 기자", LEAD]
    article = one(documents.hwp(lines, cells=CELLS, after=CAUSE), "a.hwp")
    assert parts(article) == [LEAD, *ROWS, CAUSE]
    assert parts(article, SectionKind.HEADING) == ["도매 시장 값"]
    article = one(documents.hwpx(lines, cells=CELLS), "a.hwpx")
    assert parts(article) == [LEAD, *ROWS]


def test_spans_of_cells_that_no_table_has_are_not_followed() -> None:
    cells = [(row, 0, 65_535, 65_535, f"칸{row}") for row in range(300)]
    lines = ["배추값 두 배", "2025-07-02 한여울 기자", LEAD]
    article = one(documents.hwp(lines, cells=cells), "a.hwp")
    assert parts(article)[-1] == "칸299"
    article = one(documents.hwpx(lines, cells=cells), "a.hwpx")
    assert parts(article)[-1] == "칸299"


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("a.docx", b"PK\x03\x04 cut", "damaged or cut off"),
        ("a.docx", documents.archive({"word/x.xml": "<x/>"}), "cannot be opened"),
        ("a.docx", documents.ole({"EncryptedPackage": b"x"}), "encrypted with a password"),
        ("a.xlsx", documents.archive({"a.xml": "<x/>"}), "cannot be opened"),
        ("a.hwpx", documents.archive({"a.xml": "<x/>"}), "no text part"),
        (
            "a.hwpx",
            documents.archive(
                {"Contents/section0.xml": '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}
            ),
            "declares entities",
        ),
        ("a.hwp", documents.hwp([LEAD], flags=3), "encrypted"),
        ("a.hwp", documents.hwp([LEAD], flags=5), "for distribution only"),
        ("a.hwp", documents.hwp([LEAD])[:1000], "damaged or cut off"),
        ("a.hwp", b"HWP Document File V3.00 \x1a", "HWP 3 document"),
    ],
)
def test_damaged_and_encrypted_documents_are_refused(name: str, data: bytes, error: str) -> None:
    with pytest.raises(UnsupportedSource, match=error) as caught:
        read(data, name)
    assert str(caught.value).startswith(name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a.docx", "a.hwpx", "a.xlsx"])
def test_zip_bombs_are_refused_without_unpacking(name: str) -> None:
    data = documents.archive({"Contents/section0.xml": b"\0" * 50_000_000})
    with pytest.raises(UnsupportedSource, match="unpacks to 50,000,000 bytes"):
        read(data, name)
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as container:
        for number in range(6_000):
            container.writestr(f"{number}", b"")
    with pytest.raises(UnsupportedSource, match="6,000 parts"):
        read(many.getvalue(), name)


# Mail


def test_mail_is_an_article() -> None:
    message = EmailMessage()
    message["Subject"] = "[보도자료] 배추값 두 배"
    message["From"] = "가람시 공보실 <press@garam.example>"
    message["Date"] = "Wed, 02 Jul 2025 09:10:00 +0900"
    message.set_content(f"{LEAD}\n\n{CAUSE}\n")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="a.pdf")
    (draft,) = read(message.as_bytes(), "a.eml").drafts
    article = draft.article()
    assert article.title == "[보도자료] 배추값 두 배"
    assert article.published_at == "2025-07-02T09:10:00+09:00"
    assert parts(article) == [LEAD, CAUSE]
    assert draft.warnings == ("1 attachment was not read; save it as a file and add that",)


@pytest.mark.parametrize(
    ("html", "whole"),
    [
        (f"<p>{LEAD}</p><p>{CAUSE}</p>", True),
        ("<img src='a.png'><p>메일이 보이지 않으면 여기를 누르세요.</p>", True),
        ("<table><tr><td><img src='a.png'></td></tr></table>", True),
        (f"<p>{LEAD}</p>", True),
    ],
)
@pytest.mark.parametrize("attachments", [0, 1, 2])
def test_fuller_text_of_a_mail_is_taken_and_attachments_are_counted(
    html: str, attachments: int, *, whole: bool
) -> None:
    message = EmailMessage()
    message["Subject"] = "배추값 두 배"
    message.set_content(f"{LEAD}\n\n{CAUSE}\n")
    message.add_alternative(f"<html><body>{html}</body></html>", subtype="html")
    for number in range(attachments):
        message.add_attachment(b"x", maintype="image", subtype="png", filename=f"{number}.png")
    (draft,) = read(message.as_bytes(), "a.eml").drafts
    assert (parts(draft.article()) == [LEAD, CAUSE]) is whole
    counted = [one for one in draft.warnings if "not read" in one]
    assert [one.split()[0] for one in counted] == ([str(attachments)] if attachments else [])


def test_saved_page_is_read_like_the_page() -> None:
    page = (
        "<html><head><title>배추값 두 배</title></head><body><article><h1>배추값 두 배</h1>"
        f"<p>{LEAD}</p><p>{CAUSE}</p></article></body></html>"
    )
    message = EmailMessage()
    message["From"] = "<Saved by Blink>"
    message["Snapshot-Content-Location"] = "https://garam.example/1"
    message["Subject"] = "배추값 두 배"
    message["Date"] = "Thu, 03 Jul 2025 10:00:00 +0900"
    message.set_content(page, subtype="html", charset="utf-8")
    message.make_related()
    next(message.iter_parts())["Content-Location"] = "https://garam.example/1"
    article = one(message.as_bytes(), "a.mhtml")
    assert facts(article) == ("배추값 두 배", None, None, None)
    assert article.url == "https://garam.example/1"
    assert parts(article) == [LEAD, CAUSE]


def test_text_that_a_record_cuts_off_is_reported() -> None:
    record = {"title": "밤 버스", "content": "나래시가 2일 밝혔다. 노선은… [+1200 chars]"}
    (draft,) = read(as_json({"articles": [record]}), "a.json").drafts
    assert parts(draft.article()) == ["나래시가 2일 밝혔다. 노선은"]
    assert draft.warnings == (
        "the record leaves out 1,200 characters of the text; "
        "add the article's address to read all of it",
    )


def test_lists_of_sentences_are_paragraphs() -> None:
    text = [["나래시가 2일 밝혔다.", "노선은 12개다."], ["요금은 같다."]]
    article = one(as_json({"title": "밤 버스", "text": text}), "a.json")
    assert parts(article) == ["나래시가 2일 밝혔다. 노선은 12개다.", "요금은 같다."]


# Values of another kind than expected, and the names of fields in messages


@pytest.mark.parametrize(
    ("record", "expected", "warnings"),
    [
        ({"title": 2025, "author": 5, "date": 1751415000}, ("2025", "5", None), []),
        ({"title": None, "author": None, "source": {"id": None, "name": None}}, (None,) * 3, []),
        (
            {"title": ["배추", "무"], "author": [["한여울"], None, {"name": "김하늘"}]},
            ("배추 무", "한여울, 김하늘", None),
            [],
        ),
        (
            {"title": True, "author": {"x": 1}, "source": "가람일보"},
            (None, None, "가람일보"),
            [
                "field 'title': true is no text; left out",
                "field 'author': {\"x\": 1} is no text; left out",
            ],
        ),
        # The next name of the field counts where the first holds no text.
        ({"title": "가", "author": False, "byline": "한여울"}, ("가", "한여울", None), 1),
        (
            {"title": {"rendered": "배추 &amp; 무"}, "press": ["가람일보"]},
            ("배추 & 무", None, "가람일보"),
            [],
        ),
        (
            {"title": "가", "pubDate": False},
            ("가", None, None),
            ["field 'pubDate': date false cannot be read; stored without a date"],
        ),
    ],
)
def test_odd_values_of_a_record_lose_only_their_field(
    record: dict[str, object], expected: tuple[str | None, ...], warnings: list[str] | int
) -> None:
    (found,) = read(json.dumps(record | {"content": LEAD}).encode(), "a.json").drafts
    title, author, publisher = expected
    assert (found.title, found.author, found.publisher) == (title or LEAD, author, publisher)
    assert found.warnings == tuple(warnings) if isinstance(warnings, list) else len(found.warnings)


@pytest.mark.parametrize(
    "text",
    [
        {"rendered": f"<p>{LEAD}</p><p>{CAUSE}</p>"},
        {"first": LEAD, "second": CAUSE, "image": "a.jpg"},
        [LEAD, None, [CAUSE]],
        [{"html": LEAD}, {"quote": CAUSE}],
        [[[LEAD]], [[CAUSE]]],
    ],
)
def test_text_in_nested_values_is_whole(text: object) -> None:
    (found,) = read(json.dumps({"title": "가", "content": text}).encode(), "a.json").drafts
    assert parts(found.article()) == [LEAD, CAUSE]


def test_identity_of_a_record_is_no_list() -> None:
    with pytest.raises(MalformedSource, match="field 'articleId' must be a string"):
        read(json.dumps({"articleId": [1, 2], "text": LEAD}).encode(), "a.json")
    (found,) = read(json.dumps({"id": {"$oid": "5f"}, "text": LEAD}).encode(), "a.json").drafts
    assert found.id == "5f"


@pytest.mark.parametrize(
    ("element", "name"),
    [("pubDate", "pubDate"), ("dc:date", "dc:date"), ("atom:updated", "atom:updated")],
)
def test_warning_names_the_element_of_the_feed(element: str, name: str) -> None:
    feed = (
        '<rss xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">'
        f"<channel><title>나래통신</title><item><{element}>어제</{element}>"
        f"<description>{LEAD}</description></item></channel></rss>"
    )
    (found,) = read(feed.encode(), "a.rss").drafts
    assert found.warnings == (f"field '{name}': date '어제' cannot be read; stored without a date",)


@pytest.mark.parametrize(
    ("data", "name", "field"),
    [
        (f"---\nPubDate: 어제\n---\n\n{LEAD}\n", "a.md", "PubDate"),
        (f"---\n날짜: 어제\n---\n\n{LEAD}\n", "a.md", "날짜"),
        (f"From: a@b.example\nDate: 어제\n\n{LEAD}\n", "a.eml", "Date"),
        (f"본문,출고 일시\n{LEAD},어제\n", "a.csv", "출고 일시"),
    ],
)
def test_warning_names_the_field_as_it_is_written(data: str, name: str, field: str) -> None:
    (found,) = read(data.encode(), name).drafts
    (warning,) = found.warnings
    assert warning.startswith(f"field '{field}': date '어제' cannot be read")


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        ("title: null\nauthor: ~\npublisher: null", (LEAD, None, None, "ko")),
        ("title: {ko: 배추값}\nauthor: {name: 한여울}", ("배추값", "한여울", None, "ko")),
        (
            "author: [[한여울, 김하늘], 박솔]\nlang: ko-KR",
            (LEAD, "한여울, 김하늘, 박솔", None, "ko"),
        ),
        ("title: 2025\nlang: 한국어", ("2025", None, None, "ko")),
        ("- a\n- b", (LEAD, None, None, "ko")),
    ],
)
def test_odd_values_of_front_matter(front: str, expected: tuple[str | None, ...]) -> None:
    article = one(f"---\n{front}\n---\n\n{LEAD}\n".encode(), "a.md")
    assert (article.title, article.author, article.publisher, article.language) == expected


# Dates of spreadsheets


@pytest.mark.parametrize(
    ("value", "shown", "expected"),
    [
        (45840, "General", "2025-07-02"),
        (45840.5, "General", "2025-07-02T12:00:00+09:00"),
        (45840, "yyyy-mm-dd", "2025-07-02"),
        (45840.3819444444, "yyyy/m/d h:mm", "2025-07-02T09:10:00+09:00"),
        (datetime(2025, 7, 2, 9, 10), "yyyy-mm-dd hh:mm", "2025-07-02T09:10:00+09:00"),
        ("45840", "@", "2025-07-02"),
        (12, "General", None),
        (99999, "General", None),
    ],
)
def test_dates_of_a_spreadsheet(value: object, shown: str, expected: str | None) -> None:
    book = openpyxl.Workbook()
    book.active.append(["제목", "본문", "일자"])
    book.active.append(["무값", LEAD, value])
    book.active["C2"].number_format = shown
    out = io.BytesIO()
    book.save(out)
    (found,) = read(out.getvalue(), "a.xlsx").drafts
    assert found.published_at == expected
    assert bool(found.warnings) == (expected is None)


def test_day_number_in_csv_is_a_date() -> None:
    assert one(f"본문,일자\n{LEAD},45840\n".encode(), "a.csv").published_at == "2025-07-02"
