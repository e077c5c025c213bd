"""A model to the Hugging Face Hub, in one commit."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gantool.engine.discriminator_file import discriminator_file
from gantool.engine.run_names import DIRECTIONS, GENERATOR
from gantool.errors import GantoolError, OptionError, UsageError, cause
from gantool.publishing.card import CARD, is_edited
from gantool.sampling.remote import endpoint

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_REPOSITORY = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}", re.ASCII)
_LICENSE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,39}")
OF_THE_MODEL = (DIRECTIONS, discriminator_file(Path(GENERATOR)).name)
"""Files that fit no other model than the one they were sent with."""


def check_names(repository: str, license: str | None) -> str:
    """The licence. Raises OptionError for a repository or licence that is none, UsageError where none is given."""
    if not _REPOSITORY.fullmatch(repository):
        raise OptionError(f"A repository is OWNER/NAME, as in ann/pets, not {repository}.")
    if license is None:
        raise UsageError(
            "Under which licence may others use this model? Say so by --license, as in --license mit or --license "
            "cc-by-4.0 (other, if none fits). It is yours to choose, as far as your pictures allow, and never guessed."
        )
    if not _LICENSE.fullmatch(license):
        raise OptionError(
            f"--license takes the Hub's short names, such as mit, apache-2.0, cc-by-4.0 or other, not {license}."
        )
    return license


@dataclass(frozen=True)
class Pushed:
    """The address of a model on the Hub, and the names of the files that were sent."""

    address: str
    files: tuple[str, ...]


def push(contents: Mapping[str, bytes], repository: str, private: bool = False) -> Pushed:
    """Commit the files to a repository, which is made if it is not there.

    Directions and discriminator of an earlier model are removed, where this one comes without; a card that somebody
    has edited there is kept, and the new one is not sent.
    Raises UsageError where huggingface_hub is missing, OptionError where it must be `private` and is public, and
    GantoolError where the Hub refuses or cannot be reached.
    """
    try:
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
        from huggingface_hub.errors import HfHubHTTPError
    except ImportError as error:
        raise UsageError("gantool push needs huggingface_hub: pip install 'gantool[hub]'.") from error
    api = HfApi(endpoint=endpoint())
    try:
        api.create_repo(repository, private=private, exist_ok=True)
        if private and not api.repo_info(repository).private:  # one that is there already stays as it is
            raise OptionError(
                f"{repository} is there already, and everybody can read it: nothing was sent. Make it private in its "
                "settings on the Hub, choose another name, or leave --private out."
            )
        former = [name for name in OF_THE_MODEL if name not in contents and api.file_exists(repository, name)]
        removed = [CommitOperationDelete(name) for name in former]
        sent = tuple(name for name in contents if name != CARD or not _has_edited_card(api, repository))
        added = [CommitOperationAdd(name, contents[name]) for name in sent]
        api.create_commit(repository, [*added, *removed], commit_message="Model by gantool")
    except OptionError:
        raise
    except HfHubHTTPError as error:
        if error.response is not None and error.response.status_code in (401, 403):
            raise GantoolError(
                f"The Hub does not let you write to {repository}: log in by its own command, hf auth login, with a "
                "token that may write there."
            ) from error
        raise GantoolError(f"The Hub refused {repository}: {cause(error)}") from error
    except Exception as error:  # of whatever client of HTTP this version of the package has
        hub = endpoint() or "https://huggingface.co"
        remedy = f"Look at the connection to {hub}, and repeat the command."
        raise GantoolError(f"{repository} cannot be pushed to ({cause(error)}). {remedy}") from error
    return Pushed(f"hf://{repository}", sent)


def _has_edited_card(api: "HfApi", repository: str) -> bool:
    """True for a repository whose card is not as gantool wrote it."""
    if not api.file_exists(repository, CARD):
        return False
    return is_edited(Path(api.hf_hub_download(repository, CARD)).read_bytes())
