"""The search for secrets where none may be.

Owns the list of what is secret in an end-to-end run. Owns no opinion about where it may be.
"""

import base64
import re
from urllib.parse import quote

from tests.support.stack import PASSPHRASE, Stack

ISSUED = re.compile(r"[A-Za-z0-9_.~-]{3}8Q~[A-Za-z0-9_.~-]{31,}")
"""What every client secret looks like that the simulated tenant ever gave out, removed and forgotten ones too."""
JWT = re.compile(r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.")


def secrets_of(stack: Stack) -> dict[str, str]:
    """The secrets that are known by their value: the deployer's, the state's and the newest that the stack issued, by what it is."""
    found = {"the administrator's client secret": stack.tenant.client_secret, "the state's passphrase": PASSPHRASE}
    value = stack.outputs(secrets=True).get("clientSecret")
    if value:
        found["ROOMZ's client secret"] = value
    return found


def leaks(text: str, secrets: dict[str, str]) -> list[str]:
    """Which secrets a text holds: plain, quoted for an address, or in base64; and client secrets and tokens of any kind."""
    found = []
    for name, value in secrets.items():
        forms = (value, quote(value, safe=""), base64.b64encode(value.encode()).decode())
        if any(form in text for form in forms):
            found.append(name)
    if ISSUED.search(text):
        found.append("a client secret")
    if JWT.search(text):
        found.append("an access token")
    return found
