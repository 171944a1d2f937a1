"""Calendar processing of resource mailboxes: Microsoft's defaults and what differs from them.

Source: Microsoft Learn, Set-CalendarProcessing; defaults of a new room mailbox in Exchange Online.
"""

from typing import Any

from simulator.records import Mailbox

DEFAULTS: dict[str, Any] = {
    "AutomateProcessing": "AutoAccept",
    "AllowConflicts": False,
    "AllowDistributionGroup": True,
    "AllowMultipleResources": True,
    "BookingType": "Standard",
    "BookingWindowInDays": 180,
    "MaximumDurationInMinutes": 1440,
    "MinimumDurationInMinutes": 0,
    "AllowRecurringMeetings": True,
    "EnforceCapacity": False,
    "EnforceSchedulingHorizon": True,
    "ScheduleOnlyDuringWorkHours": False,
    "ConflictPercentageAllowed": 0,
    "MaximumConflictInstances": 0,
    "ForwardRequestsToDelegates": True,
    "DeleteAttachments": True,
    "DeleteComments": True,
    "RemovePrivateProperty": True,
    "DeleteSubject": True,
    "AddOrganizerToSubject": True,
    "DeleteNonCalendarItems": True,
    "TentativePendingApproval": True,
    "EnableResponseDetails": True,
    "OrganizerInfo": True,
    "EnableAutoRelease": False,
    "PostReservationMaxClaimTimeInMinutes": 10,
    "ResourceDelegates": [],
    "RequestOutOfPolicy": [],
    "AllRequestOutOfPolicy": False,
    "BookInPolicy": [],
    "AllBookInPolicy": True,
    "RequestInPolicy": [],
    "AllRequestInPolicy": False,
    "AddAdditionalResponse": False,
    "AdditionalResponse": "",
    "RemoveOldMeetingMessages": True,
    "AddNewRequestsTentatively": True,
    "ProcessExternalMeetingMessages": False,
    "RemoveForwardedMeetingNotifications": False,
    "RemoveCanceledMeetings": False,
}
"""What a new room has."""


def settings(mailbox: Mailbox) -> dict[str, Any]:
    """Return all settings of a resource mailbox."""
    return {**DEFAULTS, **mailbox.calendar_processing}
