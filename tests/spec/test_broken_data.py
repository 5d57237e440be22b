"""Whatever is wrong with a data file is refused when it is loaded, in one line: where, what, how to mend it.

Each row puts one value into a shipped file, as a user's folder would.
"""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from mockserver.spec.documents import MAX_DEPTH, look_up, read_documents, shipped_root, unescape
from mockserver.spec.load import load_spec
from mockserver.spec.problem import SchemaProblem
from tests.test_cli import run

DOCUMENTS = read_documents(shipped_root())
MODEL, PING, ERRORS, DIALECT, SOURCES = (
    *("models/minimax-3@1.json", "tasks/ping.json", "errors.json", "dialect.json", "sources.json"),
)
PLATFORM, HAILUO, MEDIA = "shared/platform.json", "shared/hailuo.json", "shared/media.json"


class Out:
    """Stands for a member that is taken out."""


OUT = Out()

#: What is wrong, the file, the place, what is put there, and what whoever runs the mock is told.
BROKEN: list[tuple[str, str, str, Any, str]] = [
    # The schema language.
    ("a keyword that nothing acts on", PLATFORM, "/$defs/ttl/minProperties", 2, "shared/platform.json#/$defs/ttl/minProperties: nothing reads this; did you mean 'properties'?"),
    ("a misspelt keyword", PLATFORM, "/$defs/ttl/minmum", 2, "shared/platform.json#/$defs/ttl/minmum: nothing reads this; did you mean 'minimum'?"),
    ("a format that nothing checks", PLATFORM, "/$defs/webhookURL/format", "date-time", 'shared/platform.json#/$defs/webhookURL/format: found "date-time"; write uri'),
    ("a format that is no name", PLATFORM, "/$defs/webhookURL/format", ["uri"], "shared/platform.json#/$defs/webhookURL/format: found a list of 1; write uri"),
    ("a type that does not exist", PLATFORM, "/$defs/ttl/type", "int", 'shared/platform.json#/$defs/ttl/type: found "int"; write one of string, integer, number, boolean, object, array, null, or a list of them'),
    ("a type that is a number", PLATFORM, "/$defs/ttl/type", 5, "shared/platform.json#/$defs/ttl/type: found 5; write one of string, integer, number, boolean, object, array, null, or a list of them"),
    ("a type inside two lists", PLATFORM, "/$defs/ttl/type", [["integer"]], "shared/platform.json#/$defs/ttl/type: found a list of 1; write one of string, integer, number, boolean, object, array, null, or a list of them"),
    ("no type at all", PLATFORM, "/$defs/ttl/type", [], "shared/platform.json#/$defs/ttl/type: found an empty list; write one of string, integer, number, boolean, object, array, null, or a list of them"),
    ("a bound in quotes", PLATFORM, "/$defs/ttl/minimum", "60", 'shared/platform.json#/$defs/ttl/minimum: found "60"; write a number'),
    ("a length below zero", HAILUO, "/$defs/positivePrompt/minLength", -1, "shared/hailuo.json#/$defs/positivePrompt/minLength: found -1; write an integer, 0 or more"),
    ("a step of zero", HAILUO, "/$defs/duration/multipleOf", 0, "shared/hailuo.json#/$defs/duration/multipleOf: found 0; write a number above 0"),
    ("a pattern that is none", PLATFORM, "/$defs/taskUUID/pattern", "^(", 'tasks/accountManagement.json#/properties/taskUUID/pattern: "^(" is not a "regex"; mend the pattern'),
    ("an enumeration of nothing", PLATFORM, "/$defs/outputFormat/enum", [], "shared/platform.json#/$defs/outputFormat/enum: found an empty list; write a list of values, each there once"),
    ("a list where parameters are named", MODEL, "/properties", [], "models/minimax-3@1.json#/properties: found an empty list; write an object"),
    ("a parameter that is a list", MODEL, "/properties/ttl", [], "models/minimax-3@1.json#/properties/ttl: found an empty list; write a schema, which is an object, true or false"),
    ("a number of schemas", MODEL, "/allOf", 3, "models/minimax-3@1.json#/allOf: found 3; write a list of schemas"),
    ("a list of numbers for schemas", MODEL, "/allOf", [3], "models/minimax-3@1.json#/allOf/0: found 3; write a schema, which is an object, true or false"),
    ("a name where a list of names is meant", MODEL, "/required", "model", 'models/minimax-3@1.json#/required: found "model"; write a list of names, each there once'),
    ("a name that is required twice", MODEL, "/required", ["taskType", "taskUUID", "model", "model"], "models/minimax-3@1.json#/required: found a list of 4; write a list of names, each there once"),
    ("names of errors in a list", MODEL, "/x-errors", [], "models/minimax-3@1.json#/x-errors: found an empty list; write an object"),
    ("an error for a misspelt keyword", MODEL, "/x-errors", {"dependantRequired": "missingDimensionParameters"}, "models/minimax-3@1.json#/x-errors/dependantRequired: nothing reads this; did you mean 'dependentRequired'?"),
    ("an error for a rule that is not there", MODEL, "/x-errors", {"minimum": "missingDimensionParameters"}, "models/minimax-3@1.json#/x-errors/minimum: there is no such rule here; put it beside its rule"),
    ("an unknown error", MODEL, "/x-errors", {"dependentRequired": "noSuchError"}, "models/minimax-3@1.json#/x-errors/dependentRequired: no error 'noSuchError'; add it to errors.json"),
    ("a meaning of a value that is not there", PLATFORM, "/$defs/deliveryMethod/x-values/sync", "Wait.", "shared/platform.json#/$defs/deliveryMethod/x-values/sync: there is no such value; mend the name"),
    ("a consequence without a condition", PLATFORM, "/$defs/ttl/then", {"minimum": 60}, "shared/platform.json#/$defs/ttl/then: nothing acts on it; write 'if' beside it"),
    ("a condition without a consequence", PLATFORM, "/$defs/ttl/if", {"minimum": 60}, 'shared/platform.json#/$defs/ttl/if: nothing follows from it; write "then" or "else" beside it'),
    ("a count without what is counted", PLATFORM, "/$defs/ttl/minContains", 1, "shared/platform.json#/$defs/ttl/minContains: nothing acts on it; write 'contains' beside it"),
    ("a length of a number", PLATFORM, "/$defs/ttl/minLength", 2, "shared/platform.json#/$defs/ttl/minLength: it says nothing of the type integer; it is for string"),
    ("a default that breaks its own rules", PLATFORM, "/$defs/ttl/default", 5, "models/minimax-3@1.json#/properties/ttl/default: 5 breaks the rules beside it; mend the default"),
    ("a note of a model in the middle of a file", PLATFORM, "/$defs/ttl/x-model", {}, "shared/platform.json#/$defs/ttl/x-model: nothing reads this here; move it to the top of its file"),
    ("a reference into nothing", MODEL, "/properties/ttl/$ref", "../shared/platform.json#/$defs/no", "models/minimax-3@1.json: ../shared/platform.json#/$defs/no: there is nothing at shared/platform.json#/$defs/no; mend the reference"),
    ("a reference to no file", MODEL, "/properties/ttl/$ref", "../shared/no.json", "models/minimax-3@1.json: ../shared/no.json: there is nothing at shared/no.json#; mend the reference"),
    ("a reference that is no text", MODEL, "/properties/ttl/$ref", 5, "models/minimax-3@1.json#/properties/ttl/$ref: found 5; write a string that is not empty"),
    ("a rule beside a reference", MODEL, "/properties/ttl/minimum", 1, "models/minimax-3@1.json: ../shared/platform.json#/$defs/ttl: a rule stands beside a reference; put both into allOf"),
    ("a circle of references", MEDIA, "/$defs/frameImage", {"$ref": "#/$defs/frameImage"}, "shared/media.json: #/$defs/frameImage: the references run in a circle; break the circle"),
    ("a wrong $id", MODEL, "/$id", "https://example.com/x.json", "models/minimax-3@1.json#/$id: found 'https://example.com/x.json'; write 'https://runware-mock.invalid/schema/models/minimax-3@1.json'"),
    ("another dialect of JSON Schema", MODEL, "/$schema", "http://json-schema.org/draft-07/schema#", "models/minimax-3@1.json#/$schema: found 'http://json-schema.org/draft-07/schema#'; write 'https://json-schema.org/draft/2020-12/schema'"),
    ("a schema file that is a list", MODEL, "", [], "models/minimax-3@1.json: a schema file holds one object; write a JSON Schema"),
    # Models and platform tasks.
    ("a model that says nothing of itself", MODEL, "/x-model", OUT, "models/minimax-3@1.json#/x-model: missing; write an object"),
    ("model data in a list", MODEL, "/x-model", [], "models/minimax-3@1.json#/x-model: found an empty list; write an object"),
    ("model data that nothing reads", MODEL, "/x-model/colour", "red", "models/minimax-3@1.json#/x-model/colour: nothing reads this; take it out, or use slug, name, creator, architecture, capabilities, documentation, result, generation, price or pictures"),
    ("model data of the wrong type", MODEL, "/x-model/price", "much", 'models/minimax-3@1.json#/x-model/price: found "much"; write a list of entries'),
    ("a picture format that nothing reads", MODEL, "/x-model/pictures/formats", ["TIFF"], 'models/minimax-3@1.json#/x-model/pictures/formats/0: found "TIFF"; write PNG, JPEG, WEBP, BMP or GIF'),
    ("a rule for pictures that nothing reads", "tasks/imageUpload.json", "/x-task/pictures/leastside", 300, "tasks/imageUpload.json#/x-task/pictures/leastside: nothing reads this; did you mean 'leastSide'?"),
    ("a rule for pictures in quotes", MODEL, "/x-model/pictures/mostSide", "2048", 'models/minimax-3@1.json#/x-model/pictures/mostSide: found "2048"; write an integer, 1 or more'),
    ("a price that is a bare number", MODEL, "/x-model/price", [5], "models/minimax-3@1.json#/x-model/price/0: found 5; write an object"),
    ("a price in quotes", MODEL, "/x-model/price", [{"when": {}, "usd": "1"}], 'models/minimax-3@1.json#/x-model/price/0/usd: found "1"; write a number, 0 or more'),
    ("a price in too small coin", MODEL, "/x-model/price", [{"when": {}, "usd": 0.0000001}], "models/minimax-3@1.json#/x-model/price/0/usd: nobody can be charged 1e-07; use at most six decimals"),
    ("a table without a last entry", MODEL, "/x-model/price", [{"when": {"width": 1366}, "usd": 1}], 'models/minimax-3@1.json#/x-model/price: no entry takes the other tasks; end with "when": {}'),
    ("a price for a parameter that does not exist", MODEL, "/x-model/price/0/when", {"widht": 1920}, "models/minimax-3@1.json#/x-model/price/0/when/widht: there is no such parameter; mend the name"),
    ("a result that is nowhere", MODEL, "/x-model/result", "wire/film.json", "models/minimax-3@1.json#/x-model/result: there is no such file; name one such as wire/video.json"),
    ("a model without its constant", MODEL, "/properties/model/const", OUT, "models/minimax-3@1.json#/properties/model/const: the constant is missing; write a string"),
    ("a model that is a number", MODEL, "/properties/model/const", 5, "models/minimax-3@1.json#/properties/model/const: found 5; write a string"),
    ("a model whose tasks need no UUID", MODEL, "/required", ["taskType", "model", "positivePrompt"], "models/minimax-3@1.json#/required: a task may lack taskUUID; require it"),
    ("a model that another file describes", MODEL, "/properties/model/const", "minimax:4@1", "models/minimax-4@1.json: models/minimax-3@1.json describes minimax:4@1 too; take one out; to replace a file, name yours alike"),
    ("a model that is a platform task", MODEL, "/properties/taskType/const", "ping", "models/minimax-3@1.json: tasks/ping.json describes ping too; take one out; to replace a file, name yours alike"),
    ("a platform task that another file describes", PING, "/properties/taskType/const", "getResponse", "tasks/ping.json: tasks/getResponse.json describes getResponse too; take one out; to replace a file, name yours alike"),
    ("a platform task without its page", PING, "/x-task", OUT, "tasks/ping.json#/x-task: missing; write an object"),
    ("a platform task without an answer", PING, "/$defs/answer", OUT, "tasks/ping.json: there is nothing at tasks/ping.json#/$defs/answer; mend the reference"),
    # The error catalogue.
    ("errors in a list", ERRORS, "", [], "errors.json: found an empty list; write an object"),
    ("errors without families", ERRORS, "/families", OUT, "errors.json#/families: missing; write a list"),
    ("families that leave keywords out", ERRORS, "/families", [], 'errors.json#/families: no family takes the other keywords; give one the keyword "*"'),
    ("a family of a misspelt keyword", ERRORS, "/families/0/keywords", ["requierd"], 'errors.json#/families/0/keywords/0: found "requierd"; did you mean \'required\'?'),
    ("errors without one that is needed", ERRORS, "/codes/taskNotFound", OUT, "errors.json#/codes/taskNotFound: missing, and the mock answers with it; write it"),
    ("an error that is a text", ERRORS, "/codes/taskNotFound", "gone", 'errors.json#/codes/taskNotFound: found "gone"; write an object'),
    ("an error without a status", ERRORS, "/codes/taskNotFound/http", OUT, "errors.json#/codes/taskNotFound/http: missing; write an HTTP status from 200 to 599"),
    ("a status that is none", ERRORS, "/codes/taskNotFound/http", 99, "errors.json#/codes/taskNotFound/http: found 99; write an HTTP status from 200 to 599"),
    ("a status that is true", ERRORS, "/codes/taskNotFound/http", True, "errors.json#/codes/taskNotFound/http: found true; write an HTTP status from 200 to 599"),
    ("an error with a member too many", ERRORS, "/codes/taskNotFound/retry", True, "errors.json#/codes/taskNotFound/retry: nothing reads this; take it out, or use http, category, message, confidence, from, code or fields"),
    ("an odd confidence", ERRORS, "/codes/taskNotFound/confidence", "state", 'errors.json#/codes/taskNotFound/confidence: found "state"; did you mean \'stated\'?'),
    ("an odd code", ERRORS, "/codes/taskNotFound/code", "task not found", "errors.json#/codes/taskNotFound/code: 'task not found' is not a code; use letters only"),
    ("a family with an odd code", ERRORS, "/families/0/code", "missing{parameter}", "errors.json#/families/0/code: 'missing{parameter}' is not a code; use letters only"),
    ("an error from nowhere", ERRORS, "/codes/taskNotFound/from", [], "errors.json#/codes/taskNotFound/from: found an empty list; write a list of one or more strings"),
    ("a brace that is not closed", ERRORS, "/codes/taskNotFound/message", "x {", "errors.json#/codes/taskNotFound/message: 'x {' is no sentence with facts (Single '{' encountered in format string); use {reason}, {parameter} or {name}"),
    ("a fact by number", ERRORS, "/codes/taskNotFound/message", "x {0}", "errors.json#/codes/taskNotFound/message: no fact is called '0'; use {reason}, {parameter} or {name}"),
    ("a fact that does not exist", ERRORS, "/codes/taskNotFound/message", "x {resaon}", "errors.json#/codes/taskNotFound/message: no fact is called 'resaon'; use {reason}, {parameter} or {name}"),
    ("a fact in an odd form", ERRORS, "/codes/taskNotFound/message", "x {reason!r}", "errors.json#/codes/taskNotFound/message: no fact is called 'reason'; use {reason}, {parameter} or {name}"),
    # The dialect.
    ("a dialect that is a list", DIALECT, "", [], "dialect.json: found an empty list; write an object"),
    ("a dialect without choices", DIALECT, "/choices", OUT, "dialect.json#/choices: missing; write an object"),
    ("a dialect without profiles", DIALECT, "/profiles", OUT, "dialect.json#/profiles: missing; write an object"),
    ("a choice without a default", DIALECT, "/choices/sizes/default", OUT, "dialect.json#/choices/sizes/default: missing; write a string that is not empty"),
    ("a choice without values", DIALECT, "/choices/sizes/values", {}, "dialect.json#/choices/sizes: the default is no value; mend the default"),
    ("a default that is no value", DIALECT, "/choices/sizes/default", "x", "dialect.json#/choices/sizes: the default is no value; mend the default"),
    ("a value that says nothing of itself", DIALECT, "/choices/sizes/values/two", {}, "dialect.json#/choices/sizes/values/two/about: missing; write a string that is not empty"),
    ("a misspelt effect", DIALECT, "/choices/sizes/values/two/pach", {}, "dialect.json#/choices/sizes/values/two/pach: nothing reads this; did you mean 'patch'?"),
    ("a value that nothing acts on", DIALECT, "/choices/new", {"about": "x", "default": "a", "values": {"a": {"about": "x"}, "b": {"about": "x"}}}, "dialect.json#/choices/new/values/b: nothing acts on this value; give it one of patch, rewrites, drop"),
    ("a choice of one", DIALECT, "/choices/new", {"about": "x", "default": "a", "values": {"a": {"about": "x"}}}, "dialect.json#/choices/new: there is nothing to choose; give it a second value"),
    ("a patch that is a list", DIALECT, "/choices/sizes/values/two/patch", [], "dialect.json#/choices/sizes/values/two/patch: found an empty list; write an object"),
    ("a patch of a missing file", DIALECT, "/choices/sizes/values/two/patch", {"shared/no.json": {}}, "dialect.json: shared/no.json: no such file to patch; name a file below schema/"),
    ("a patch that breaks a file", DIALECT, "/choices/sizes/values/two/patch", {"shared/platform.json": {"$defs": {"ttl": {"type": 5}}}}, "shared/platform.json#/$defs/ttl/type: found 5; write one of string, integer, number, boolean, object, array, null, or a list of them"),
    ("an unknown rewrite", DIALECT, "/choices/sizes/values/two/rewrites", [{"op": "mvoe", "from": "/a", "to": "/b"}], 'dialect.json#/choices/sizes/values/two/rewrites/0/op: found "mvoe"; did you mean \'move\'?'),
    ("a rewrite without its place", DIALECT, "/choices/sizes/values/two/rewrites", [{"op": "move", "from": "/a"}], "dialect.json#/choices/sizes/values/two/rewrites/0/to: missing; write a string that is not empty"),
    ("a rewrite with a place too many", DIALECT, "/choices/sizes/values/two/rewrites", [{"op": "upper", "at": "/a", "to": "/b"}], "dialect.json#/choices/sizes/values/two/rewrites/0/to: nothing reads this; take it out, or use op or at"),
    ("a keyword to drop that does not exist", DIALECT, "/choices/sizes/values/two/drop", "additionalproperties", 'dialect.json#/choices/sizes/values/two/drop: found "additionalproperties"; did you mean \'additionalProperties\'?'),
    ("a profile without choices", DIALECT, "/profiles/compat/choices", OUT, "dialect.json#/profiles/compat/choices: missing; write an object"),
    ("a profile that chooses what is not on offer", DIALECT, "/profiles/compat/choices/size", "two", "dialect.json#/profiles/compat/choices/size: there is no 'size'; did you mean 'sizes'?"),
    ("a profile that chooses a value that is not there", DIALECT, "/profiles/compat/choices/sizes", "with-521", "dialect.json#/profiles/compat/choices/sizes: there is no 'with-521'; did you mean 'with-512'?"),
    # The sources.
    ("sources in a list", SOURCES, "", [], "sources.json: found an empty list; write an object"),
    ("sources without a version", SOURCES, "/schemaVersion", OUT, "sources.json#/schemaVersion: missing; write a string that is not empty"),
    ("a claim about no file", SOURCES, "/claims/models~1no.json", {"": {"confidence": "stated", "from": ["PAGE"]}}, "sources.json#/claims/models~1no.json/: there is no such place; mend the claim"),
    ("a claim about nothing", SOURCES, "/claims/shared~1hailuo.json/~1$defs~1no", {"confidence": "stated", "from": ["PAGE"]}, "sources.json#/claims/shared~1hailuo.json/~1$defs~1no: there is no such place; mend the claim"),
    ("a claim of odd confidence", SOURCES, "/claims/shared~1hailuo.json/~1$defs~1width/confidence", "sure", 'sources.json#/claims/shared~1hailuo.json/~1$defs~1width/confidence: found "sure"; write stated, observed or assumed'),
    ("a claim about a whole file of odd confidence", SOURCES, "/claims/models~1minimax-3@1.json//confidence", "sure", 'sources.json#/claims/models~1minimax-3@1.json//confidence: found "sure"; write stated, observed or assumed'),
    ("a claim from an unknown source", SOURCES, "/claims/shared~1hailuo.json/~1$defs~1width/from", ["NOWHERE"], "sources.json#/claims/shared~1hailuo.json/~1$defs~1width: unknown source 'NOWHERE'; list it under sources"),
    ("a claim from no source", SOURCES, "/claims/shared~1hailuo.json/~1$defs~1width/from", OUT, "sources.json#/claims/shared~1hailuo.json/~1$defs~1width/from: missing; write a list of one or more strings"),
]  # fmt: skip


def put(document: Any, pointer: str, value: Any) -> Any:
    """Return a document with a value at a place, or without what is there."""
    if not pointer:
        return value
    changed = deepcopy(document)
    around, _, last = pointer.rpartition("/")
    holder, name = look_up(changed, around), unescape(last)
    if value is OUT:
        del holder[name]
    else:
        holder[int(name) if isinstance(holder, list) else name] = value
    return changed


def folder_with(folder: Path, path: str, text: str) -> Path:
    """Write one file into a folder laid out like schema/ and return the folder."""
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(("name", "path", "pointer", "value", "told"), BROKEN, ids=[row[0] for row in BROKEN])
def test_one_mistake_is_told_in_one_line(
    tmp_path: Path, name: str, path: str, pointer: str, value: Any, told: str
) -> None:
    """Every mistake has a message of its own, with the file, the place, what is there and what to do."""
    broken = put(DOCUMENTS[path], pointer, value)
    with pytest.raises(SchemaProblem) as caught:
        load_spec(folder_with(tmp_path, path, json.dumps(broken)))
    assert str(caught.value) == told, name
    assert caught.value.mend


#: Texts that are no data file, with what is told of them.
UNREADABLE: list[tuple[str, str, str]] = [
    ("half a file", "{", "the file cannot be read as JSON (Expecting property name"),
    ("a file nested without end", "[" * 100_000, f"more than {MAX_DEPTH} lists and objects lie inside each other"),
    ("a file nested too deeply", "[" * 100 + "]" * 100, f"more than {MAX_DEPTH} lists and objects lie inside each other"),
    ("a name that is there twice", '{"title": 1, "title": 1}', "'title' is there twice in one object"),
    ("a number that is none", '{"title": NaN}', "NaN is no number"),
    ("bytes that are no text", "\udce9", "codec can't decode"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "told"), UNREADABLE, ids=[row[0] for row in UNREADABLE])
def test_what_is_no_json_is_told_by_its_file(tmp_path: Path, name: str, text: str, told: str) -> None:
    """What cannot be read is named, however broken it is."""
    (tmp_path / "errors.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(SchemaProblem) as caught:
        load_spec(tmp_path)
    assert caught.value.place == str(tmp_path / "errors.json"), name
    assert told in caught.value.problem


def test_a_long_chain_of_references_is_refused(tmp_path: Path) -> None:
    """References that lead from one to the next for ever cost no stack."""
    chain = {f"step{number}": {"$ref": f"#/$defs/step{number + 1}"} for number in range(500)}
    broken = put(DOCUMENTS[PLATFORM], "/$defs/ttl", {"$ref": "#/$defs/step0"})
    broken["$defs"].update({**chain, "step500": {"type": "integer"}})
    with pytest.raises(SchemaProblem, match="references lead from one to the next"):
        load_spec(folder_with(tmp_path, PLATFORM, json.dumps(broken)))


def test_a_pattern_that_only_one_library_knows_is_refused_where_it_is_used(tmp_path: Path) -> None:
    """What the chosen validator cannot read is told at the start, not with the first request."""
    folder = folder_with(
        tmp_path, PLATFORM, json.dumps(put(DOCUMENTS[PLATFORM], "/$defs/taskUUID/pattern", r"^\p{L}+$"))
    )
    load_spec(folder)
    with pytest.raises(SchemaProblem, match="taskUUID/pattern"):
        load_spec(folder, validator="reference")


def test_a_file_may_take_the_place_of_a_shipped_one(tmp_path: Path) -> None:
    """Replacing a file by its name is meant, and claims about the old one are not held against it."""
    changed = put(put(DOCUMENTS[MODEL], "/title", "Ours"), "/additionalProperties", OUT)
    spec = load_spec(folder_with(tmp_path, MODEL, json.dumps(changed)))
    assert spec.models["videoInference"]["minimax:3@1"].schema["title"] == "Ours"
    folder_with(tmp_path, SOURCES, json.dumps(DOCUMENTS[SOURCES]))
    with pytest.raises(SchemaProblem, match="there is no such place"):
        load_spec(tmp_path)


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("validate", "-")])
@pytest.mark.parametrize(("path", "text"), [(MODEL, "[]"), (DIALECT, "[]"), (ERRORS, "[" * 100_000)])
def test_the_command_line_ends_with_status_2_and_one_line(
    tmp_path: Path, command: tuple[str, ...], path: str, text: str
) -> None:
    """No traceback, whatever lies in the folder."""
    done = run(*command, "--schema", str(folder_with(tmp_path, path, text)), given="[]")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("runware-mock: ")
    assert done.stderr.count("\n") == 1
