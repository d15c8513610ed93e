"""Container, systemd unit, and the documents that name settings."""

from __future__ import annotations

import ast
import configparser
import os
import re
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from geungeo.rag.settings import EngineUrl, Settings, load
from geungeo.server.access.policy import RULES
from geungeo.server.cli.serve import serve
from geungeo.server.process.listener import SHUTDOWN_SECONDS
from geungeo.server.process.workers import STOP_SECONDS
from geungeo.server.telemetry.metrics import Metrics

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
OPERATIONS = (ROOT / "docs/operations.md").read_text("utf-8")
ACCESS = (ROOT / "docs/access.md").read_text("utf-8")


def unit() -> dict[str, list[str]]:
    """Return the directives of the unit's [Service], each with all its values."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "docs/geungeo.service").read_text("utf-8").splitlines():
        if (match := re.fullmatch(r"(\w+)=(.*)", line)) and not line.startswith("#"):
            found.setdefault(match[1], []).append(match[2])
    return found


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


@pytest.mark.parametrize(
    "file",
    [
        "Dockerfile",
        "compose.yaml",
        "compose.scale.yaml",
        "docs/geungeo.service",
        "docs/access.md",
        "docs/deploy/kustomization.yaml",
        "docs/deploy/owner.env",
        "docs/deploy/servers.env",
        "docs/operations.md",
        "docs/scale.md",
    ],
)
def test_documented_settings_exist(file: str) -> None:
    named = re.findall(r"GEUNGEO_([A-Z_]+)", (ROOT / file).read_text("utf-8"))
    assert {name.lower() for name in named} - {"name"} <= set(Settings.model_fields), file


def test_image_contains_every_package() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    sources = {source for line in copied for source in line.split()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    setup = (ROOT / "setup.py").read_text("utf-8")
    [folders] = re.findall(r"^FOLDERS = (\(.+\))$", setup, re.MULTILINE)
    assert {"setup.py", "geungeo", *ast.literal_eval(folders)} <= sources
    assert {project["project"]["readme"], *project["project"]["license-files"]} <= sources
    assert all((ROOT / source).exists() for source in sources)
    rules = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    allowed = [rule.removeprefix("!") for rule in rules if rule.startswith("!")]
    assert "*" in rules
    assert all(any(fnmatch(source, rule) for rule in allowed) for source in sources)


def test_container_is_unprivileged_requires_keys_and_has_time_to_stop() -> None:
    assert re.search(r"^USER (?!root|0)\S+$", DOCKERFILE, re.MULTILINE)
    assert "GEUNGEO_REQUIRE_KEY=true" in DOCKERFILE
    service = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]["geungeo"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert seconds(service["stop_grace_period"]) > STOP_SECONDS
    assert seconds(unit()["TimeoutStopSec"][0]) > STOP_SECONDS > SHUTDOWN_SECONDS


def test_the_servers_of_compose_scale_share_a_database_that_only_they_reach() -> None:
    text = (ROOT / "compose.scale.yaml").read_text("utf-8")
    services = yaml.safe_load(text)["services"]
    networks = yaml.safe_load(text)["networks"]
    server, proxy, database = (services[name] for name in ("geungeo", "proxy", "postgres"))
    assert "ports" not in server
    assert "ports" not in database
    assert all(port.startswith("127.0.0.1:") for port in proxy["ports"])
    assert database["networks"] == ["back"]
    assert networks["back"] == {"internal": True}
    assert server["depends_on"] == {
        "init": {"condition": "service_completed_successfully"},
        # Without its profile there is no such service.
        "milvus": {"condition": "service_healthy", "required": False},
    }
    # Every variable is a setting, except those of the database's client.
    given = {
        name.removeprefix("GEUNGEO_").lower(): value
        for name, value in server["environment"].items()
        if name.startswith("GEUNGEO_")
    }
    given |= {"public_url": "http://localhost:8000", "engine": "local"}
    settings = Settings.model_validate(given)
    assert str(settings.store) == "postgresql://postgres/geungeo"
    engine = re.search(r"'GEUNGEO_ENGINE=(\S+)'", text)
    assert server["environment"]["GEUNGEO_ENGINE"] == "${GEUNGEO_ENGINE:-local}"
    assert str(EngineUrl.of(engine and engine[1])) == "milvus+http://milvus:19530"
    added = {name for name, one in services.items() if one.get("profiles") == ["milvus"]}
    assert added == {"milvus", "etcd", "storage"}
    for name in added:
        assert services[name]["networks"] == ["back"], "only the servers reach it"
        assert "ports" not in services[name]
        assert services[name]["healthcheck"]
    assert set(services["milvus"]["depends_on"]) == {"etcd", "storage"}
    volumes = {
        one.partition(":")[0] for each in services.values() for one in each.get("volumes", [])
    }
    assert volumes == set(yaml.safe_load(text)["volumes"])
    assert str(settings.trusted_proxies[0]) == networks["front"]["ipam"]["config"][0]["subnet"]
    # No password is written down, and without one nothing starts.
    assert server["environment"]["PGPASSWORD"] == "${POSTGRES_PASSWORD:?set it in .env}"
    init = services["init"]
    assert init["image"] == server["image"]
    # Compose builds the images side by side: of one name, they meet.
    assert [name for name, one in services.items() if "build" in one] == ["geungeo"]
    assert "pull_policy" not in server
    assert init["pull_policy"] == "never"
    assert init["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert init["command"] == ["init"]
    owner = database["environment"]["POSTGRES_USER"]
    assert init["environment"]["GEUNGEO_STORE"] == f"postgresql://{owner}@postgres/geungeo"
    assert init["environment"]["PGPASSWORD"] == "${OWNER_PASSWORD:?set it in .env}"
    assert database["environment"]["POSTGRES_PASSWORD"] == init["environment"]["PGPASSWORD"]
    assert "geungeo_owner" not in server["environment"]["GEUNGEO_STORE"]
    [roles] = database["configs"]
    assert roles["target"].startswith("/docker-entrypoint-initdb.d/")
    assert roles["source"] in yaml.safe_load(text)["configs"]
    assert server["build"]["args"]["EXTRAS"] == "[milvus,postgres]"
    assert server["read_only"] is True
    assert server["cap_drop"] == ["ALL"]
    assert seconds(server["stop_grace_period"]) > STOP_SECONDS


DEPLOY = ROOT / "docs/deploy"


def objects() -> dict[str, dict[str, Any]]:
    """Return the objects of the Kustomize base, by kind and name."""
    base = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text("utf-8"))
    found = {}
    for name in base["resources"]:
        for one in yaml.safe_load_all((DEPLOY / name).read_text("utf-8")):
            assert {"apiVersion", "kind", "metadata", "spec"} == set(one)
            found[f"{one['kind']}/{one['metadata']['name']}"] = one
    return found


def variables(name: str) -> dict[str, str]:
    lines = (DEPLOY / name).read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_names_in_the_kustomize_base_exist() -> None:
    base = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text("utf-8"))
    files = {path.name for path in DEPLOY.glob("*.yaml")} - {"kustomization.yaml"}
    assert files == set(base["resources"])
    made = objects()
    assert set(made) == {
        "Deployment/geungeo", "Service/geungeo", "PodDisruptionBudget/geungeo",
        "Job/geungeo-init", "NetworkPolicy/geungeo",
    }  # fmt: skip
    comment = (DEPLOY / "kustomization.yaml").read_text("utf-8")
    secrets = dict(re.findall(r"create secret generic (\S+) --from-env-file=(\S+)", comment))
    assert secrets == {"geungeo": "servers.env", "geungeo-owner": "owner.env"}
    [image] = base["images"]
    named = f"{image['newName']}:{image['newTag']}"
    assert f"docker build -t {named} --build-arg EXTRAS='[milvus,postgres]' ." in comment
    configured = {one["name"]: one["literals"] for one in base["configMapGenerator"]}
    images = {one["name"] for one in base["images"]}
    for name in ("Deployment/geungeo", "Job/geungeo-init"):
        pod = made[name]["spec"]["template"]["spec"]
        [container] = pod["containers"]
        assert container["image"] in images
        for source in container["envFrom"]:
            if "secretRef" in source:
                assert source["secretRef"]["name"] in secrets
            else:
                assert source["configMapRef"]["name"] in configured
        assert {one["name"] for one in container["volumeMounts"]} == {
            one["name"] for one in pod["volumes"]
        }
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] is True
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert pod["securityContext"]["runAsUser"] == int(
            re.search(r"--uid (\d+)", DOCKERFILE)[1]  # type: ignore[index]
        )
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])
        assert "memory" in container["resources"]["limits"]
    server = made["Deployment/geungeo"]["spec"]["template"]
    labels = server["metadata"]["labels"]
    assert made["Deployment/geungeo"]["spec"]["selector"]["matchLabels"] == labels
    assert made["Service/geungeo"]["spec"]["selector"] == labels
    assert made["PodDisruptionBudget/geungeo"]["spec"]["selector"]["matchLabels"] == labels
    assert made["NetworkPolicy/geungeo"]["spec"]["podSelector"]["matchLabels"] == labels
    [port] = server["spec"]["containers"][0]["ports"]
    assert port["containerPort"] == 8000
    for name in ("Service/geungeo", "NetworkPolicy/geungeo"):
        assert f"{port['name']!r}" in str(made[name]["spec"])


def test_the_servers_of_the_kustomize_base_start_and_stop_in_time() -> None:
    made = objects()
    assert made["Deployment/geungeo"]["spec"]["replicas"] > 1
    assert made["PodDisruptionBudget/geungeo"]["spec"]["maxUnavailable"] == 1
    pod = made["Deployment/geungeo"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    # A restart does not bring a database back.
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["startupProbe"]["httpGet"]["path"] == "/readyz"
    waits = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] >= STOP_SECONDS + waits
    base = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text("utf-8"))
    [config] = base["configMapGenerator"]
    given = dict(one.split("=", 1) for one in config["literals"]) | variables("servers.env")
    assert given.pop("PGPASSWORD") == ""
    settings = Settings.model_validate(
        {name.removeprefix("GEUNGEO_").lower(): value for name, value in given.items()}
    )
    assert str(settings.store) == "postgresql://db.example/news"
    owner = variables("owner.env")
    assert owner["PGPASSWORD"] == ""
    assert "geungeo_owner@" in owner["GEUNGEO_STORE"]


def compose() -> dict[str, Any]:
    """The services, with every ``${NAME:-default}`` replaced by its default."""
    text = (ROOT / "compose.yaml").read_text("utf-8")
    services: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{\w+:-(.*?)\}", r"\1", text))["services"]
    return services


def test_the_profile_llm_starts_a_model_before_geungeo_and_publishes_no_port_of_it() -> None:
    services = compose()
    assert services["geungeo"]["depends_on"]["model"] == {
        "condition": "service_completed_successfully",
        "required": False,  # without the profile there is no such service
    }
    assert "profiles" not in services["geungeo"]
    assert services["model"]["depends_on"] == {"ollama": {"condition": "service_healthy"}}
    assert services["model"]["restart"] == "no"
    assert {name for name, service in services.items() if service.get("profiles") == ["llm"]} == {
        "ollama",
        "model",
    }
    assert "ports" not in services["ollama"]
    assert services["ollama"]["healthcheck"]["test"] == ["CMD", "ollama", "list"]


def test_the_model_and_geungeo_agree_in_the_profile_llm() -> None:
    services = compose()
    geungeo, ollama, model = (
        services[name]["environment"] for name in ("geungeo", "ollama", "model")
    )
    [alias] = services["ollama"]["networks"]["default"]["aliases"]
    assert geungeo["GEUNGEO_LLM_BASE_URL"] == f"http://{alias}:11434/v1"
    assert model["OLLAMA_HOST"] == f"http://{alias}:11434"
    assert geungeo["GEUNGEO_LLM_MODEL"] == model["MODEL"]
    assert geungeo["GEUNGEO_LLM_CONTEXT_TOKENS"] == ollama["OLLAMA_CONTEXT_LENGTH"]
    # The settings are valid, and long enough for a CPU: longer than the defaults.
    settings = Settings.model_validate(
        {
            name.removeprefix("GEUNGEO_").lower(): value
            for name, value in geungeo.items()
            if value is not None
        }
    )
    usual = Settings()
    assert settings.llm_first_token_timeout > usual.llm_first_token_timeout
    assert settings.llm_stall_timeout > usual.llm_stall_timeout
    assert settings.llm_timeout > settings.llm_first_token_timeout
    assert settings.verifier_timeout > usual.verifier_timeout
    # What a small model thinks of a statement is not worth asking.
    assert settings.verifier == "rules"
    assert settings.llm_concurrency == int(ollama["OLLAMA_NUM_PARALLEL"])


@pytest.mark.parametrize(("found", "backend"), [(0, "openai"), (2, "extractive")])
def test_the_container_uses_the_model_if_its_host_is_found(
    found: int, backend: str, tmp_path: Path
) -> None:
    service = compose()["geungeo"]
    programs = {
        "getent": f'[ "$*" = "hosts geungeo-ollama" ] || exit 9; exit {found}',
        "geungeo": 'echo "$*" > asked',
    }
    (tmp_path / "bin").mkdir()
    for name, lines in programs.items():
        program = tmp_path / "bin" / name
        program.write_text(f"#!/bin/sh\n{lines}\n", "utf-8")
        program.chmod(0o755)
    place = tmp_path / "place"
    place.mkdir()
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    subprocess.run(
        [*service["entrypoint"], *service["command"]],
        check=True,
        cwd=place,
        env={"PATH": path},
        timeout=20,
    )
    assert (place / "asked").read_text("utf-8") == "serve\n"
    assert load(place / "geungeo.toml").backend == backend
    # It must be able to write there: the image is read-only.
    assert service["working_dir"] in service["tmpfs"]


def test_container_health_check_compiles() -> None:
    command = re.search(r"HEALTHCHECK.*?CMD (\[.*?\])$", DOCKERFILE, re.DOTALL | re.MULTILINE)
    assert command is not None
    program, flag, code = ast.literal_eval(command[1])
    assert (program, flag) == ("python", "-c")
    compile(code, "HEALTHCHECK", "exec")


def test_systemd_unit_is_sandboxed() -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.read_string((ROOT / "docs/geungeo.service").read_text("utf-8"))
    assert parser.sections() == ["Unit", "Service", "Install"]
    directives = unit()
    for name in ("DynamicUser", "NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome"):
        assert directives[name] == ["yes"], name
    assert directives["ProtectSystem"] == ["strict"]
    assert directives["CapabilityBoundingSet"] == [""]


def test_every_metric_is_documented() -> None:
    names = {
        re.sub(r"_total$", "", line.split()[2])
        for line in Metrics().render().decode().splitlines()
        if line.startswith("# TYPE") and not line.split()[2].endswith("_created")
    }
    missing = [name for name in names if f"`{name}" not in OPERATIONS]
    assert missing == []


def test_every_rule_is_in_the_documented_table() -> None:
    table = ACCESS[ACCESS.index("| request | scope |") : ACCESS.index("`admin` may do")]
    for rule in RULES:
        assert f"{rule.path.rstrip('/')}" in table, rule


def test_documented_options_of_serve_exist() -> None:
    options = {name for parameter in serve.params for name in parameter.opts}
    named = set(re.findall(r"geungeo serve[^\n`]*?(--[a-z-]+)", OPERATIONS + ACCESS))
    assert named
    assert named <= options
