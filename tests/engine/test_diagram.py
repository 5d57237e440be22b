"""The guide of the engine shows the table of the life cycle as it is."""

from pathlib import Path

from mockserver.engine.life import TRANSITIONS
from mockserver.engine.values import Ripen, Status
from tests.engine.diagram import Ways, draw, refusals

GUIDE = Path(__file__).parent.parent.parent / "mockserver/engine/README.md"


def test_the_guide_shows_the_diagram_of_the_table() -> None:
    """A transition cannot be added or taken out without the guide; the module beside this one prints it anew."""
    guide = GUIDE.read_text(encoding="utf-8")
    assert f"```mermaid\n{draw()}```\n" in guide
    assert f"\n{refusals()}\n" in guide


def test_a_change_of_the_table_changes_the_diagram() -> None:
    """What a command leads to is told by an arrow, from nothing by one from the start."""
    changed: Ways = {**TRANSITIONS, None: {Ripen: (Status.SUCCESS,)}}
    assert "    [*] --> success: Ripen\n" in draw(changed)
    assert "    [*] --> processing" not in draw(changed)
