"""Models on the Hugging Face Hub: `hf://owner/name[@revision]`, downloaded once and then read from its cache."""

import os
import re
import shlex
from contextlib import suppress
from functools import cache
from pathlib import Path

from gantool.engine.discriminator_file import discriminator_file
from gantool.engine.run_names import DIRECTIONS, GENERATOR
from gantool.errors import CheckpointError, UsageError, cause

_ADDRESS = re.compile(r"hf:/{1,2}(\w[\w.-]*/\w[\w.-]*)(?:@(.+))?")  # a Path has one slash


def repository_of(model: str | Path) -> tuple[str, str | None] | None:
    """The repository and revision of an address of the Hub; None for any other MODEL. Raises UsageError for half."""
    text = Path(model).as_posix()
    if not f"{text}/".startswith("hf:/"):
        return None
    found = _ADDRESS.fullmatch(text)
    if found is None:
        given = f"hf://{text.removeprefix('hf:').lstrip('/')}"
        raise UsageError(f"{given} is no address on the Hub: it is hf://OWNER/NAME, or hf://OWNER/NAME@REVISION.")
    return found[1], found[2]


@cache
def fetched(repository: str, revision: str | None) -> Path:
    """The folder in the Hub's cache with the model file of a repository, and its directions where it has them.

    Nothing else is downloaded. Without a connection it is what was downloaded before. Raises CheckpointError where
    there is no such model, UsageError where huggingface_hub is missing.
    """
    try:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import (
            EntryNotFoundError,
            HfHubHTTPError,
            HFValidationError,
            LocalEntryNotFoundError,
            RepositoryNotFoundError,
            RevisionNotFoundError,
        )
    except ImportError as error:
        raise UsageError("hf:// needs huggingface_hub: pip install 'gantool[hub]'.") from error
    where = f"hf://{repository}" + (f"@{revision}" if revision else "")

    def file(name: str) -> Path:
        return Path(hf_hub_download(repository, name, revision=revision, endpoint=endpoint()))

    try:
        folder = file(GENERATOR).parent
    except RepositoryNotFoundError as error:
        raise CheckpointError(
            f"There is no model at {where}, or it is private: then log in with the Hub's own command, hf auth login."
        ) from error
    except RevisionNotFoundError as error:
        raise CheckpointError(f"{where}: this repository has no revision {revision}.") from error
    except LocalEntryNotFoundError as error:
        raise CheckpointError(
            f"{where} cannot be reached, and was not downloaded before: there is no connection to the Hub."
        ) from error
    except EntryNotFoundError as error:
        raise CheckpointError(
            f"{where} is no model of gantool: it has no {GENERATOR}, which gantool push writes. No other file is read."
        ) from error
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise CheckpointError(f"{where} cannot be downloaded: {cause(error)}") from error
    with suppress(EntryNotFoundError, HfHubHTTPError, OSError):  # most have none
        file(DIRECTIONS)
    return folder


@cache
def fetch_discriminator(repository: str, revision: str | None) -> None:
    """Download the discriminator beside a model, where its repository has one: only `train --init` needs it.

    Raises CheckpointError where that cannot be known without a connection.
    """
    generator = fetched(repository, revision) / GENERATOR
    from huggingface_hub import _CACHED_NO_EXIST, hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, LocalEntryNotFoundError

    name = discriminator_file(generator).name
    try:
        hf_hub_download(repository, name, revision=revision, endpoint=endpoint())
    except LocalEntryNotFoundError as error:
        if try_to_load_from_cache(repository, name, revision=revision) is _CACHED_NO_EXIST:  # as it was told before
            return
        raise CheckpointError(
            f"hf://{repository} cannot be reached to ask whether its model has a discriminator. To begin without, give "
            f"the file that was downloaded before: --init {shlex.quote(str(generator))}"
        ) from error
    except EntryNotFoundError:
        pass
    except (HfHubHTTPError, OSError) as error:
        raise CheckpointError(f"The discriminator of hf://{repository} cannot be downloaded: {cause(error)}") from error


def endpoint() -> str | None:
    """The address of the Hub that HF_ENDPOINT names now; None for the usual one."""
    return os.environ.get("HF_ENDPOINT") or None
