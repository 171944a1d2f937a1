"""A small good configuration, and what is said when it is made bad."""

import json
from typing import Any

import pytest

from components.configuration import SettingsError, load

GOOD = {
    "azuread:tenantId": "5f0c1a52-9d1e-4e5e-8d2b-1c6f3a7b9e10",
    "roomz:access": "policy",
    "roomz:group": '{"primarySmtpAddress": "rooms@contoso.com"}',
}


def refusal(changes: dict[str, Any]) -> str:
    configuration = {
        **GOOD,
        **{key: value if isinstance(value, str) else json.dumps(value) for key, value in changes.items()},
    }
    with pytest.raises(SettingsError) as error:
        load({key: value for key, value in configuration.items() if value != "UNSET"}, {})
    return str(error.value)
