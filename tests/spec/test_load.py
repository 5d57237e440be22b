"""Loading: what the data may say, what is refused, and what a further model needs."""

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver.spec.checkers import CHECKERS
from mockserver.spec.dialect import UnknownChoice, choose
from mockserver.spec.documents import inline, is_schema_file, merge, read_documents, shipped_root, walk
from mockserver.spec.keywords import NOTES, RULES, STRUCTURE
from mockserver.spec.load import load_spec
from mockserver.spec.problem import SchemaProblem
from mockserver.spec.sources import check_claims, claim_for, unclaimed_rules
from mockserver.spec.violations import check_task

DOCUMENTS = read_documents(shipped_root())
MODEL = "models/minimax-3@1.json"


def overlay(folder: Path, path: str, document: Any) -> Path:
    """Write one data file into a folder laid out like schema/ and return the folder."""
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(document), encoding="utf-8")
    return folder


def test_a_further_model_is_a_further_file(tmp_path: Path) -> None:
    """A file in models/ is all that a model needs: it is routed, checked, priced and listed."""
    changes = {
        "$id": "https://runware-mock.invalid/schema/models/acme-1@1.json",
        "title": "Acme One",
        "x-model": {"slug": "acme-one", "name": "Acme One"},
        "properties": {"model": {"const": "acme:1@1", "examples": ["acme:1@1"]}, "seed": {"type": "integer"}},
    }
    spec = load_spec(overlay(tmp_path, "models/acme-1@1.json", merge(DOCUMENTS[MODEL], changes)))
    task = {**spec.models["videoInference"]["minimax:3@1"].schema["examples"][0], "model": "acme:1@1", "seed": 4}
    assert check_task(spec, task).violations == ()
    [violation] = check_task(spec, {**task, "seed": "4"}).violations
    assert (violation.error.code, violation.pointer) == ("invalidSeed", "/seed")
    assert "acme:1@1" in [model.air for model in spec.all_models]


@pytest.mark.parametrize(
    ("files", "named", "told"),
    [
        ((), "", "the folder holds no data files; lay it out like schema/"),
        (("models/acme.json",), "models", "its files are looked for one level higher; name "),
        (("acme.json",), "", "acme.json: nothing reads a file at this place; put it into one of shared/, models/,"),
        (("model/acme.json",), "", "model/acme.json: nothing reads a file at this place"),
    ],
)
def test_a_folder_in_which_nothing_would_be_found_is_refused(
    tmp_path: Path, files: tuple[str, ...], named: str, told: str
) -> None:
    """Whoever names the wrong folder learns of it, and not by a model that is missing later."""
    for file in files:
        overlay(tmp_path, file, DOCUMENTS[MODEL])
    with pytest.raises(SchemaProblem) as caught:
        load_spec(tmp_path / named)
    assert told in str(caught.value)


def test_minimax_4_is_data_alone() -> None:
    """The second model differs in what the reference says of it: its prompt may be left out beside pictures."""
    spec = load_spec()
    task = {"taskType": "videoInference", "taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1", "model": "minimax:4@1"}
    pictures = {"inputs": {"frameImages": ["https://example.com/first.png"]}}
    assert check_task(spec, {**task, **pictures}).violations == ()
    for change, code in (
        ({}, "missingPositivePrompt"),
        ({"inputs": {}}, "missingPositivePrompt"),
        ({"inputs": 5}, "invalidInputs"),
    ):
        assert [v.error.code for v in check_task(spec, {**task, **change}).violations] == [code]
    for path in Path("mockserver").rglob("*.py"):
        assert "minimax:4" not in path.read_text(encoding="utf-8"), path


def test_unknown_profiles_choices_and_values_are_named() -> None:
    """Whoever chooses what is not on offer is told what is."""
    document = DOCUMENTS["dialect.json"]
    for profile, choices in (("lax", {}), ("strict", {"size": "two"}), ("strict", {"sizes": "three"})):
        with pytest.raises(UnknownChoice) as caught:
            choose(document, profile, choices)
        assert ", ".join(caught.value.offered) in str(caught.value)


def test_every_keyword_in_use_is_in_the_catalogue_and_the_reverse() -> None:
    """The schema language holds no word that no schema uses, and the schemas none that it lacks."""
    used = {
        keyword
        for path, document in DOCUMENTS.items()
        if is_schema_file(path)
        for _, node in walk(document)
        if isinstance(node, dict)
        for keyword in node
    }
    assert used == {*RULES, *NOTES, *STRUCTURE}


def test_every_rule_has_a_source() -> None:
    """For each rule it is known where it comes from and how sure we are."""
    check_claims(DOCUMENTS)
    assert list(unclaimed_rules(DOCUMENTS)) == []
    claim = claim_for(DOCUMENTS, "shared/hailuo.json", "/$defs/width/enum")
    assert claim is not None
    assert claim.confidence == "stated"
    table = DOCUMENTS["sources.json"]["sources"]
    entries = [*DOCUMENTS["errors.json"]["codes"].values(), *DOCUMENTS["errors.json"]["families"]]
    for entry in [*entries, *DOCUMENTS["dialect.json"]["choices"].values()]:
        assert set(entry["from"]) <= table.keys()
        assert entry["confidence"] in DOCUMENTS["sources.json"]["confidence"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"claims": {MODEL: {"/properties/no": {"confidence": "stated", "from": ["PAGE"]}}}}, "no such place"),
        ({"claims": {MODEL: {"": {"confidence": "sure", "from": ["PAGE"]}}}}, "sure"),
        ({"claims": {MODEL: {"": {"confidence": "stated", "from": ["NOBODY"]}}}}, "NOBODY"),
    ],
)
def test_a_claim_about_nothing_is_refused(change: Any, told: str) -> None:
    """A claim that outlived its rule, or names no source, is found."""
    with pytest.raises(SchemaProblem, match=told):
        check_claims({**DOCUMENTS, "sources.json": merge(DOCUMENTS["sources.json"], change)})


def test_a_rule_without_a_claim_is_found() -> None:
    """The check of the sources can fail."""
    claims = {"claims": {MODEL: None}}
    assert f"{MODEL}#/required" in list(
        unclaimed_rules({**DOCUMENTS, "sources.json": merge(DOCUMENTS["sources.json"], claims)})
    )


@pytest.mark.parametrize("validator", CHECKERS)
def test_every_example_keeps_its_own_schema(validator: str) -> None:
    """Examples and defaults shown to people are valid."""
    factory = CHECKERS[validator]()
    for path, document in DOCUMENTS.items():
        if is_schema_file(path):
            for pointer, node in walk(document):
                if isinstance(node, dict) and ("examples" in node or "default" in node):
                    checker = factory(inline(DOCUMENTS, path, pointer))
                    shown = [*node.get("examples", []), *([node["default"]] if "default" in node else [])]
                    assert [value for value in shown if not checker.accepts(value)] == [], f"{path}#{pointer}"


def test_every_parameter_is_described() -> None:
    """Each parameter has a title, a description and an example for the schema pages."""
    spec = load_spec()
    for branch in (*spec.all_models, *spec.tasks.values()):
        for name, node in branch.schema["properties"].items():
            assert {"title", "description"} <= node.keys(), f"{branch.name}: {name}"
            assert node.get("examples"), f"{branch.name}: {name}"
