"""What names resolve to: checked at each look, kept through failures, never moved by a name that changes its mind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from contract.egress import EgressPolicy
from liaison_agent.address_book import AddressBook, AddressFile, look_up


class Answers:
    """A resolver that says what the test says, and a time that it moves."""

    def __init__(self) -> None:
        self.of: dict[str, Sequence[str]] = {}
        self.asked: list[str] = []
        self.time = 0.0

    async def look_up(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        if host not in self.of:
            raise OSError("no such name")
        return self.of[host]


def book(answers: Answers, policy: EgressPolicy | None = None) -> AddressBook:
    return AddressBook(answers.look_up, policy or EgressPolicy(), lambda: answers.time)


async def test_a_name_is_looked_up_once_to_be_learnt_and_again_to_be_refreshed() -> None:
    answers = Answers()
    answers.of["a.example"] = ["8.8.8.8"]
    known = book(answers)

    changes = [await known.learn(["a.example"]), await known.learn(["a.example"]), await known.refresh(["a.example"])]

    assert changes == [True, False, False]
    assert answers.asked == ["a.example", "a.example"]
    assert known.known == {"a.example": ("8.8.8.8",)}


async def test_a_name_that_is_rebound_to_what_is_forbidden_keeps_its_checked_addresses() -> None:
    answers = Answers()
    answers.of["evil.example"] = ["8.8.8.8"]
    known = book(answers)
    await known.learn(["evil.example"])

    for forbidden in ("169.254.169.254", "127.0.0.1", "10.0.0.1", "::ffff:169.254.169.254"):
        answers.of["evil.example"] = [forbidden]
        answers.time += 1000
        assert not await known.refresh(["evil.example"])

    assert known.known == {"evil.example": ("8.8.8.8",)}


async def test_of_a_mixed_answer_only_what_is_allowed_is_used() -> None:
    answers = Answers()
    answers.of["mixed.example"] = ["10.0.0.1", "9.9.9.9", "169.254.169.254"]
    known = book(answers)

    await known.learn(["mixed.example"])

    assert known.known == {"mixed.example": ("9.9.9.9",)}


async def test_a_name_that_never_resolved_has_no_address_until_it_does() -> None:
    answers = Answers()
    known = book(answers)

    assert not await known.learn(["late.example"])
    answers.of["late.example"] = ["9.9.9.9"]
    assert await known.refresh(["late.example"])

    assert known.known == {"late.example": ("9.9.9.9",)}


async def test_a_failure_keeps_what_was_known() -> None:
    answers = Answers()
    answers.of["a.example"] = ["9.9.9.9"]
    known = book(answers)
    await known.learn(["a.example"])
    answers.of.clear()
    answers.time += 10_000

    assert not await known.refresh(["a.example"])

    assert known.known == {"a.example": ("9.9.9.9",)}


async def test_a_name_that_answers_in_turns_settles_and_what_is_gone_goes() -> None:
    answers = Answers()
    known = book(answers)
    answers.of["a.example"] = ["9.9.9.2"]
    await known.learn(["a.example"])
    answers.of["a.example"] = ["9.9.9.10"]
    answers.time = 10

    assert await known.refresh(["a.example"])
    both = known.known["a.example"]
    answers.time = 125
    await known.refresh(["a.example"])

    assert both == ("9.9.9.2", "9.9.9.10")
    assert known.known == {"a.example": ("9.9.9.10",)}


async def test_of_one_answer_so_many_addresses_are_taken_and_no_more() -> None:
    answers = Answers()
    answers.of["many.example"] = [f"9.9.9.{number}" for number in range(40)]
    known = book(answers)

    await known.learn(["many.example"])

    assert known.known == {"many.example": tuple(f"9.9.9.{number}" for number in range(32))}


async def test_ipv4_is_preferred_and_ipv6_used_where_there_is_nothing_else() -> None:
    answers = Answers()
    answers.of["both.example"] = ["2606:4700::1", "9.9.9.9"]
    answers.of["six.example"] = ["2606:4700::1"]
    known = book(answers)

    await known.learn(["both.example", "six.example"])

    assert known.known == {"both.example": ("9.9.9.9",), "six.example": ("2606:4700::1",)}


async def test_the_systems_resolver_is_asked() -> None:
    assert {"127.0.0.1", "::1"} & set(await look_up("localhost"))


async def test_what_was_known_serves_the_next_life_while_no_name_server_answers(tmp_path: Path) -> None:
    answers, kept = Answers(), AddressFile(tmp_path / "addresses.json")
    answers.of = {"a.example": ["9.9.9.9"], "local.example": ["127.0.0.1"]}
    loose = AddressBook(answers.look_up, EgressPolicy(allow_loopback=True), lambda: 0.0, kept)
    await loose.learn(["a.example", "local.example"])
    answers.of = {}

    strict = AddressBook(answers.look_up, EgressPolicy(), lambda: 0.0, kept)
    await strict.learn(["a.example", "local.example"])

    assert strict.known == {"a.example": ("9.9.9.9",)}


async def test_a_file_that_was_damaged_is_passed_over(tmp_path: Path) -> None:
    for damaged in (b"", b"[]", b'{"a": 1}', b'{"a": ["not an address"]}', b"\xff"):
        (tmp_path / "addresses.json").write_bytes(damaged)

        assert AddressFile(tmp_path / "addresses.json").read() == {}
