"""Endpoints: where a sandbox answers, and with which names, passwords and keys."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from turbodesk.sandbox.state import (
    ACCOUNT_KEY,
    CONSUMER_KEY,
    CONSUMER_SECRET,
    PASSWORD,
    SMTP_PASSWORD,
    SMTP_USER,
    SUBACCOUNT_KEY,
    USER,
)


@dataclass(frozen=True, slots=True)
class TurboSmtpV2Endpoint:
    """Where turboSMTP's API v2 answers, sends too, and a key pair that may do everything."""

    base_url: str
    send_url: str
    consumer_key: str = CONSUMER_KEY
    consumer_secret: str = CONSUMER_SECRET


@dataclass(frozen=True, slots=True)
class SendPostEndpoint:
    """Where SendPost's API answers, and both of its keys."""

    base_url: str
    account_key: str = ACCOUNT_KEY
    subaccount_key: str = SUBACCOUNT_KEY


@dataclass(frozen=True, slots=True)
class SmtpEndpoint:
    """Where the relay listens: `port` for STARTTLS, `tls_port` for TLS from the first byte.

    `ca_file` is the PEM file of the authority that its certificate is from, there while it listens.
    """

    host: str
    port: int
    tls_port: int
    ca_file: str
    user: str = SMTP_USER
    password: str = SMTP_PASSWORD


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a sandbox answers, and as whom it lets one in: turboSMTP's API v1 (origins), and the others.

    `control_token` is what its own API wants under `inbox_url`, another one in every run.
    """

    dashboard_url: str
    send_url: str
    user: str
    password: str
    inbox_url: str
    control_token: str = field(repr=False)
    turbosmtp_v2: TurboSmtpV2Endpoint
    sendpost: SendPostEndpoint
    smtp: SmtpEndpoint

    def as_json(self) -> dict[str, object]:
        """One member for each provider, and the inbox."""
        turbosmtp_v1 = {
            "dashboard_url": self.dashboard_url,
            "send_url": self.send_url,
            "user": self.user,
            "password": self.password,
        }
        return {
            "turbosmtp_v1": turbosmtp_v1,
            "turbosmtp_v2": asdict(self.turbosmtp_v2),
            "sendpost": asdict(self.sendpost),
            "smtp": asdict(self.smtp),
            "inbox_url": self.inbox_url,
            "control_token": self.control_token,
        }


def endpoints(origin: str, smtp: SmtpEndpoint, control_token: str) -> Endpoints:
    """What a sandbox offers that answers HTTP at this origin, and SMTP there."""
    v2 = TurboSmtpV2Endpoint(f"{origin}/api/v2", f"{origin}/api/v2")
    sendpost = SendPostEndpoint(f"{origin}/api/v1")
    return Endpoints(origin, origin, USER, PASSWORD, origin, control_token, v2, sendpost, smtp)
