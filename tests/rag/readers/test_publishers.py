"""Names of the publisher that contradict each other: the company's, the account's, the title's."""

from __future__ import annotations

import pytest

from tests.rag.readers.test_outlets import TEXT, TITLE, page

LOGO = "<a href='/'><img src='/logo.gif' alt='{}'></a>"


def site(name: str) -> str:
    return f'<meta property="og:site_name" content="{name}">'


def json_ld(name: str) -> str:
    given = f'"publisher":{{"@type":"Organization","name":"{name}"}}'
    article = f'{{"@type":"NewsArticle","headline":"{TITLE}",{given}}}'
    return f'<script type="application/ld+json">{article}</script>'


def publisher(head: str, window: str, logo: str, below: str, lead: str = "") -> str | None:
    above = LOGO.format(logo) if logo else ""
    text = TEXT.replace("<p>", f"<p>{lead}", 1)
    found = page(f"{above}<h1>{TITLE}</h1>{text}<p>{below}</p>", head, window.format(TITLE))
    assert found.title == TITLE
    return found.publisher


@pytest.mark.parametrize(
    ("head", "window", "logo", "below"),
    [
        # The company or the house in the data
        (site("나래닷컴"), "{} | 가람일보", "가람일보", ""),
        (
            site("나래미디어") + json_ld("나래미디어"),
            "{}",
            "가람일보",
            "ⓒ 가람일보, 무단 전재 금지",
        ),
        (site("나래신문방송사"), "가람일보", "가람일보", "Copyright 2010 가람일보."),
        (
            json_ld("나래닷컴"),
            "{}",
            "가람일보",
            "제호: 나래닷컴 Copyright 가람일보 All rights reserved.",
        ),
        (json_ld("(주)나래"), "{} - 가람일보", "", "(주)나래 발행인 강물 ⓒ 가람일보"),
        # The account or the address
        (site("garam"), "{} - 가람일보", "", "저작권자 © 가람일보 무단전재 금지"),
        (site("garam m") + json_ld("garam"), "{}", "가람일보", "ⓒ 가람일보"),
        (site("GARAM.EXAMPLE"), "{} :: 가람일보 ::", "가람일보", ""),
        # The service that sends a letter
        (site("나래메일"), "{}", "가람일보", "이 메일은 가람일보를 구독한 분께 갑니다 | 수신거부"),
        # A magazine on the site of its newspaper
        (
            site("나래신문") + '<meta property="article:author" content="가람일보">',
            "{} : 사회 : 나래신문",
            "가람일보",
            "ⓒ 나래신문 All rights reserved.",
        ),
        # A word for the company or the service behind the name
        (site("가람일보") + json_ld("가람일보사"), "{}", "", ""),
    ],
)
def test_publisher_is_the_name_that_readers_see(
    head: str, window: str, logo: str, below: str
) -> None:
    assert publisher(head, window, logo, below) == "가람일보"


@pytest.mark.parametrize(
    ("service", "above"),
    [
        ("나래메일", "나래메일로 만든 뉴스레터"),
        ("나래메일", "이 편지는 나래메일로 보냈습니다"),
        ("Naraemail", "Powered by Naraemail"),
        ("스티비", ""),
    ],
)
def test_service_is_not_the_publisher_of_a_letter(service: str, above: str) -> None:
    below = "이 메일은 가람레터를 구독하신 분께 보내드립니다. 수신거부"
    text = f"<div>{above}</div><h1>{TITLE}</h1>{TEXT}<p>{below}</p><p>가람레터 드림</p>"
    assert page(text, site(service)).publisher == "가람레터"
    assert page(f"<h1>{TITLE}</h1>{TEXT}", site("나래메일")).publisher == "나래메일"


def test_window_that_names_only_the_site_gives_the_publisher() -> None:
    notice = "발행·편집인 강물 가람저널 Copyright(c) garamjn.example All Right Reserved."
    text = f"<a href='/'><img alt='가람저널'></a><h2>{TITLE}</h2>{TEXT}<p>{notice}</p>"
    assert page(text, title=":: 가람저널 ::").publisher == "가람저널"


def test_word_for_a_letter_is_no_publisher() -> None:
    below = "<p>이 메일은 뉴스레터를 구독하신 분께 보내드립니다. 수신거부</p>"
    assert page(f"<h1>{TITLE}</h1>{TEXT}{below}").publisher is None


@pytest.mark.parametrize("name", ["The Garam Times", "Garam Weekly"])
def test_name_in_words_counts_before_that_of_an_account(name: str) -> None:
    account = name.replace(" ", "").lower()
    head = site(account) + json_ld(account)
    assert publisher(head, f"{{}} - {name}", name, f"Copyright by {name}.") == name


@pytest.mark.parametrize(
    ("head", "window", "logo", "below", "lead"),
    [
        # Seen in one place only, or as often as the name in the data
        (site("가람일보"), "{}", "나래주간", "", ""),
        (site("가람일보"), "{} - 가람일보", "나래주간", "ⓒ 가람일보", ""),
        (
            site("가람일보"),
            "{} | 가람일보",
            "나래신문",
            "ⓒ 나래신문, 무단 전재 금지 ⓒ 가람일보",
            "",
        ),
        # Its own short form, where the page shows the full name; another script, a section
        (json_ld("가람일보"), "{} - 가람", "가람", "ⓒ 가람 | 주식회사 가람일보", ""),
        (json_ld("가람일보"), "{} - 가람", "", "", ""),
        # The house, of which it is a part
        (
            site("가람일보") + json_ld("가람일보"),
            "{} - 가람일보TV",
            "가람일보TV",
            "ⓒ 가람일보TV",
            "",
        ),
        (site("가람일보"), "{} - 공감언론 가람일보", "공감언론 가람일보", "", ""),
        (site("가람일보"), "{} - GARAM", "GARAM", "ⓒ GARAM", ""),
        (site("가람일보"), "{} - 스포츠", "스포츠", "ⓒ 스포츠", ""),
        # The agency whose report it prints
        (
            site("가람일보"),
            "{}",
            "",
            "&lt;저작권자(c) 나래통신&gt;",
            "(부산=나래통신) 박다솜 기자 = ",
        ),
    ],
)
def test_name_in_the_data_is_kept(head: str, window: str, logo: str, below: str, lead: str) -> None:
    assert publisher(head, window, logo, below, lead) == "가람일보"


def test_portal_is_not_the_publisher_though_its_name_is_seen_more() -> None:
    head = site("모아뉴스") + '<meta property="og:article:author" content="가람일보">'
    below = "ⓒ 모아뉴스. 저작권은 언론사에 있습니다."
    assert publisher(head, "{} - 모아뉴스", "모아뉴스", below) == "가람일보"


@pytest.mark.parametrize(
    ("head", "window", "logo", "below", "form"),
    [
        # The company that publishes it
        (json_ld("(주)가람커뮤니케이션"), "{} :: 가람", "가람", "ⓒ가람. 무단전재", "가람"),
        (
            json_ld("나루언론재단"),
            "{} - 나루언론",
            "나루언론",
            "주소: 나루언론재단",
            "나루언론",
        ),
        # Its name in two scripts
        (site("나루주간 NARU WEEKLY"), "{} - 나루주간", "나루주간", "", "나루주간"),
        # Its house, whose logo and notice the page has
        (json_ld("가람21"), "{} - 가람", "가람", "ⓒ 가람", "가람21"),
        # The kind of paper behind the name, which the page has nowhere, or everywhere
        (site("새나루신문"), "{}", "새나루", "", "새나루"),
        (site("새나루"), "{} | 새나루신문", "새나루신문", "ⓒ 새나루신문", "새나루신문"),
        # The English article, and the word for a company
        (site("Naru Herald"), "{} - The Naru Herald", "The Naru Herald", "", "The Naru Herald"),
        (json_ld("Naru Post Corp."), "{} - The Naru Post", "The Naru Post", "", "The Naru Post"),
    ],
)
def test_form_of_a_name_is_that_which_readers_see(
    head: str, window: str, logo: str, below: str, form: str
) -> None:
    assert publisher(head, window, logo, below) == form
