"""What the children know of a sandbox that runs elsewhere: its ready document, and an account of it."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

from turbodesk.model.account import Profile
from turbodesk.workplace import sandbox_profile


def ready(file):
    return json.loads(Path(file).read_text())


def account(file, provider):
    """The profile of one provider there, and its credentials."""
    document = ready(file)
    parts = {name: SimpleNamespace(**value) for name, value in document.items() if isinstance(value, dict)}
    v1 = parts.pop("turbosmtp_v1")
    there = SimpleNamespace(**vars(v1), **parts, inbox_url="")
    profile, credentials = sandbox_profile(Profile("bench", provider), there)
    return replace(profile, smtp_host=profile.smtp_host if provider == "smtp" else ""), credentials
