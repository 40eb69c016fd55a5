"""The first hour of docs/guide.md, line by line as a newcomer would paste it, against what `make run` runs."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.browser.stacks import NOT_OURS, Stack
from tests.pages import ROOT, Page
from tests.simulated import wait_until

GUIDE = Page(ROOT / "docs" / "guide.md")


def lines_of_the_first_hour() -> str:
    section = GUIDE.section("2. The rest of the first hour")
    blocks = [part.split("```")[0] for part in section.split("```sh\n")[1:]]
    assert len(blocks) == 5
    return "\n".join(blocks)


def as_in_a_room_of_its_own(stack: Stack, room: str, folder: Path) -> Path:
    """The stack's demo.json, with another room for the demo room."""
    told = copy.deepcopy(stack.told)
    told["tenants"][0]["rooms"][0]["id"] = room
    (folder / "demo.json").write_text(json.dumps(told))
    return folder / "demo.json"


# The guide gives each webhook a second. Beside other tests it may take longer.
SECOND = "sleep 1"
ONCE_HE_IS_IN, ONCE_IT_IS_READY = (
    f'until ask "$URL/v2/{told}?filter%5Broom_id%5D=$ROOM" | grep \'"{word}"\' > /dev/null; do sleep 0.1; done'
    for told, word in (("room_participants", "bo"), ("room_recordings", "completed"))
)


def test_the_first_hour_goes_as_the_guide_says(stack: Stack, tmp_path: Path) -> None:
    room = stack.new_room(enable_recording=True)
    come, filmed, kept = lines_of_the_first_hour().split(SECOND)
    script = f"{come}{ONCE_HE_IS_IN}{filmed}{ONCE_IT_IS_READY}{kept}"
    for written, here in {
        "cd videobroker": f"cd {ROOT}",
        "var/demo.json": str(as_in_a_room_of_its_own(stack, room, tmp_path)),
        ".venv/bin/python": sys.executable,
        "bo.webm": str(tmp_path / "bo.webm"),
        "page%5Bsize%5D=5": "page%5Bsize%5D=100",  # others are at work here, too
    }.items():
        assert written in script
        script = script.replace(written, here)
    played = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", script],
        capture_output=True, text=True, timeout=90, env=environment(stack),
    )  # fmt: skip
    assert played.returncode == 0, played.stdout + played.stderr
    assert (tmp_path / "bo.webm").stat().st_size > 1000
    answers = [json.loads(line) for line in played.stdout.splitlines() if line.startswith("{")]
    refused = [answer["errors"][0]["meta"]["reason"] for answer in answers if "errors" in answer]
    assert refused == ["held"]
    people, *_, access, entries = (answer["data"] for answer in answers if "data" in answer)
    assert [person["identity"] for person in people] == ["bo"]
    assert access["reason"] == "banned"
    assert "participants.kicked" in {entry["action"] for entry in entries}
    wait_until(lambda: stack.present(room, "bo") == [])


def environment(stack: Stack) -> dict[str, str]:
    """A shell's, which knows where the stack keeps its data."""
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    return {**inherited, "DATA_DIR": str(stack.data_dir)}
