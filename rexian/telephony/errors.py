"""Everything that can go wrong at this door.

TelephonyError
├── BadValue            we were about to send something that AMI can't carry; nothing was sent
├── LinkLost            the connection is gone; whatever was under way has an unknown outcome
├── LoginRefused        wrong account or secret
├── ActionFailed        the switch answered Error
│   └── ChannelLost     … because the channel doesn't exist (any more)
├── ActionTimeout       no answer within the limit; the outcome is unknown, nothing is sent again
└── SwitchTrouble       Asterisk itself: not installed, can't start, port taken, folder unusable
    ├── AsteriskMissing
    ├── PortTaken
    ├── FolderUnusable
    ├── SecretsUnsafe
    └── BootFailed
"""


class TelephonyError(Exception):
    """Base of everything this package raises."""


class BadValue(TelephonyError, ValueError):
    """A value that AMI can't carry: control characters, or a line over the limit."""


class LinkLost(TelephonyError):
    """The AMI connection is gone. What was under way may or may not have happened."""


class LoginRefused(TelephonyError):
    """The switch doesn't know this account or this secret."""


class ActionFailed(TelephonyError):
    """The switch refused an action; the text is its own."""


class ChannelLost(ActionFailed):
    """The channel a command was meant for doesn't exist (any more)."""


class ActionTimeout(TelephonyError):
    """The switch did not answer in time. The action may still have happened: never send it again."""


class SwitchTrouble(TelephonyError):
    """Asterisk can't be brought up; the message is one sentence for the person at the terminal."""


class AsteriskMissing(SwitchTrouble):
    """No usable Asterisk on this machine."""


class PortTaken(SwitchTrouble):
    """Somebody else listens on one of our ports."""


class FolderUnusable(SwitchTrouble):
    """The data folder can't hold what Asterisk needs."""


class SecretsUnsafe(SwitchTrouble):
    """The file of passwords can be read by others, or can't be read by us."""


class BootFailed(SwitchTrouble):
    """Asterisk ended, or did not come up in time."""
