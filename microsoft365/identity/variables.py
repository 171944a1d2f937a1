"""The ARM_* variables as the azuread provider reads them: blanks, aliases, truth, and values that stand in a file.

Owns the reading of one variable; refuses to own which of them count (`microsoft365/credentials.py`). Read from
hashicorp/terraform-provider-azuread 3.4.0, `internal/provider/provider.go` (the names and their aliases) and `helpers.go`
(files), and from hashicorp/terraform-plugin-sdk v2, `helper/schema/schema.go` (`EnvDefaultFunc`, `MultiEnvDefaultFunc`: an
empty variable is one that is not set) and `field_reader.go` (truth, by Go's `strconv.ParseBool`).
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from microsoft365.errors import BadInput

# Go's strconv.ParseBool, which takes these and nothing else.
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


class Variables:
    """The variables of one environment. Every method raises BadInput for what the provider would fail on."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, *names: str) -> str:
        """Return the value of the first that is set, as it stands; '' when none is."""
        name = self.first_set(*names)
        return self._environment[name] if name else ""

    def first_set(self, *names: str) -> str:
        """Return the name of the first that is set to more than nothing; '' when none is."""
        return next((name for name in names if self._environment.get(name)), "")

    def is_on(self, name: str, *, default: bool = False) -> bool:
        """Tell whether a switch is on; `default` where it is not set."""
        value = self._environment.get(name) or ""
        if value in _TRUE or value in _FALSE:
            return value in _TRUE
        if value:
            raise BadInput(
                f"{name} is {value!r}, which the azuread provider takes for neither true nor false; set it to true or "
                "false, or unset it"
            )
        return default

    def address(self, *names: str) -> str:
        """Return the value of the first that is set, which must be an address; '' when none is. Raises BadInput."""
        value = self.text(*names).strip()
        try:
            parts = urlsplit(value)
            is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_address = False
        if value and not is_address:
            raise BadInput(
                f"{self.first_set(*names)} is no address that begins with https:// or http:// and names a host; correct it, or "
                "unset it"
            )
        return value

    def joined(self, name: str, path_name: str, *, trimmed: bool = True) -> str:
        """Return what stands in variable `name` or in the file that `path_name` names; '' where neither is set.

        Both may be set where they agree. `trimmed` false is for the one that the provider compares as it stands.
        """
        value = self._environment.get(name) or ""
        value = value.strip() if trimmed else value
        path = self._environment.get(path_name) or ""
        if not path:
            return value.strip()
        in_file = read_text_file(path, path_name)
        if value and value != in_file:
            raise BadInput(
                f"{name} and the file that {path_name} names hold different values, so that nobody can tell which is meant; "
                "unset one of the two"
            )
        return in_file


def read_text_file(path: str, name: str) -> str:
    """Return the text of the file that variable `name` names, without the blanks around it. Raises BadInput."""
    try:
        return read_file(path, name).decode().strip()
    except UnicodeDecodeError:
        raise BadInput(f"{name} names {_shown(path)}, which is no text; set it to the right file") from None


def read_file(path: str, name: str) -> bytes:
    """Return the content of the file that variable `name` names. Raises BadInput."""
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise BadInput(
            f"{name} names {_shown(path)}, which cannot be read ({reason}); correct the path or its permissions, or unset "
            "the variable: the azuread provider fails over it too, even where it needs another one"
        ) from None


def _shown(path: str) -> str:
    """The path as it was resolved, unless it may be the secret itself, which people do put where its path belongs."""
    try:
        file = Path(path)
        if file.parent != Path() and file.parent.is_dir():
            return str(file.absolute())
    except (OSError, ValueError):
        pass
    return f"something of {len(path)} characters that is in no folder of this machine"
