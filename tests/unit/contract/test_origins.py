"""An origin has one spelling, or none."""

import pytest

from contract.origins import OriginError, origin_of


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://api.example.com", "https://api.example.com:443"),
        ("https://API.Example.com/v1/", "https://api.example.com:443"),
        ("HTTPS://api.example.com:443/v1?x=y#z", "https://api.example.com:443"),
        ("https://api.example.com:8443", "https://api.example.com:8443"),
        ("http://127.0.0.1:12583/v1", "http://127.0.0.1:12583"),
        ("http://localhost", "http://localhost:80"),
        ("http://[::1]:8080/v1", "http://[::1]:8080"),
    ],
)
def test_one_origin_has_one_spelling(url: str, origin: str) -> None:
    assert origin_of(url) == origin


def test_an_origin_is_its_own_origin() -> None:
    assert origin_of(origin_of("https://api.example.com/v1")) == "https://api.example.com:443"


def test_http_and_https_of_one_host_are_two_origins() -> None:
    assert origin_of("http://api.example.com:443") != origin_of("https://api.example.com:443")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example.com",
        "//api.example.com",
        "ftp://api.example.com",
        "https://",
        "https:///v1",
        "https://api.example.com:0",
        "https://api.example.com:65536",
        "https://api.example.com:port",
        "https://api example.com",
        "https://api.example.com\n",
        "https://ap\ti.example.com",
        "https://api%2eexample.com",
        "https://bücher.example",
        "https://[::1",
    ],
)
def test_what_names_no_origin_is_refused(url: str) -> None:
    with pytest.raises(OriginError):
        origin_of(url)


@pytest.mark.parametrize(
    "url", ["https://canary:canary@api.example.com", "https://canary@h", "https://canary\\@evil.example"]
)
def test_a_url_with_a_password_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(OriginError) as refused:
        origin_of(url)
    assert "canary" not in str(refused.value)
