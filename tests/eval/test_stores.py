"""Stores made for a run: named by their content, completed after an interruption."""

from __future__ import annotations

from pathlib import Path

import pytest

from geungeo.eval.cases import Case, Dataset, Item
from geungeo.eval.formats.record import document_of
from geungeo.eval.provenance import code_packages
from geungeo.eval.stores import default_cache, open_benches, source_digest, store_key
from geungeo.index.store import Store
from geungeo.rag.settings import Settings
from tests.support import ROOT

TEXTS = ("광합성은 포도당을 만든다.", "엽록체는 세포 소기관이다.", "비가 온다.")
DOCUMENTS = tuple(document_of("제목", text) for text in TEXTS)
CASE = Case("1", "answerable", "무엇을 만드나?", "answer", answers=("포도당",))
DATASET = Dataset("set", "set.json", "squad", "0" * 64, (Item("1", (CASE,)),), DOCUMENTS)


def test_store_key_depends_on_documents_and_settings_only() -> None:
    key = store_key(DOCUMENTS, Settings())
    assert store_key(DOCUMENTS[::-1], Settings()) == key
    assert store_key(DOCUMENTS, Settings(store=Path("elsewhere"), top_k=3)) == key
    assert store_key(DOCUMENTS[:2], Settings()) != key
    assert store_key(DOCUMENTS, Settings(passage_tokens=64)) != key
    assert store_key(DOCUMENTS, Settings(passage_overlap=2)) != key


def test_cache_follows_the_xdg_specification(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert default_cache() == Path("/somewhere/geungeo/eval")


def test_digest_depends_on_the_named_files() -> None:
    whole = source_digest((("geungeo.eval.formats", None),))
    part = source_digest((("geungeo.eval.formats", ("squad.py",)),))
    assert whole != part
    assert whole == source_digest((("geungeo.eval.formats", None),))
    with pytest.raises(FileNotFoundError, match=r"no gone\.py in geungeo\.eval\.formats"):
        source_digest((("geungeo.eval.formats", ("squad.py", "gone.py")),))


def test_code_of_a_run_covers_every_package_of_domain_and_store() -> None:
    packages = {
        f"geungeo.{file.parent.relative_to(ROOT).as_posix().replace('/', '.')}"
        for folder in ("rag", "index")
        for file in (ROOT / folder).rglob("__init__.py")
    }
    assert packages <= set(code_packages())


def test_half_built_store_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = Store.ingest_many
    built: list[list[str]] = []

    def stopped(self: Store, drafts: object, *, each: object = None) -> object:
        genuine(self, list(drafts)[:2])  # type: ignore[call-overload]
        raise KeyboardInterrupt

    monkeypatch.setattr(Store, "ingest_many", stopped)
    with (
        pytest.raises(KeyboardInterrupt),
        open_benches([DATASET], Settings(), tmp_path, lambda *_: None),
    ):
        pass
    key = store_key(DOCUMENTS, Settings())
    assert [path.name for path in (tmp_path / "stores").iterdir()] == [f"{key}.part"]

    def noting(self: Store, drafts: object, *, each: object = None) -> object:
        outcomes = genuine(self, drafts, each=each)  # type: ignore[arg-type]
        built.append([outcome.status for outcome in outcomes])
        return outcomes

    monkeypatch.setattr(Store, "ingest_many", noting)
    told: list[tuple[str, int, int]] = []
    with open_benches(
        [DATASET], Settings(), tmp_path, lambda name, done, total: told.append((name, done, total))
    ) as benches:
        assert len(benches[0].library.articles()) == 3
        assert benches[0].by_article
    assert built == [["unchanged", "unchanged", "added"]]
    assert told[-1] == ("set", 3, 3)
    assert [path.name for path in (tmp_path / "stores").iterdir()] == [key]
    with open_benches([DATASET], Settings(), tmp_path, lambda *_: None):
        pass
    assert len(built) == 1
