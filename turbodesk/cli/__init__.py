"""The same services on the command line, one file for each few words."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from turbodesk import __version__
from turbodesk.cli.alerts import alert_words
from turbodesk.cli.base import (
    CANCELLED,
    FAILED,
    OK,
    USAGE,
    Setting,
    default_config_dir,
    exit_code,
    places,
    say,
)
from turbodesk.cli.batches import list_batches, pause_batch, resume_batch
from turbodesk.cli.counts import count_days
from turbodesk.cli.desk import account_words, inbox_words, tool_words
from turbodesk.cli.due import run_outbox
from turbodesk.cli.events import event_words
from turbodesk.cli.keys import key_words
from turbodesk.cli.lookups import domain_words, message_words
from turbodesk.cli.outbox import outbox_words
from turbodesk.cli.profiles import profile_words
from turbodesk.cli.records import report_words, stats_words
from turbodesk.cli.send import send
from turbodesk.cli.serve import sandbox_words
from turbodesk.cli.subaccounts import sub_account_words
from turbodesk.cli.suppressions import suppression_words
from turbodesk.cli.validation import validate
from turbodesk.cli.webhooks import webhook_words
from turbodesk.errors import InvalidDraft, TurbodeskError

FAULT = "fault"
_REPORT_IT = (
    "Look in `outbox list` what became of a send. Please report these places; they hold none of your data:"
)

CUT_OFF = "If a message was on its way, `outbox list` tells what is known of it."


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs the command line and ends the process with one of the exit codes above."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _as_ctrl_c)
    sys.exit(run(words))


def _as_ctrl_c(_number: int, _frame: FrameType | None) -> None:
    """SIGTERM ends us as Ctrl+C does: with our exit code, and with a document where one is wanted."""
    raise KeyboardInterrupt


def run(words: list[str]) -> int:
    """Runs one command; what comes back is its exit code."""
    as_json = "--json" in words
    try:
        answer = commands.main(words, prog_name="turbodesk-cli", standalone_mode=False)
    except click.UsageError as error:
        if not as_json:
            error.show()
        return _fail(as_json, "usage", error.format_message(), "See --help.", USAGE, silent=not as_json)
    except TurbodeskError as error:
        return _fail(as_json, error.kind, error.says, error.hint, exit_code(error), error.field, error.detail)
    except _cancellations():
        return _fail(as_json, "cancelled", "Cancelled.", CUT_OFF, CANCELLED)
    except BrokenPipeError:  # whoever read our answer has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        return _fail(
            as_json, FAULT, "Turbodesk met a fault of its own.", _REPORT_IT, FAILED, "", places(error)
        )
    return answer if isinstance(answer, int) else OK


def _cancellations() -> tuple[type[BaseException], ...]:
    """What ends a command early. Nothing is imported for it: an import may be what was cancelled."""
    cancelled = getattr(sys.modules.get("asyncio"), "CancelledError", KeyboardInterrupt)
    return click.Abort, KeyboardInterrupt, cancelled


def _fail(
    as_json: bool,
    kind: str,
    says: str,
    hint: str,
    code: int,
    field: str = "",
    detail: str = "",
    *,
    silent: bool = False,
) -> int:
    if as_json:
        print(json.dumps({"error": {"kind": kind, "says": says, "hint": hint, "field": field}}))
    if not silent:
        lines = [says, hint, *(detail.splitlines() if kind in (InvalidDraft.kind, FAULT) else ())]
        if kind == InvalidDraft.kind:
            del lines[2:3]  # its first problem is what it says
        say("\n".join(dict.fromkeys(line for line in lines if line)))
    return code


def _check_self(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        from turbodesk import self_check

        context.exit(self_check.main(context.params.get("config_dir")))


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
@click.version_option(__version__, prog_name="turbodesk")
@click.option(
    "--self-check", is_flag=True, expose_value=False, callback=_check_self, help="Is everything here?"
)
@click.option("--config-dir", type=click.Path(path_type=Path), help="Where everything kept on disk goes.")
@click.option("--profile", help="The account to work with; the one last used where none is named.")
@click.pass_context
def commands(context: click.Context, config_dir: Path | None, profile: str | None) -> None:
    """Send mail through turboSMTP, SendPost or an SMTP relay, and see what became of it.

    `sandbox` needs no account.
    """
    context.obj = Setting((config_dir or default_config_dir()).expanduser().absolute(), profile)


for words in (
    sandbox_words,
    profile_words,
    send,
    outbox_words,
    report_words,
    suppression_words,
    validate,
    stats_words,
    message_words,
    tool_words,
    account_words,
    key_words,
    domain_words,
    sub_account_words,
    alert_words,
    inbox_words,
    webhook_words,
    event_words,
):
    commands.add_command(words)
for word in (list_batches, pause_batch, resume_batch, run_outbox):
    outbox_words.add_command(word)
stats_words.add_command(count_days)
