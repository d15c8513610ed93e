"""Parsing of a completion's bytes, independent of chunking."""

from __future__ import annotations

import json
import sys
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geungeo.rag.backends.wire import LOST, MAX_BYTES, MAX_EVENT_CHARS, MAX_NESTING, Piece, Wire
from geungeo.rag.errors import BackendError, BackendMisconfigured, BackendUnavailable
from tests.support.model_server import REPLY, chunk, stream


def read(*parts: bytes) -> tuple[list[Piece], BackendError | None]:
    wire = Wire()
    pieces = [piece for part in parts for piece in wire.feed(part)]
    return pieces + wire.close(), wire.failure


def merged(pieces: list[Piece]) -> tuple[str, list[Piece]]:
    return "".join(piece.text for piece in pieces), [piece for piece in pieces if not piece.text]


_EVENTS = st.lists(
    st.sampled_from(
        [
            chunk("한국어 "),
            chunk("🙂"),
            chunk("a").replace(b"\n", b"\r\n"),
            chunk("b").replace(b"\n\n", b"\r\r"),
            b": ping\n\n",
            b"data: {bro",
            b"ken\n\n",
            b"data: [DONE]\n\n",
            b"event: error\n",
            b'data: {"choices":\ndata: [{"delta":{"content":"two lines"}}]}\n\n',
            b'data: {"error": {"code": 500}}\n\n',
            b"\xff\xfe",
            b"\n",
            b"<html>",
            b"{",
            b"\xef\xbb\xbf",
            chunk(choice={"finish_reason": "stop"}),
            chunk(choices=[], usage={"prompt_tokens": 1, "completion_tokens": 2}),
        ]
    ),
    max_size=8,
).map(b"".join)


@given(_EVENTS, st.lists(st.integers(1, 9), max_size=30))
def test_pieces_do_not_depend_on_chunking(data: bytes, sizes: list[int]) -> None:
    whole, failure = read(data)
    cuts = [0, *(cut for cut in accumulate(sizes) if cut < len(data)), len(data)]
    pieces, other = read(*(data[a:b] for a, b in pairwise(cuts)))
    assert merged(pieces) == merged(whole)
    assert type(failure) is type(other) and str(failure) == str(other)


def test_stream_is_parsed_whole_and_byte_by_byte() -> None:
    data = b"".join(stream())
    for parts in ([data], [bytes([byte]) for byte in data]):
        text, rest = merged(read(*parts)[0])
        assert text == REPLY
        assert [piece.finish for piece in rest] == ["stop", None, None]
        assert rest[-1].done


def test_event_with_several_data_lines_is_joined() -> None:
    pretty = json.dumps({"choices": [{"delta": {"content": "가"}}]}, indent=1)
    data = "".join(f"data: {line}\n" for line in pretty.split("\n")) + "\n"
    assert read(data.encode())[0] == [Piece("가")]


def test_garbage_is_replaced_by_lost_marker() -> None:
    data = chunk("앞") + b"data: {oops\n\n" + b"data: 7\n\n" + chunk("뒤")
    assert "".join(piece.text for piece in read(data)[0]) == f"앞{LOST}{LOST}뒤"


def test_pieces_before_failure_are_kept() -> None:
    pieces, failure = read(chunk("앞") + b'data: {"error": "x"}\n\n' + chunk("뒤"))
    assert pieces == [Piece("앞")]
    assert isinstance(failure, BackendUnavailable)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": "invalid_api_key"}, BackendMisconfigured),
        ({"type": "authentication_error"}, BackendMisconfigured),
        ({"code": 404, "message": "model"}, BackendMisconfigured),
        ({"code": "insufficient_quota"}, BackendMisconfigured),
        ({"code": 529, "type": "overloaded_error"}, BackendUnavailable),
        ("anything", BackendUnavailable),
    ],
)
def test_stream_errors_are_transient_or_permanent(error: object, kind: type[BackendError]) -> None:
    failure = read(b"data: " + json.dumps({"error": error}).encode() + b"\n\n")[1]
    assert isinstance(failure, kind)


def test_deep_nesting_and_lone_surrogates_do_not_crash() -> None:
    nested = b"data: " + b"[" * 200_000 + b"\n\n"
    lone = b'data: {"choices": [{"delta": {"content": "a\\ud800b"}}]}\n\n'
    text = "".join(piece.text for piece in read(chunk("앞"), nested, lone)[0])
    assert text == f"앞{LOST}a?b"


@pytest.mark.parametrize(("levels", "said"), [(MAX_NESTING - 3, "앞"), (MAX_NESTING + 1, LOST)])
def test_nesting_limit_does_not_depend_on_stack(levels: int, said: str) -> None:
    deep = "[" * levels + "]" * levels
    event = f'data: {{"choices": [{{"delta": {{"content": "앞"}}}}], "x": {deep}}}\n\n'.encode()

    def from_depth(frames: int) -> str:
        if frames:
            return from_depth(frames - 1)
        return "".join(piece.text for piece in read(event)[0])

    assert from_depth(0) == from_depth(sys.getrecursionlimit() // 2) == said


def test_overlong_line_is_refused_whole_or_in_parts() -> None:
    line = b"x" * (MAX_EVENT_CHARS + 1) + b"\n\ndata: null\n\n"
    for parts in ([line], [line[:1000], line[1000:]]):
        pieces, failure = read(*parts)
        assert not pieces
        assert isinstance(failure, BackendUnavailable)


def test_brackets_inside_strings_do_not_nest() -> None:
    assert "".join(piece.text for piece in read(chunk("[" * 5_000))[0]) == "[" * 5_000


def test_body_over_size_limit_is_refused() -> None:
    wire = Wire()
    wire.feed(chunk("앞"))
    ping = b": ping\n\n" * 100_000
    for _ in range(MAX_BYTES // len(ping) + 1):
        wire.feed(ping)
    assert isinstance(wire.failure, BackendUnavailable)
