"""Turns proto/ into gen/ with nothing but installed wheels, and tells whether gen/ still matches proto/.

The imports that proto/ needs are in wheels: `buf/validate/validate.proto` only as a descriptor (protovalidate),
`google/rpc` and `google/api` as text (googleapis-common-protos). Everything is compiled into one image first, so that
what is linted is what is generated.
"""

from __future__ import annotations

import argparse
import filecmp
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from google.protobuf import descriptor_pb2

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
VALIDATE = "buf/validate/validate.proto"


class ProtoError(Exception):
    """A step of the generation failed; the text is the tool's own report."""


def run(*command: str | Path, cwd: Path = ROOT) -> None:
    """Run one tool quietly; its whole report becomes the error when it fails."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ProtoError(f"{Path(command[0]).name} failed:\n{done.stdout}{done.stderr}".rstrip())


def protoc(*arguments: str | Path) -> None:
    """Run the protoc inside grpcio-tools, which brings google/protobuf/*.proto with it."""
    run(sys.executable, "-m", "grpc_tools.protoc", *arguments)


def write_validate_descriptor(target: Path) -> None:
    """Write validate.proto as a FileDescriptorSet, taken from the protovalidate that is installed."""
    from protovalidate._gen.buf.validate import validate_pb  # the wheel holds no .proto text of it

    files = descriptor_pb2.FileDescriptorSet()
    files.file.add().ParseFromString(validate_pb.desc().proto.to_binary())
    target.write_bytes(files.SerializeToString())


def proto_files(source: Path) -> list[str]:
    """Our .proto files, relative to the source folder, in a stable order."""
    files = sorted(str(path.relative_to(source)) for path in source.rglob("*.proto"))
    if not files:
        raise ProtoError(f"no .proto file below {source}")
    return files


def build_image(source: Path, work: Path) -> Path:
    """Compile our files and all they import into one self-contained image."""
    import google.rpc

    site_packages = Path(next(iter(google.rpc.__path__))).parent.parent
    validate, image = work / "validate.binpb", work / "image.binpb"
    write_validate_descriptor(validate)
    protoc(
        f"--descriptor_set_in={validate}",
        f"-I{source}",
        f"-I{site_packages}",
        "--include_imports",
        "--include_source_info",
        f"--descriptor_set_out={image}",
        *proto_files(source),
    )
    return image


def lint(image: Path, source: Path) -> None:
    """Lint our files, and none of the imported ones, by the rules of buf.yaml."""
    paths = [part for name in proto_files(source) for part in ("--path", name)]
    run(BIN / "buf", "lint", image, "--config", ROOT / "buf.yaml", *paths)


def generate(image: Path, source: Path, target: Path) -> None:
    """Write messages, their types, and both wires' stubs; one set of google.protobuf messages serves both wires."""
    target.mkdir(parents=True, exist_ok=True)
    ours = proto_files(source)
    protoc(f"--descriptor_set_in={image}", f"--python_out={target}", f"--pyi_out={target}", *ours, VALIDATE)
    protoc(f"--descriptor_set_in={image}", f"--grpc_python_out={target}", *with_services(image, ours))
    protoc(
        f"--descriptor_set_in={image}",
        f"--plugin=protoc-gen-connectrpc={BIN / 'protoc-gen-connectrpc'}",
        f"--connectrpc_out={target}",
        "--connectrpc_opt=protobuf=google",
        *with_services(image, ours),
    )


def with_services(image: Path, names: Sequence[str]) -> list[str]:
    """Those of the named files that declare a service: only they need stubs."""
    files = descriptor_pb2.FileDescriptorSet.FromString(image.read_bytes())
    serving = {file.name for file in files.file if file.service}
    return [name for name in names if name in serving]


def differences(expected: Path, actual: Path) -> list[str]:
    """Relative paths of generated files that are missing, stale or no longer generated."""
    there, here = generated_files(expected), generated_files(actual)
    stale = [name for name in there & here if not filecmp.cmp(expected / name, actual / name, shallow=False)]
    return sorted(
        [f"missing: {name}" for name in there - here]
        + [f"left over: {name}" for name in here - there]
        + [f"stale: {name}" for name in stale]
    )


def generated_files(folder: Path) -> set[str]:
    """Every file below the folder that is not a Python cache."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(folder)) for path in files}


def replace_folder(fresh: Path, target: Path) -> None:
    """Put the fresh tree in place of the old one, so that nothing left over survives."""
    for name in generated_files(target) - generated_files(fresh):
        (target / name).unlink()
    shutil.copytree(fresh, target, dirs_exist_ok=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Generate, or with --check only compare; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when gen/ does not match proto/")
    parser.add_argument("--source", type=Path, default=ROOT / "proto", help="folder with .proto files")
    parser.add_argument("--target", type=Path, default=ROOT / "gen", help="folder of the generated code")
    options = parser.parse_args(arguments)
    source, target = options.source.resolve(), options.target.resolve()
    try:
        with tempfile.TemporaryDirectory(prefix="agentrouter-protos-") as folder:
            work = Path(folder)
            image = build_image(source, work)
            lint(image, source)
            generate(image, source, work / "gen")
            return report(work / "gen", target, options.check)
    except ProtoError as error:
        print(error, file=sys.stderr)
        return 1


def report(fresh: Path, target: Path, check: bool) -> int:
    """Compare or replace the target, and say which in one line."""
    if not check:
        replace_folder(fresh, target)
        print(f"generated {len(generated_files(target))} files")
        return 0
    if found := differences(fresh, target):
        print("gen/ does not match proto/; run `make gen` and commit the result:", *found, sep="\n  ", file=sys.stderr)
        return 1
    print("gen/ matches proto/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
