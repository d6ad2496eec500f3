"""What the command line prints: our records as JSON documents, and as tables for people."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from turbodesk.model.smtp_reply import read_reply

if TYPE_CHECKING:
    from turbodesk.errors import TurbodeskError
    from turbodesk.model.account import (
        AccountInfo,
        ApiKey,
        Domain,
        Plan,
        Profile,
        SubAccount,
        TrackingTool,
        Unlocked,
    )
    from turbodesk.model.alert import Alert
    from turbodesk.model.inbox import CaughtMail, CaughtMessage
    from turbodesk.model.outcome import RecipientOutcome
    from turbodesk.model.reports import EmailStat, MessageRecord, Report
    from turbodesk.model.subaccount import Contact, SubAccountDetails
    from turbodesk.store.entry import Batch, Entry, LookUp

Document = dict[str, Any]


def when(at: datetime | None) -> str | None:
    """A time as ISO 8601 in UTC, None where it is not known."""
    return at.isoformat().replace("+00:00", "Z") if at else None


def error_document(error: TurbodeskError) -> Document:
    return {"kind": error.kind, "says": error.says, "hint": error.hint, "field": error.field}


def entry_document(entry: Entry) -> Document:
    return {
        "id": entry.id,
        "key": entry.key,
        "state": str(entry.state),
        "reason": entry.reason,
        "profile": entry.profile,
        "provider": entry.provider,
        "from": str(entry.sender),
        "subject": entry.subject,
        "created": when(entry.created),
        "updated": when(entry.updated),
        "provider_id": entry.provider_id,
        "hold": str(entry.hold) if entry.state == "queued" else "",
        "not_before": when(entry.not_before),
        "batch": entry.batch,
        "row": entry.row or None,
        "attempts": entry.attempts,
        "settled_by": entry.settled_by,
        "look_up": look_up_document(entry.look_up),
        "may_go_again": entry.may_go_again,
        "attachments": [{"name": name, "size": size} for name, size in entry.attachments],
        "recipients": [
            {
                "address": outcome.address.email,
                "kind": str(outcome.kind),
                "outcome": outcome_word(entry, outcome),
                "provider_id": outcome.provider_id,
                "words": outcome.words,
            }
            for outcome in entry.outcomes
        ],
    }


def outcome_word(entry: Entry, outcome: RecipientOutcome) -> str:
    """What came of one recipient; of a send that was cancelled nobody waits for it any more."""
    return "cancelled" if entry.state == "cancelled" else str(outcome.verdict)


def look_up_document(look: LookUp | None) -> Document | None:
    if look is None:
        return None
    return {"at": when(look.at), "trace": str(look.trace), "words": look.words, "sure": look.sure}


def story_document(entry: Entry) -> Document:
    """A send with everything that happened to it, oldest first."""
    story = [{"at": when(step.at), "what": step.what, "detail": step.detail} for step in entry.steps]
    return {**entry_document(entry), "story": story}


def batch_document(batch: Batch) -> Document:
    return {
        "id": batch.id,
        "name": batch.name,
        "state": str(batch.state),
        "reason": batch.reason,
        "profile": batch.profile,
        "provider": batch.provider,
        "created": when(batch.created),
        "updated": when(batch.updated),
        "concurrency": batch.concurrency,
        "stop_at_percent": batch.stop_at_percent,
        "per_second": batch.per_second,
        "total": batch.total,
        "finished": batch.finished,
        "waiting": batch.waiting,
        "counts": {str(state): count for state, count in batch.counts.items()},
    }


def report_document(report: Report) -> Document:
    reply = read_reply(report.words)
    return {
        "id": report.id,
        "type": str(report.type),
        "email": report.email,
        "at": when(report.at),
        "words": report.words,
        "sender": report.sender,
        "subject": report.subject,
        "message_id": report.message_id,
        "code": reply.code or None,
        "enhanced_code": reply.enhanced or None,
        "cause": reply.cause.title if report.words else None,
    }


def stat_document(stat: EmailStat) -> Document:
    return {
        "id": stat.id,
        "subject": stat.subject,
        "sender": stat.sender,
        "recipient": stat.recipient,
        "at": when(stat.at),
        "status": stat.raw_status or str(stat.status),
        "error": stat.error,
        "campaign": stat.campaign,
    }


def message_document(record: MessageRecord) -> Document:
    events = record.events
    return {
        **stat_document(record.stat),
        "events": None
        if events is None
        else [{"type": it.type, "at": when(it.at), "words": it.words} for it in events],
        "groups": list(record.groups),
        "tracked_opens": record.tracked_opens,
        "tracked_clicks": record.tracked_clicks,
        "headers": [{"name": name, "value": value} for name, value in record.headers],
        "text": record.text,
        "html": record.html,
    }


def tool_document(tool: TrackingTool) -> Document:
    return {"id": tool.id, "enabled": tool.enabled, "forced": tool.forced}


def account_document(info: AccountInfo | None) -> Document | None:
    if info is None:
        return None
    return {
        "id": info.id,
        "email": info.email,
        "active": info.active,
        "ip": info.ip,
        "gateway": info.gateway,
    }


def plan_document(plan: Plan) -> Document:
    return {
        "id": plan.id,
        "limit": plan.limit,
        "used": plan.used,
        "interval": plan.interval,
        "expires": when(plan.expires),
        "last_used": when(plan.last_used),
        "expired": plan.expired,
        "active": plan.active,
    }


def sub_account_document(sub: SubAccount) -> Document:
    return {
        "id": sub.id,
        "name": sub.name,
        "email": sub.email,
        "active": sub.active,
        "ip": sub.ip,
        "sent": sub.sent,
        "limit": sub.limit,
        "reputation": sub.reputation,
    }


def sub_account_table(subs: Iterable[SubAccount]) -> str:
    return table(
        ("Id", "Sub-account", "Active", "IP", "Sent", "Limit", "Reputation"),
        [(it.id, it.email or it.name, it.active, it.ip, it.sent, it.limit, it.reputation) for it in subs],
    )


def contact_document(contact: Contact) -> Document:
    """Its texts by their names, those that are not known left out."""
    return {name: text for name, text in asdict(contact).items() if text}


def details_document(details: SubAccountDetails) -> Document:
    """What can be changed of a sub-account, every text of it, empty where it has none."""
    return {"name": details.name, "ip": details.ip, **asdict(details.contact)}


def alert_document(alert: Alert) -> Document:
    return {"id": alert.id or None, "email": alert.email, "percentage": alert.percentage}


def key_document(key: ApiKey) -> Document:
    return {
        "key": key.key,
        "label": key.label,
        "created": when(key.created),
        "permissions": list(key.permissions),
        "ips": list(key.ips),
        "legacy": key.legacy,
    }


def domain_document(domain: Domain) -> Document:
    return {
        "id": domain.id,
        "name": domain.name,
        "verified": domain.verified,
        "created": when(domain.created),
        "records": [
            {
                "purpose": it.purpose,
                "host": it.host,
                "type": it.type,
                "value": it.value,
                "verified": it.verified,
                "problem": it.problem,
            }
            for it in domain.records
        ],
    }


def unlocked_document(unlocked: Unlocked) -> Document:
    return {
        "credential": unlocked.credential,
        "taken": unlocked.taken,
        "words": unlocked.words,
        "unlocks": list(unlocked.unlocks) if unlocked.taken else [],
    }


def profile_document(profile: Profile, current: bool) -> Document:
    return {
        "name": profile.name,
        "provider": profile.provider,
        "user": profile.user,
        "api_url": profile.api_url,
        "send_url": profile.send_url,
        "inbox_url": profile.inbox_url,
        "region": profile.region,
        "send_form": profile.send_form,
        "smtp_host": profile.smtp_host,
        "smtp_port": profile.smtp_port,
        "smtp_tls": profile.smtp_tls,
        "ca_file": profile.ca_file,
        "no_expire": profile.no_expire,
        "viewer": profile.viewer,
        "locked": profile.locked,
        "allow": list(profile.allow),
        "block": list(profile.block),
        "daily_cap": profile.daily_cap,
        "current": current,
    }


def caught_document(mail: CaughtMail) -> Document:
    return {
        "id": mail.id,
        "at": when(mail.at),
        "from": str(mail.sender),
        "subject": mail.subject,
        "size": mail.size_bytes,
        "recipients": [
            {
                "address": recipient.address.email,
                "kind": str(recipient.kind),
                "status": str(recipient.status),
                "error": recipient.error,
            }
            for recipient in mail.recipients
        ],
    }


def caught_message_document(message: CaughtMessage) -> Document:
    headers: dict[str, str | list[str]] = {}
    for name, value in message.headers:
        there = headers.get(name)
        if there is None:
            headers[name] = value
        else:
            headers[name] = [*there, value] if isinstance(there, list) else [there, value]
    return {
        **caught_document(message.mail),
        "headers": headers,
        "text": message.text,
        "html": message.html,
        "source": message.source,
        "attachments": [
            {
                "name": attachment.name,
                "type": attachment.media_type,
                "size": attachment.size_bytes,
                "sha256": attachment.sha256,
                "content_base64": base64.b64encode(attachment.content).decode("ascii"),
            }
            for attachment in message.attachments
        ],
    }


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows under their heads in columns of equal width; numbers stand right. "None." where there are none."""
    cells = [[_cell(value) for value in row] for row in rows]
    if not cells:
        return "None."
    right = [all(_number(row[n]) for row in cells) for n in range(len(heads))]
    widths = [max(len(heads[n]), *(len(row[n]) for row in cells)) for n in range(len(heads))]
    lines = [list(heads), *cells]
    return "\n".join(
        "  ".join(
            text.rjust(width) if at_right else text.ljust(width)
            for text, width, at_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M")
    return printable(" ".join(str(value).split()))


def printable(text: str) -> str:
    """Text of somebody else's without what would steer a terminal; line breaks and tabs stay."""
    harmless = (sign if sign.isprintable() or sign in "\n\t" else "\ufffd" for sign in text)
    return "".join(harmless)


def _number(text: str) -> bool:
    return text == "–" or text.replace(",", "").replace(".", "", 1).isdigit()
