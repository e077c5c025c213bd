"""Paths and URLs of shards: several written as one, and those that an index may name."""

import re
from itertools import product
from pathlib import Path
from urllib.parse import urljoin

from gantool.errors import DataError, printable

_SAID = 200
MOST_SHARDS = 1_000_000
_BRACES = re.compile(r"\{([^{}]*)\}")
_NUMBERS = re.compile(r"(\d+)\.\.(\d+)")


STORES = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "hf": "huggingface_hub", "az": "adlfs", "abfs": "adlfs"}
"""Stores by the scheme of their URLs, with the package that reads each."""
_READ = ("http", "https", *STORES)


def scheme(url: str) -> str:
    """The scheme of a URL. Raises DataError for one that may lead to files of this machine, as fsspec's local:// or
    a chain by `::` does."""
    kind = url.partition("://")[0].lower()
    if kind not in _READ or "::" in url:
        raise DataError(
            f"{printable(url)[:_SAID]} is not read: shards are files of this machine, given by their paths, or have a "
            f"URL that begins with {', '.join(_READ[:-1])} or {_READ[-1]}."
        )
    return kind


def is_remote(url: str) -> bool:
    """True for a URL."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", url) is not None


def expanded(text: str) -> list[str]:
    """The paths or URLs that braces stand for: {000..146} is each number of so many digits, {a,b} each word."""
    parts = _BRACES.split(text)
    choices = [_choices(part) if number % 2 else [part] for number, part in enumerate(parts)]
    count = 1
    for choice in choices:
        count *= len(choice)
    if count > MOST_SHARDS:
        raise DataError(f"{text} stands for {count:,} files; at most {MOST_SHARDS:,} shards are read.")
    return ["".join(words) for words in product(*choices)]


def beside(url: str, name: str) -> str:
    """The file `name` in the folder of a file; other URLs stay. Raises DataError for a path that leads elsewhere."""
    if is_remote(name):
        scheme(name)
        return name
    if not name or name.startswith(("/", "\\")) or ":" in name or "\0" in name or ".." in re.split(r"[/\\]", name):
        raise DataError(f"{printable(url)} names {printable(name)}: an index may name files beside it or below alone.")
    if not is_remote(url):
        return str(Path(url).parent / name)
    return urljoin(url, name) if url.startswith("http") else f"{url.rpartition('/')[0]}/{name}"


def _choices(text: str) -> list[str]:
    numbers = _NUMBERS.fullmatch(text)
    if numbers is None and ".." in text:
        raise DataError(f"{{{text}}} is no range: write its first and last number, as in {{000..146}}.")
    if numbers is None:
        return text.split(",")
    first, last = int(numbers[1]), int(numbers[2])
    if not 0 <= last - first < MOST_SHARDS:
        raise DataError(f"{{{text}}} stands for no numbers, or too many: write the smaller one first.")
    return [str(number).zfill(len(numbers[1])) for number in range(first, last + 1)]
