"""The requests of one send and one page, per provider, as bare httpx makes them."""

from datetime import UTC, datetime, timedelta

from bench.children.accounts import ready

TEXT = "Hello, this is a letter of a benchmark.\n" * 7
CONTRACT = {"X-SendPost-Public-Contract": "v1"}


def send_of(file, provider):
    """The address, the headers, and a function that makes the body of one send."""
    there = ready(file)
    if provider == "sendpost":
        own = there["sendpost"]
        headers = {"X-SubAccount-ApiKey": own["subaccount_key"], **CONTRACT}
        return f"{own['base_url']}/subaccount/email/", headers, _sendpost
    if provider == "turbosmtp-v2":
        own = there["turbosmtp_v2"]
        headers = {"consumerKey": own["consumer_key"], "consumerSecret": own["consumer_secret"]}
        return f"{own['send_url']}/mail/send", headers, _turbosmtp
    own = there["turbosmtp_v1"]
    secrets = {"authuser": own["user"], "authpass": own["password"]}
    return f"{own['send_url']}/api/v2/mail/send", {}, lambda number: {**secrets, **_turbosmtp(number)}


def _turbosmtp(number):
    return {
        "from": "me@example.com",
        "to": "you@example.com",
        "subject": f"Number {number}",
        "content": TEXT,
        "custom_headers": {"X-Turbodesk-ID": f"td-bare-{number}"},
        "reference_id": f"td-bare-{number}",
    }


def _sendpost(number):
    return {
        "from": {"email": "me@example.com"},
        "to": [{"email": "you@example.com"}],
        "subject": f"Number {number}",
        "textBody": TEXT,
        "headers": {"X-Turbodesk-ID": f"td-bare-{number}"},
        "groups": [f"td-bare-{number}"],
        "trackOpens": True,
        "trackClicks": True,
    }


def page_of(file, provider):
    """The address, the headers, the rows of one page, and a function that makes the query of a page."""
    there = ready(file)
    now = datetime.now(UTC)
    if provider == "sendpost":
        own = there["sendpost"]
        days = {"from": f"{now - timedelta(59):%Y-%m-%dT%H:%M:%SZ}", "to": f"{now:%Y-%m-%dT%H:%M:%SZ}"}
        headers = {"X-Account-ApiKey": own["account_key"], **CONTRACT}
        question = {"limit": 100, **days}
        return (
            f"{own['base_url']}/account/message",
            headers,
            100,
            lambda page: {
                **question,
                "offset": (page - 1) * 100,
            },
        )
    own = there["turbosmtp_v2"]
    headers = {"consumerKey": own["consumer_key"], "consumerSecret": own["consumer_secret"]}
    days = {"from": f"{now - timedelta(59):%Y-%m-%d}", "to": f"{now + timedelta(1):%Y-%m-%d}"}
    question = {"limit": 1000, "tz": "+00:00", **days}
    return f"{own['base_url']}/analytics", headers, 1000, lambda page: {**question, "page": page}
