"""`make gen` and `make check-gen` on a small API of their own, with the real protoc and buf."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools import gen_protos

API = """
syntax = "proto3";

package agentrouter.demo.v1;

import "buf/validate/validate.proto";
import "google/rpc/status.proto";

// Greets.
service DemoService {
  // Greets one.
  rpc Greet(GreetRequest) returns (GreetResponse);
}

// Whom to greet.
message GreetRequest {
  // The name.
  string name = 1 [(buf.validate.field).string.min_len = 1];
}

// The greeting.
message GreetResponse {
  // How it went.
  google.rpc.Status status = 1;
}
"""


class Demo:
    """A project with one small API."""

    def __init__(self, folder: Path) -> None:
        self.source, self.target = folder / "proto", folder / "gen"
        self.write(API)

    def write(self, api: str) -> None:
        file = self.source / "agentrouter" / "demo" / "v1" / "demo_service.proto"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(api)

    def generate(self, *flags: str) -> int:
        return gen_protos.main(["--source", str(self.source), "--target", str(self.target), *flags])


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    return Demo(tmp_path)


def test_generated_code_validates_and_serves_both_wires(demo: Demo) -> None:
    assert demo.generate() == 0

    script = """
from agentrouter.demo.v1 import demo_service_connect, demo_service_pb2, demo_service_pb2_grpc
from buf.validate import validate_pb2
import protovalidate
print([each.proto.rule_id for each in protovalidate.collect_violations(demo_service_pb2.GreetRequest())])
"""
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, cwd=demo.target, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("['string.min_len']\n", "")


def test_fresh_code_passes_the_check(demo: Demo) -> None:
    demo.generate()

    assert demo.generate("--check") == 0


def test_the_check_names_what_is_stale_missing_and_left_over(demo: Demo, capsys: pytest.CaptureFixture[str]) -> None:
    demo.generate()
    generated = demo.target / "agentrouter" / "demo" / "v1"
    (generated / "demo_service_pb2.py").write_text("# edited by hand")
    (generated / "demo_service_connect.py").unlink()
    (generated / "old_service_pb2.py").write_text("")

    assert demo.generate("--check") == 1

    faults = capsys.readouterr().err
    assert "stale: agentrouter/demo/v1/demo_service_pb2.py" in faults
    assert "missing: agentrouter/demo/v1/demo_service_connect.py" in faults
    assert "left over: agentrouter/demo/v1/old_service_pb2.py" in faults


def test_generating_again_mends_all_of_that(demo: Demo) -> None:
    demo.generate()
    (demo.target / "agentrouter" / "demo" / "v1" / "old_service_pb2.py").write_text("")

    demo.generate()

    assert demo.generate("--check") == 0


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("  // The name.\n", "", "should have a non-empty comment"),
        ("string name", "string Name", "should be lower_snake_case"),
        ("min_len = 1", "pattern = '('", "fails to compile"),
    ],
    ids=["comment", "name", "validation rule"],
)
def test_an_api_that_breaks_a_rule_is_refused_with_the_place(
    demo: Demo, capsys: pytest.CaptureFixture[str], before: str, after: str, fault: str
) -> None:
    demo.write(API.replace(before, after))

    assert demo.generate() == 1

    report = capsys.readouterr().err
    assert "agentrouter/demo/v1/demo_service.proto" in report
    assert fault in report
    assert not demo.target.exists()


def test_a_folder_without_protos_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "proto").mkdir()

    assert gen_protos.main(["--source", str(tmp_path / "proto"), "--target", str(tmp_path / "gen")]) == 1

    assert "no .proto file" in capsys.readouterr().err
