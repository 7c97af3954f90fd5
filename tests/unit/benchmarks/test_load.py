"""What wrk and h2load print, read back; a run with a failed request is no measurement."""

from __future__ import annotations

import pytest

from benchmarks.load import Counted, Target, grpc_frame, lua_request, read_h2load, read_wrk
from benchmarks.processes import CannotMeasure

WRK = """\
Running 2s test @ http://127.0.0.1:41234/agentrouter.configurator.v1.ConfiguratorService/GetConfiguration
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.63ms    0.91ms  29.44ms   97.57%
    Req/Sec    19.51k     1.10k   20.44k    85.00%
  Latency Distribution
     50%  812.00us
     75%    1.65ms
     90%    1.82ms
     99%    3.10ms
  38826 requests in 2.00s, 7.52MB read
{trouble}Requests/sec:  19409.13
Transfer/sec:      3.76MB
"""

H2LOAD = """\
starting benchmark...
Main benchmark duration is over for thread #0. Stopping all clients.

finished in 2.02s, {rate} req/s, 718.01KB/s
requests: 4 total, 36 started, {done} done, {done} succeeded, {failed} failed, 0 errored, 0 timeout
status codes: {done} 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 718.01KB (735238) total, 491.30KB (503088) headers (space savings 51.02%), 0B (0) data
"""
LOG = "".join(f"1795169708218633\t200\t{took}\n" for took in (1000, 4000, 2000, 3000))


def test_wrk_is_read_in_milliseconds() -> None:
    assert read_wrk(WRK.format(trouble="")) == Counted(38826, 19409.13, 0.812, 3.10)


def test_wrk_pads_whole_seconds_with_a_blank() -> None:
    output = WRK.format(trouble="").replace("99%    3.10ms", "99%    1.41s ")

    assert read_wrk(output).p99_ms == 1410.0


@pytest.mark.parametrize(
    "trouble",
    ["  Non-2xx or 3xx responses: 12\n", "  Socket errors: connect 0, read 3, write 0, timeout 0\n"],
)
def test_wrk_with_a_failed_request_is_no_measurement(trouble: str) -> None:
    with pytest.raises(CannotMeasure, match=trouble.strip()):
        read_wrk(WRK.format(trouble=trouble))


def test_other_words_than_wrks_are_no_measurement() -> None:
    with pytest.raises(CannotMeasure, match="unable to connect"):
        read_wrk("unable to connect to 127.0.0.1:1 Connection refused")


def test_h2load_is_read_with_percentiles_from_its_log() -> None:
    assert read_h2load(H2LOAD.format(rate="10481.00", done=4, failed=0), LOG) == Counted(4, 10481.0, 2.0, 4.0)


def test_h2load_with_a_failed_request_is_no_measurement() -> None:
    with pytest.raises(CannotMeasure, match="1 failed"):
        read_h2load(H2LOAD.format(rate="3.00", done=3, failed=1), LOG)


def test_h2load_that_did_nothing_is_no_measurement() -> None:
    with pytest.raises(CannotMeasure, match="nothing to count"):
        read_h2load(H2LOAD.format(rate="0.00", done=0, failed=0), "")


def test_a_grpc_frame_says_how_long_its_message_is() -> None:
    assert grpc_frame(b"abc") == b"\0\0\0\0\3abc"


def test_wrks_script_carries_a_binary_body_and_the_bearer() -> None:
    target = Target("http://127.0.0.1:1/", False, b'\x00"\n7', {"content-type": "application/proto"}, "token")

    assert lua_request(target).splitlines() == [
        'wrk.method = "POST"',
        r'wrk.body = "\000\034\010\055"',
        'wrk.headers["content-type"] = "application/proto"',
        'wrk.headers["authorization"] = "Bearer token"',
    ]


def test_a_target_does_not_show_its_bearer() -> None:
    assert "hush" not in repr(Target("http://127.0.0.1:1/", True, b"", {}, "hush"))
