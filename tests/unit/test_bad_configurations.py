"""Bad configurations, in one table: each ends before anything is sent, with whole key, value, and what to write instead."""

import json
from typing import Any

import pytest
from pydantic.alias_generators import to_camel

from components.configuration import SettingsError, load
from components.settings import Settings
from tests.unit.refused import GOOD, refusal

SET, PATH, RM = "pulumi config set", "pulumi config set --path", "pulumi config rm"
FILTER = "pulumi config set --path 'roomz:rooms.include.filter' \"Office -eq 'Bern'\""
# What is written into the stack file, and for each problem the whole key, what is wrong with which value, and what to write.
BAD: list[tuple[dict[str, Any], list[tuple[str, ...]]]] = [
    # keys that must be there
    (
        {"roomz:access": "UNSET"},
        [("roomz:access is missing", "`policy` grants", "`rbac` grants", f"{SET} roomz:access rbac")],
    ),
    (
        {"roomz:group": {}},
        [
            (
                "roomz:group.primarySmtpAddress is missing",
                f"{PATH} 'roomz:group.primarySmtpAddress' RoomzResources@contoso.com",
            )
        ],
    ),
    (
        {"roomz:access": "rbac", "roomz:group": "UNSET", "roomz:rooms": {"include": ["a@contoso.com"]}},
        [("roomz:group.primarySmtpAddress is missing", "a list of rooms or an exclusion needs one")],
    ),
    (
        {"roomz:access": "rbac", "roomz:group": "UNSET", "roomz:rooms": {"exclude": ["a@contoso.com"]}},
        [("roomz:group.primarySmtpAddress is missing",)],
    ),
    # one of a few values
    ({"roomz:access": "all"}, [("roomz:access is 'all'", "'policy', 'rbac'", f"{SET} roomz:access rbac")]),
    (
        {"roomz:calendar": "title"},
        [("roomz:calendar is 'title'", "'unmanaged', 'titles'", f"{SET} roomz:calendar titles")],
    ),
    (
        {"roomz:consent": "person"},
        [("roomz:consent is 'person'", "it is one of 'grant', 'admin'", f"{SET} roomz:consent")],
    ),
    (
        {"roomz:consent": "admin", "roomz:observe": "false"},
        [("roomz:observe is false", "consent `admin`", f"{RM} roomz:observe")],
    ),
    ({"roomz:removal": "never"}, [("roomz:removal is 'never'", "'later', 'now'", f"{SET} roomz:removal later")]),
    ({"roomz:removal": "now"}, [("roomz:removal is 'now'", "for the local tenant only", f"{SET} roomz:removal later")]),
    (
        {"roomz:exchange": {"transport": "mail"}},
        [("roomz:exchange.transport is 'mail'", "'runbook'", f"{PATH} 'roomz:exchange.transport' rest")],
    ),
    (
        {"roomz:exchange": {"transport": "runbook"}, "roomz:observe": "false"},
        [("roomz:observe is false", "exchange.transport `runbook`", f"{RM} roomz:observe")],
    ),
    (
        {"roomz:group": {"primarySmtpAddress": "r@contoso.com", "members": "all"}},
        [("roomz:group.members is 'all'", "'exact', 'atLeast'", f"{PATH} 'roomz:group.members' exact")],
    ),
    # true or false
    ({"roomz:protect": "perhaps"}, [("roomz:protect is 'perhaps'", "true or false", f"{SET} roomz:protect true")]),
    ({"roomz:observe": "sometimes"}, [("roomz:observe is 'sometimes'", "true or false", f"{SET} roomz:observe true")]),
    (
        {"roomz:group": {"primarySmtpAddress": "r@contoso.com", "adopt": "if needed"}},
        [("roomz:group.adopt is 'if needed'", "true or false", f"{PATH} 'roomz:group.adopt' false")],
    ),
    (
        {"roomz:connector": {"instantOnlineMeetings": 7}},
        [
            (
                "roomz:connector.instantOnlineMeetings is 7",
                "true or false",
                f"{PATH} 'roomz:connector.instantOnlineMeetings' false",
            )
        ],
    ),
    # numbers
    (
        {"roomz:secret": {"lifetimeMonths": 36}},
        [
            (
                "roomz:secret.lifetimeMonths is 36",
                "a whole number from 2 to 24",
                f"{PATH} 'roomz:secret.lifetimeMonths' 24",
            )
        ],
    ),
    ({"roomz:secret": {"lifetimeMonths": 1}}, [("roomz:secret.lifetimeMonths is 1", "from 2 to 24")]),
    (
        {"roomz:secret": {"lifetimeMonths": 6.5}},
        [("roomz:secret.lifetimeMonths is 6.5", "a whole number from 2 to 24")],
    ),
    (
        {"roomz:secret": {"lifetimeMonths": "two years"}},
        [("roomz:secret.lifetimeMonths is 'two years'", "a whole number")],
    ),
    ({"roomz:secret": {"generation": "next"}}, [("roomz:secret.generation is 'next'", "a whole number from 0")]),
    ({"roomz:secret": {"generation": True}}, [("roomz:secret.generation is true", "a whole number from 0")]),
    ({"roomz:secret": {"handedOver": -1}}, [("roomz:secret.handedOver is -1", f"{PATH} 'roomz:secret.handedOver' 0")]),
    ({"roomz:secret": {"revokedThrough": [1]}}, [("roomz:secret.revokedThrough is [1]", "a whole number from 0")]),
    (
        {"roomz:secret": {"renewMonthsBefore": 13}},
        [
            (
                "roomz:secret.renewMonthsBefore is 13",
                "more than half of roomz:secret.lifetimeMonths, 24",
                "renewMonthsBefore' 12",
            )
        ],
    ),
    (
        {"roomz:rooms": {"maxRemovals": "many"}},
        [("roomz:rooms.maxRemovals is 'many'", "a share from 0% to 100%", f"{PATH} 'roomz:rooms.maxRemovals' 10%")],
    ),
    ({"roomz:rooms": {"maxRemovals": "101%"}}, [("roomz:rooms.maxRemovals is '101%'", "0% to 100%")]),
    ({"roomz:rooms": {"maxRemovals": -1}}, [("roomz:rooms.maxRemovals is -1", "0 or more")]),
    ({"roomz:rooms": {"maxRemovals": [3]}}, [("roomz:rooms.maxRemovals is [3]", "a number of rooms")]),
    ({"roomz:rooms": {"maxRemovals": True}}, [("roomz:rooms.maxRemovals is True", "a number of rooms")]),
    # rooms: all, a list, a filter
    (
        {"roomz:rooms": {"include": "some"}},
        [("roomz:rooms.include is 'some'", "`all`, a list of addresses", "or a filter")],
    ),
    (
        {"roomz:rooms": {"include": "Office -eq 'Bern'"}},
        [('roomz:rooms.include is "Office', "or a filter", FILTER)],
    ),
    (
        {"roomz:rooms": {"include": 5}},
        [("roomz:rooms.include is 5", "`all`, a list", f"{PATH} 'roomz:rooms.include' all")],
    ),
    ({"roomz:rooms": {"include": []}}, [("roomz:rooms.include is an empty list", f"{PATH} 'roomz:rooms.include' all")]),
    (
        {"roomz:rooms": {"include": ["a@contoso.com", "nobody", "b@contoso.com", 7]}},
        [
            (
                "roomz:rooms.include[1] is 'nobody', which is not an e-mail address",
                f"{PATH} 'roomz:rooms.include[1]' room-eiger",
            ),
            ("roomz:rooms.include[3] is 7; it is a text",),
        ],
    ),
    ({"roomz:rooms": {"include": ["a@b.c-"]}}, [("roomz:rooms.include[0] is 'a@b.c-'",)]),
    (
        {"roomz:rooms": {"include": ["a@contoso.com", "A@contoso.com"]}},
        [("roomz:rooms.include lists A@contoso.com more than once", f"{RM} --path 'roomz:rooms.include'")],
    ),
    (
        {"roomz:rooms": {"include": ["a@contoso.com"], "exclude": ["b@contoso.com", "A@contoso.com"]}},
        [
            (
                "roomz:rooms.exclude[1] holds a@contoso.com, as roomz:rooms.include does",
                f"{RM} --path 'roomz:rooms.exclude[1]'",
            )
        ],
    ),
    ({"roomz:rooms": {"exclude": "a@contoso.com"}}, [("roomz:rooms.exclude is 'a@contoso.com'; it is a list",)]),
    (
        {"roomz:rooms": {"include": {"filter": "x) -or (Name -like '*'"}}},
        [("roomz:rooms.include.filter is \"x) -or (Name -like '*'\"", "x is no property to filter rooms by", FILTER)],
    ),
    (
        {"roomz:rooms": {"include": {"filter": "Offic -eq 'Bern'"}}},
        [("roomz:rooms.include.filter is", "did you mean Office?")],
    ),
    (
        {"roomz:rooms": {"include": {"filter": "RecipientTypeDetails -eq 'UserMailbox'"}}},
        [("roomz:rooms.include.filter is", "is what roomz:rooms.kinds says")],
    ),
    ({"roomz:rooms": {"include": {"filter": 5}}}, [("roomz:rooms.include.filter is 5; it is a text", FILTER)]),
    ({"roomz:rooms": {"include": {}}}, [("roomz:rooms.include.filter is missing", FILTER)]),
    (
        {"roomz:rooms": {"include": {"filters": "Office -eq 'Bern'"}}},
        [("roomz:rooms.include.filters is no key", "Did you mean roomz:rooms.include.filter?", FILTER)],
    ),
    (
        {"roomz:rooms": {"kinds": ["room", "desk"]}},
        [("roomz:rooms.kinds[1] is 'desk'", "'room', 'workspace', 'equipment'", f"{PATH} 'roomz:rooms.kinds[1]' room")],
    ),
    (
        {"roomz:rooms": {"kinds": ["room", "room"]}},
        [("roomz:rooms.kinds lists room more than once", f"{RM} --path 'roomz:rooms.kinds'")],
    ),
    ({"roomz:rooms": {"kinds": []}}, [("roomz:rooms.kinds is empty", f"{RM} --path 'roomz:rooms.kinds'")]),
    ({"roomz:rooms": {"kinds": "room"}}, [("roomz:rooms.kinds is 'room'; it is a list",)]),
    # texts
    (
        {"roomz:displayName": ""},
        [("roomz:displayName is ''", "must not be empty", f"{SET} roomz:displayName ROOMZGraph")],
    ),
    ({"roomz:displayName": "x" * 257}, [("roomz:displayName is", "it has 257 characters, and at most 256")]),
    ({"roomz:displayName": {"en": "x"}}, [('roomz:displayName is {"en": "x"}', "it is a text")]),
    (
        {"roomz:group": {"primarySmtpAddress": "r@contoso.com", "alias": "two words"}},
        [("roomz:group.alias is 'two words'", "letters, digits", f"{PATH} 'roomz:group.alias' RoomzResources")],
    ),
    (
        {"roomz:group": {"primarySmtpAddress": "r@contoso.com", "name": "x" * 65}},
        [("roomz:group.name is", "has 65 characters", f"{PATH} 'roomz:group.name' RoomzResources")],
    ),
    (
        {"roomz:group": {"primarySmtpAddress": "r@contoso.com", "name": " Rooms "}},
        [("roomz:group.name is ' Rooms ', which begins or ends with a space",)],
    ),
    (
        {"roomz:group": {"primarySmtpAddress": "rooms@räume.example"}},
        [("roomz:group.primarySmtpAddress is 'rooms@räume.example', which is not", "xn-- form")],
    ),
    (
        {"roomz:owners": ["me"]},
        [("roomz:owners[0] is 'me', which is not an object id", f"{PATH} 'roomz:owners[0]' 3f2504e0")],
    ),
    ({"roomz:owners": "me"}, [("roomz:owners is 'me'; it is a list",)]),
    # an object that is none
    (
        {"roomz:group": "RoomzResources"},
        [("roomz:group is 'RoomzResources', and it is an object", f"{PATH} 'roomz:group.name' RoomzResources")],
    ),
    (
        {"roomz:secret": [12]},
        [("roomz:secret is [12], and it is an object", f"{PATH} 'roomz:secret.lifetimeMonths' 24")],
    ),
    # keys that are none
    (
        {"roomz:dispalyName": "x"},
        [
            (
                "roomz:dispalyName is no key",
                "Did you mean roomz:displayName?",
                f"{RM} roomz:dispalyName",
                f"{SET} roomz:displayName",
            )
        ],
    ),
    (
        {"roomz:handedOver": "1"},
        [("roomz:handedOver is no key", "roomz:secret.handedOver?", f"{PATH} 'roomz:secret.handedOver' 1")],
    ),
    (
        {"roomz:acces": "policy", "roomz:access": "UNSET"},
        [("roomz:acces is no key", "roomz:access?", f"{SET} roomz:access policy"), ("roomz:access is missing",)],
    ),
    ({"roomz:nonsense": "1"}, [("roomz:nonsense is no key of this project", f"{RM} roomz:nonsense")]),
    (
        {"roomz:secret": {"lifetimeMonth": 12}},
        [
            (
                "roomz:secret.lifetimeMonth is no key",
                "Did you mean roomz:secret.lifetimeMonths?",
                f"{RM} --path 'roomz:secret.lifetimeMonth'",
                f"{PATH} 'roomz:secret.lifetimeMonths' 12",
            )
        ],
    ),
    (
        {"roomz:secret": {"maxRemovals": 3}},
        [("roomz:secret.maxRemovals is no key", "Did you mean roomz:rooms.maxRemovals?")],
    ),
    (
        {"roomz:secret": {"zzz": 3}},
        [("roomz:secret.zzz is no key", "Known are roomz:secret.lifetimeMonths, roomz:secret.renew")],
    ),
    (
        {"roomz:connector": {"friendlyname": "x"}},
        [
            (
                "roomz:connector.friendlyname is no key",
                "roomz:connector.friendlyName?",
                "'roomz:connector.friendlyName' 'Microsoft 365'",
            )
        ],
    ),
    (
        {"roomz:verify": {"control": "a@contoso.com"}},
        [("roomz:verify.control is no key", "Did you mean roomz:verify.controlMailbox?")],
    ),
    (
        {"roomz:verify": {"controlMailbox": "nobody"}},
        [("roomz:verify.controlMailbox is 'nobody'", f"{PATH} 'roomz:verify.controlMailbox' somebody@contoso.com")],
    ),
    (
        {"roomz:verify": {"controlMailbox": "A@contoso.com"}, "roomz:rooms": {"include": ["a@contoso.com"]}},
        [
            (
                "roomz:verify.controlMailbox is 'A@contoso.com', which stands in rooms.include",
                f"{PATH} 'roomz:verify.controlMailbox' somebody@contoso.com",
            )
        ],
    ),
    # flat keys
    (
        {"roomz:secret.generation": "1"},
        [
            (
                "roomz:secret.generation is a flat key",
                f"{RM} 'roomz:secret.generation'",
                f"{PATH} 'roomz:secret.generation' 1",
            )
        ],
    ),
    (
        {"roomz:connector.friendlyName": "M 365"},
        [("roomz:connector.friendlyName is a flat key", f"{PATH} 'roomz:connector.friendlyName' 'M 365'")],
    ),
    (
        {"roomz:rooms.include.filter": "Office -eq 'Bern'"},
        [("roomz:rooms.include.filter is a flat key", f"{PATH} 'roomz:rooms.include.filter'")],
    ),
    (
        {"roomz:rooms.exclude[0]": "a@contoso.com"},
        [("roomz:rooms.exclude[0] is a flat key", f"{PATH} 'roomz:rooms.exclude[0]' a@contoso.com")],
    ),
    (
        {"roomz:verify.controlMailbox": "a@contoso.com"},
        [
            (
                "roomz:verify.controlMailbox is a flat key",
                f"{RM} 'roomz:verify.controlMailbox'",
                f"{PATH} 'roomz:verify.controlMailbox' a@contoso.com",
            )
        ],
    ),
    (
        {"roomz:secrets.lifetimeMonths": "12"},
        [("roomz:secrets.lifetimeMonths is a flat key", "Did you mean roomz:secret.lifetimeMonths?")],
    ),
    ({"roomz:nonsense.at.all": "x"}, [("roomz:nonsense.at.all is a flat key", "no key of this project either")]),
    # the provider's keys, and other namespaces
    ({"azuread:tenantId": "contoso.com"}, [("azuread:tenantId is 'contoso.com'", f"{SET} azuread:tenantId")]),
    (
        {"azuread:environment": "chna"},
        [("azuread:environment is 'chna'", "Did you mean china?", f"{SET} azuread:environment china")],
    ),
    (
        {"azuread:enviroment": "china"},
        [("azuread:enviroment is no key of the azuread provider", f"{SET} azuread:environment VALUE")],
    ),
    ({"azuread:clientId": "x"}, [("azuread:clientId", "ARM_CLIENT_ID", f"{RM} azuread:clientId")]),
    (
        {"azuread:useOidc": "true"},
        [("azuread:useOidc", "another identity", f"{RM} azuread:useOidc", "export ARM_USE_OIDC=...")],
    ),
    (
        {"azuread:clientCertificatePath": "/x.pfx"},
        [("azuread:clientCertificatePath", f"{RM} azuread:clientCertificatePath", "CERTIFICATE_PATH=")],
    ),
    ({"azuread:useCli": "false"}, [("azuread:useCli", "export ARM_USE_CLI=...")]),
    ({"azuread:metadataHost": "login.example"}, [("azuread:metadataHost", f"{PATH} 'roomz:endpoints.exchange' HOST")]),
    (
        {"romz:access": "rbac"},
        [("romz:access is in the namespace `romz`", "Did you mean `roomz`?", f"{SET} roomz:access VALUE")],
    ),
    (
        {"Roomz:secret.generation": "1"},
        [("Roomz:secret.generation is in the namespace `Roomz`", "'roomz:secret.generation'")],
    ),
    ({"azured:tenantId": "x"}, [("azured:tenantId is in the namespace `azured`", f"{SET} azuread:tenantId VALUE")]),
    (
        {"roomz:endpoints": {"exchange": "https://outlook.office365.com"}},
        [
            (
                "roomz:endpoints.exchange is 'https://outlook.office365.com'",
                "'roomz:endpoints.exchange' outlook.office365.com",
            )
        ],
    ),
    ({"roomz:endpoints": {"exchange": "localhost.:443"}}, [("roomz:endpoints.exchange is 'localhost.:443'",)]),
]
# What only a programmer understands: pydantic's own words and the names of a union's branches.
PYDANTIC = (
    "Input should",
    "Value error",
    "tagged",
    "literal[",
    "tuple[",
    "everything",
    "filtered",
    "addresses'",
    "function-",
    "dictionary",
)


@pytest.mark.parametrize(("changes", "problems"), BAD, ids=[json.dumps(changes)[:60] for changes, _ in BAD])
def test_invariant_6_a_bad_value_is_refused_with_whole_key_value_and_what_to_write(
    changes: dict[str, Any], problems: list[tuple[str, ...]]
) -> None:
    text = refusal(changes)
    heading, *said = text.splitlines()
    assert "nothing was sent to the tenant" in heading
    assert len(said) == len(problems), text
    for line, words in zip(said, problems, strict=True):
        assert line.startswith(f"  - {words[0]}"), text
        for word in words:
            assert word in line, text
        assert "pulumi config " in line, text
        assert not [word for word in PYDANTIC if word in line], text


def test_the_table_of_bad_values_is_long_enough_and_names_every_section() -> None:
    assert len(BAD) >= 30
    keys = {key.partition(":")[2] for changes, _ in BAD for key in changes}
    assert {to_camel(name) for name in Settings.model_fields if name != "connection"} - keys == {"calendarOnRemoval"}


@pytest.mark.parametrize(
    "key", ["roomz:clientSecret", "roomz:secret.value", "roomz:secrets.lifetimeMonths", "azuread:clientSecrets"]
)
def test_invariant_4_the_value_of_a_key_that_is_none_is_never_repeated(key: str) -> None:
    assert "hunter2" not in refusal({key: "hunter2"})
    assert "hunter2" not in refusal({"roomz:secret": {"value": "hunter2"}})


@pytest.mark.parametrize(
    "key", ["azure:location", "azure-native:location", "command:x", "pulumi:tags", "aws:region", "azuread:partnerId"]
)
def test_other_providers_keys_are_none_of_ours(key: str) -> None:
    assert load({**GOOD, key: "x"}, {}).access == "policy"


def test_every_problem_is_named_at_once() -> None:
    """What one wrong value hides as well: rules about a section, and those that are looked at one after the other."""
    text = refusal(
        {
            "roomz:acess": "x",
            "romz:access": "x",
            "roomz:consent": "person",
            "roomz:calendar": "title",
            "roomz:removal": "now",
            "roomz:secret": {"lifetimeMonths": 36, "renewMonthsBefore": 20, "generatoin": 1},
            "roomz:rooms": {
                "include": ["a@contoso.com", "nobody", "A@contoso.com"],
                "kinds": [],
                "maxRemovals": "many",
            },
            "roomz:group": {"adopt": "perhaps"},
            "azuread:environment": "chna",
        }
    )
    begins = [line.removeprefix("  - ").split(" is ")[0].split(" lists ")[0] for line in text.splitlines()[1:]]
    assert sorted(begins) == sorted(
        [
            "romz:access",
            "roomz:acess",
            "azuread:environment",
            "roomz:consent",
            "roomz:calendar",
            "roomz:secret.lifetimeMonths",
            "roomz:secret.generatoin",
            "roomz:secret.renewMonthsBefore",
            "roomz:rooms.include[1]",
            "roomz:rooms.maxRemovals",
            "roomz:rooms.kinds",
            "roomz:rooms.include",
            "roomz:group.adopt",
            "roomz:group.primarySmtpAddress",
        ]
    ), text
    assert "14 problems" in text


def test_a_key_that_is_pruned_leads_to_no_second_refusal() -> None:
    assert "1 problem " in refusal({"roomz:rooms": {"include": ["nobody"]}})
    assert "1 problem " in refusal({"roomz:rooms": {"exclude": ["nobody"]}})
    assert "1 problem " in refusal({"roomz:access": "UNSET", "roomz:group": "UNSET"})


def test_values_are_not_changed_by_looking_for_more() -> None:
    configuration = {**GOOD, "roomz:rooms": json.dumps({"include": ["nobody", "a@contoso.com"]})}
    before = dict(configuration)
    with pytest.raises(SettingsError):
        load(configuration, {})
    assert configuration == before
