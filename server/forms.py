"""``application/x-www-form-urlencoded`` bodies, read so that hostile ones are a 422."""

from __future__ import annotations

from urllib.parse import parse_qsl

from geungeo.server.problems import MalformedBody

MAX_FIELDS = 100


def parse_form(raw: bytes) -> dict[str, str]:
    """The fields of a form; of a field that is sent twice the last.

    Raises:
        MalformedBody: for what is not UTF-8, and for more than ``MAX_FIELDS`` fields.
    """
    try:
        pairs = parse_qsl(
            raw.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
        )
    except UnicodeDecodeError as error:
        raise MalformedBody("the form is not UTF-8", "invalid_form") from error
    except ValueError as error:
        raise MalformedBody(
            f"the form has more than {MAX_FIELDS} fields", "invalid_form"
        ) from error
    return dict(pairs)
