"""IRCv3 capabilities: which there are, and what they change in what a client is sent."""

from __future__ import annotations

from ...chat.metadata import MAX_KEYS, MAX_SUBSCRIPTIONS, MAX_VALUE
from ...chat.text import MAX_LINES

# Of one message, by IRC: as much as a line of the line protocol may have.
MAX_BYTES = 4096
_METADATA = f"before-connect,max-keys={MAX_KEYS},max-subs={MAX_SUBSCRIPTIONS},max-value-bytes={MAX_VALUE}"

# Offered where whoever comes may make an account (L{chat.registration.is_open}).
REGISTRATION = "draft/account-registration"
# Name, and the value shown to those who ask by CAP LS 302.
CAPABILITIES: dict[str, str] = {
    "account-notify": "",
    "account-tag": "",
    "away-notify": "",
    "batch": "",
    "cap-notify": "",
    "chghost": "",
    REGISTRATION: "before-connect",
    "draft/channel-rename": "",
    "draft/chathistory": "",
    "draft/event-playback": "",
    "draft/message-redaction": "",
    "draft/metadata-2": _METADATA,
    "draft/metadata-3": _METADATA,
    "draft/no-implicit-names": "",
    "draft/multiline": f"max-bytes={MAX_BYTES},max-lines={MAX_LINES}",
    "draft/pre-away": "",
    "draft/read-marker": "",
    "echo-message": "",
    "extended-join": "",
    "extended-monitor": "",
    "invite-notify": "",
    "labeled-response": "",
    "message-tags": "",
    "multi-prefix": "",
    "sasl": "",
    "server-time": "",
    "setname": "",
    "standard-replies": "",
    "userhost-in-names": "",
}

# Not a capability: what is before the name of a service in that of a format in which the service answers.
SERVICE = "service:"

# Those that change how an event is written; the others are about answers, which are made for one client.
WIRE = frozenset(
    {
        "account-notify",
        "account-tag",
        "away-notify",
        "batch",
        "chghost",
        "draft/channel-rename",
        "draft/event-playback",
        "draft/message-redaction",
        "draft/metadata-2",
        "draft/metadata-3",
        "draft/multiline",
        "extended-join",
        "invite-notify",
        "message-tags",
        "server-time",
        "setname",
        "standard-replies",
    }
)
# Nobody may ask for it to be taken off: it is how the others are told of.
STICKY = frozenset({"cap-notify"})
