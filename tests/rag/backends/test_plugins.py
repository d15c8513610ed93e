"""Backends by name: the built-in ones and the documented plug-in."""

from __future__ import annotations

import asyncio
import re
import tomllib
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from geungeo.index.workspace import Workspace
from geungeo.rag import backends as factory
from geungeo.rag.answer import Ask, check
from geungeo.rag.backends import make_backend
from geungeo.rag.backends.openai import OpenAI, make
from geungeo.rag.errors import BackendMisconfigured, SettingsError
from geungeo.rag.pipeline import Pipeline
from geungeo.rag.settings import LLMEndpoint, Settings, load
from tests.rag.backends.drafting import draft
from tests.support import ROOT
from tests.support.model_server import DONE, STOP, ModelServer, chunk, sending, statuses, stream

DOCS = "\n".join(
    (ROOT / "docs" / name).read_text("utf-8") for name in ("backends.md", "plug-ins.md")
)


def example(language: str, containing: str) -> str:
    """Return the code block of the documentation that contains ``containing``."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", DOCS, re.M | re.S)
    (block,) = (block for block in blocks if containing in block)
    return str(block)


@pytest.fixture
def documented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the documented plug-in as a package with its entry point."""
    (tmp_path / "my_package").mkdir()
    (tmp_path / "my_package" / "best.py").write_text(example("python", "class Best"), "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    declared = tomllib.loads(example("toml", factory.GROUP))
    points = declared["project"]["entry-points"][factory.GROUP]
    installed = EntryPoints(
        EntryPoint(name, value, factory.GROUP) for name, value in points.items()
    )
    monkeypatch.setattr(factory, "entry_points", lambda group: installed.select(group=group))


def test_documented_plugin_answers(documented: None) -> None:
    outcome = asyncio.run(draft(make_backend(Settings(backend="best"))))
    assert [claim.cites for claim in outcome.claims] == [(1,)]
    assert outcome.claims[0].text == "한빛전자는 2024년 매출 5,000억 원을 올렸다."
    assert outcome.report.backend == "best"


def test_unknown_backend_lists_known_names(documented: None) -> None:
    with pytest.raises(SettingsError, match="use one of best"):
        make_backend(Settings(backend="wurst"))


def test_built_in_backends_are_entry_points() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    points = project["entry-points"][factory.GROUP]
    for name, value in points.items():
        settings = Settings(backend=name, llm_base_url="http://localhost:1/v1", llm_model="m")
        backend = EntryPoint(name, value, factory.GROUP).load()(settings)
        assert backend.name.split(":")[0] == name
    assert set(points) == {"extractive", "openai"}


@pytest.mark.parametrize(
    ("given", "names"),
    [({}, "llm_base_url"), ({"llm_base_url": "http://localhost:1/v1"}, "llm_model")],
)
def test_missing_setting_is_named(given: dict[str, str], names: str) -> None:
    with pytest.raises(SettingsError, match=names):
        make(Settings(backend="openai", **given))  # type: ignore[arg-type]


def test_endpoints_are_read_from_documented_file_and_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "geungeo.toml"
    file.write_text(example("toml", "llm_fallbacks"), "utf-8")
    (small,) = load(file).llm_fallbacks
    assert (small.model, small.context_tokens) == ("small", 4096)
    monkeypatch.setenv(
        "GEUNGEO_LLM_FALLBACKS", '[{"base_url": "http://h/v1", "model": "n", "api_key": "sk-hush"}]'
    )
    settings = load(file)
    (other,) = settings.llm_fallbacks
    assert other.model == "n" and other.api_key and other.api_key.get_secret_value() == "sk-hush"
    assert "sk-hush" not in repr(settings)
    with pytest.raises(SettingsError, match="llm_fallbacks"):
        load(None, llm_fallbacks=({"base_url": "http://h/v1", "model": "n", "modle": "o"},))


def test_settings_reach_the_endpoints() -> None:
    async def main() -> None:
        async with (
            ModelServer(statuses(*[503] * 9)) as first,
            ModelServer(sending(stream())) as second,
        ):
            fallback = LLMEndpoint(base_url=second.url, model="two", api_key="sk-two")
            settings = Settings(
                backend="openai",
                llm_base_url=first.url + "/",
                llm_model="one",
                llm_api_key="sk-one",
                llm_retries=0,
                llm_max_tokens=77,
                llm_fallbacks=(fallback,),
            )
            made = make(settings)
            assert isinstance(made, OpenAI) and made.name == "openai:one"
            outcome = await draft(made)
            assert outcome.report.backend == "openai:two" and len(outcome.claims) == 2
            assert [r.headers["authorization"] for r in first.requests] == ["Bearer sk-one"]
            assert second.requests[0].headers["authorization"] == "Bearer sk-two"
            assert second.requests[0].json["max_tokens"] == 77

            strict = settings.model_copy(
                update={"llm_fallbacks": (), "llm_extractive_fallback": False}
            )
            first.handler = statuses(401)
            outcome = await draft(make(strict))
            assert isinstance(outcome.error, BackendMisconfigured) and not outcome.claims

    asyncio.run(main())


def test_hostile_model_output_is_grounded_or_dropped(workspace: Workspace) -> None:
    """Answer over the seed article: the true claim is released, the source quoted for a lie."""
    question = "샘 앨트먼이 이사회에서 축출된 때는 언제인가?"
    reply = (
        "![t](http://evil.kr/x.png) 샘 앨트먼은 2019년 5월에 축출됐다. [1]\n"
        "샘 앨트먼은 **2023년 11월** 이사회에서 축출됐다. [99]\n"
        "[여기](javascript:alert(1))를 누르면 9,999억 달러를 받는다. [1][2]\n"
        "<script>alert('x')</script> [3]"
    )

    async def main() -> None:
        async with ModelServer(sending([chunk(reply), STOP, DONE])) as server:
            settings = workspace.settings.model_copy(
                update={"backend": "openai", "llm_base_url": server.url, "llm_model": "liar"}
            )
            pipeline = Pipeline(workspace.store, workspace.embedder, make(settings), settings)
            answer = await pipeline.answer(Ask(question))
            check(answer, workspace.store.article)
            assert answer.backend == "openai:liar"
            assert answer.status == "answered"
            quoted, claimed = answer.citations
            assert quoted.quote == answer.text[quoted.answer_start : quoted.answer_end]
            assert "2023년 11월엔 샘 앨트먼이 이사회 결의로 축출당하자" in quoted.quote
            assert claimed.quote == quoted.quote
            assert (
                answer.text[claimed.answer_start : claimed.answer_end]
                == "샘 앨트먼은 2023년 11월 이사회에서 축출됐다."
            )
            for lie in ("2019", "9,999", "evil", "javascript", "script"):
                assert lie not in answer.text
            assert [one.instead for one in answer.trace.dropped] == [quoted.quote, None, None]
            assert any("unknown evidence" in note for note in answer.trace.notes)

            server.handler = sending([chunk("NO_ANSWER"), STOP, DONE])
            answer = await pipeline.answer(Ask(question))
            assert answer.status == "abstained" and answer.reason == "weak_evidence"

    asyncio.run(main())
