"""`hand_over show --json`: as its schema says, and without the secret, whatever the stack puts out."""

from typing import Any

import pytest

from scripts import hand_over
from tests.support import documents

OUTPUTS = {
    "connector": {
        "friendlyName": "Microsoft 365",
        "tenantId": "t",
        "clientId": "c",
        "showImageInAttachments": False,
        "instantOnlineMeetings": True,
    },
    "clientSecret": "hunter2",
    "secretGeneration": 0.0,
    "secretExpiresOn": "2028-11-23T00:00:00Z",
    "rooms": {"number": 25.0, "inReach": 25.0, "withTitles": None},
}


@pytest.mark.parametrize("state", [{"status": "done"}, {"status": "pending", "by": "2028-11-23T00:00:00Z"}])
def test_the_sheet_as_a_document(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], state: dict[str, str]
) -> None:
    outputs: dict[str, Any] = {**OUTPUTS, "handOver": state}
    monkeypatch.setattr(hand_over, "_outputs", lambda _stack: outputs)
    with pytest.raises(SystemExit) as ended:
        hand_over.app(["show", "--json"])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    found = documents.read(said, "hand_over show --json")
    assert found == {"schemaVersion": 1, "connector": OUTPUTS["connector"], "handOver": state}
    assert "hunter2" not in said
