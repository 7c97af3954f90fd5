"""The canonical bytes of example documents: a change here gives every stored document a new digest."""

from __future__ import annotations

from pathlib import Path

from contract import canonical_bytes, parse_consumer, parse_text, parse_workspace
from tests.golden_files import Golden

FOLDER = Path(__file__).parent / "canonical"
PARSERS = {"workspace": parse_workspace, "consumer": parse_consumer}


def test_each_source_has_the_canonical_bytes_it_had(golden: Golden) -> None:
    wanted = []
    for source in sorted(FOLDER.glob("*.yaml")):
        document = PARSERS[source.stem.partition("-")[0]](parse_text(source.read_bytes()))
        wanted.append(source.with_suffix(".json"))
        golden.check(wanted[-1], canonical_bytes(document).decode())

    assert len(wanted) >= 3
    golden.check_complete(FOLDER.glob("*.json"), wanted)
