"""The rules of the architecture, as tests."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import mockserver

ROOT = Path(__file__).parent.parent
MODULES = sorted([*ROOT.glob("mockserver/**/*.py"), *ROOT.glob("contracts/**/*.py")])


def test_imports_point_down() -> None:
    """The layers of pyproject.toml hold, and every module has its place in them."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    "name", ["mockserver", "mockserver.spec.load", "mockserver.reading", "mockserver.cli", "mockserver.runtime"]
)
def test_importing_what_decides_loads_no_web_framework(name: str) -> None:
    """Whoever only wants the schemas does not pay for a server."""
    heavy = ["fastapi", "starlette", "pydantic", "uvicorn", "aiohttp", "httpx", "hypothesis", "PIL", "av", "jsonschema"]
    code = f"import sys, {name}; print([each for each in {heavy!r} if each in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_public_names_are_loaded_when_they_are_used() -> None:
    """Every name that the package promises is there, and one that it does not promise is refused as usual."""
    for name in mockserver.__all__:
        assert getattr(mockserver, name).__module__.startswith("mockserver.")
    with pytest.raises(AttributeError, match="no attribute 'MokConfig'"):
        _ = mockserver.MokConfig


def test_the_schemas_are_data_only() -> None:
    """Nothing in schema/ can be run."""
    suffixes = {path.suffix for path in (ROOT / "schema").rglob("*") if path.is_file()}
    assert suffixes == {".json", ".md"}


@pytest.mark.parametrize("path", MODULES, ids=[str(path.relative_to(ROOT)) for path in MODULES])
def test_a_module_says_what_it_decides_and_stays_readable(path: Path) -> None:
    """Every file has a docstring and one reason to exist: six hundred lines at most."""
    source = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(source)), "no module docstring"
    assert source.count("\n") <= 600


def test_no_code_of_the_mock_spells_an_error_that_the_catalogue_lacks() -> None:
    """Every code that the mock asks the catalogue for is there."""
    from mockserver.spec.load import load_spec

    named = load_spec().catalogue.named
    asked = set()
    for path in ROOT.glob("mockserver/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
                first = node.args[0] if node.args else None
                if called in ("error", "unaddressed", "Unreadable", "Rejected") and isinstance(first, ast.Constant):
                    asked.add(first.value)
    assert len(asked) > 10
    assert asked - named.keys() == set()


def test_every_error_that_code_names_is_one_that_no_catalogue_may_lack() -> None:
    """A folder with an error catalogue of its own is refused at the start, not when an error is missing in it."""
    from mockserver.spec.catalogue import NEEDED
    from mockserver.spec.load import load_spec

    named = load_spec().catalogue.named.keys()
    spelt = {
        node.value
        for path in ROOT.glob("mockserver/**/*.py")
        if path.name != "catalogue.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in named
    }
    assert spelt == NEEDED, "keep NEEDED in mockserver/spec/catalogue.py in step"
