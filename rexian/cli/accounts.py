"""The SIP accounts of this installation, as `rexian phones` and the simulated crowd see them."""

import json
import os
from typing import Any

from rexian.cli.places import Places
from rexian.engine.city import City
from rexian.engine.settings import Settings
from rexian.telephony.secrets import Secrets


def accounts(secrets: Secrets, city: City, settings: Settings) -> list[dict[str, Any]]:
    """One object per account, seats first; passwords in clear, for whoever sets the phones up."""
    usual = {str(seat.seat): seat.usual_agent for seat in city.seats}
    return [
        {
            "role": str(phone.role),
            "extension": phone.extension,
            "sip_user": phone.sip_user,
            "password": phone.password,
            "host": settings.bind,
            "port": settings.sip_port,
            "transport": "udp",
            "usual_agent": usual.get(phone.extension),
        }
        for phone in secrets.phones
    ]


def write_accounts(places: Places, secrets: Secrets, city: City, settings: Settings) -> None:
    """For the crowd, readable by nobody else."""
    path = places.run / "accounts.json"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(accounts(secrets, city, settings), file)
