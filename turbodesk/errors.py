"""Every failure a user can meet, drawn as a tree, each with its sentence.

TurbodeskError           says: one sentence · hint: what to do · detail: for the log, scrubbed
├─ InvalidDraft          field → sentence, shown beside the field
├─ FileTrouble           a file that cannot be read or written as it must be
├─ StoreTrouble          the ledger cannot be read or written; nothing is sent that is not written down
├─ NotSignedIn           there is no secret for this profile
├─ SecretsLocked         there is a keyring, and it does not open
├─ NotOffered            this provider has no such thing over its API
├─ Guarded               the profile's own guards stand against it; nothing was asked
│  └─ ConfirmFirst       so many recipients that a person must say yes to their number first
├─ NoConnection          nothing went out, or nothing came back to a question
├─ OutcomeUnknown        a letter went out and no answer came: look in Reports before sending again
└─ ProviderError         an answer came, and it is a no
   ├─ SignInRefused      wrong name or password, a token that is not taken, an account that is not active
   ├─ Throttled          too many requests; retry_after_s says when
   ├─ Refused            their words, and the field they name where they name one
   └─ ProviderBroken     an answer that makes no sense: HTML, cut JSON, a fault on their side
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class TurbodeskError(Exception):
    """A failure with a sentence for the user.

    `says` is one sentence, `hint` what the user can do (may be empty), `detail` is for the
    log and for "Copy details": technical, and already free of secrets. `field` names the
    field of the form it belongs to, or is empty.
    """

    kind: ClassVar[str] = "error"

    def __init__(self, says: str, *, hint: str = "", detail: str = "", field: str = "") -> None:
        super().__init__(says)
        self.says = says
        self.hint = hint
        self.detail = detail
        self.field = field

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.says!r})"


class InvalidDraft(TurbodeskError):
    """What is written cannot be taken as it stands; `problems` maps each field to its sentence.

    `nothing` says what did not happen.
    """

    kind = "invalid-draft"

    def __init__(self, problems: Mapping[str, str], nothing: str = "Nothing was sent") -> None:
        if not problems:
            raise ValueError("an invalid draft has at least one problem")
        self.problems: dict[str, str] = dict(problems)
        first = next(iter(self.problems))
        more = len(self.problems) - 1
        hint = f"{nothing}." if not more else f"{nothing}; {more} more to mend."
        detail = "\n".join(f"{field}: {text}" for field, text in self.problems.items())
        super().__init__(self.problems[first], hint=hint, detail=detail, field=first)


class FileTrouble(TurbodeskError):
    """A file cannot be read or written as it must be."""

    kind = "file"


class StoreTrouble(TurbodeskError):
    """The ledger cannot be read or written; nothing is sent that is not written down."""

    kind = "store"


class NotSignedIn(TurbodeskError):
    """There is no secret for this profile."""

    kind = "not-signed-in"


class SecretsLocked(TurbodeskError):
    """There is a system keyring, and it does not open or does not answer."""

    kind = "secrets-locked"


class NotOffered(TurbodeskError):
    """This provider has no such thing over its API; nothing was asked."""

    kind = "not-offered"


class Guarded(TurbodeskError):
    """The profile's own guards stand against it; nothing was asked. `addresses` are those they name."""

    kind = "guarded"

    def __init__(
        self, says: str, *, hint: str = "", detail: str = "", addresses: tuple[str, ...] = ()
    ) -> None:
        super().__init__(says, hint=hint, detail=detail)
        self.addresses = addresses


class ConfirmFirst(Guarded):
    """A locked profile, and more recipients than go without a question: a person must say yes to
    `recipients` first; `typed`, by typing the number."""

    kind = "confirm-first"

    def __init__(self, says: str, *, recipients: int, typed: bool, hint: str = "") -> None:
        super().__init__(says, hint=hint)
        self.recipients = recipients
        self.typed = typed


class NoConnection(TurbodeskError):
    """Nothing went out, or nothing came back to a question. A letter that meets this has not left."""

    kind = "no-connection"


class OutcomeUnknown(TurbodeskError):
    """A letter went out and no answer came that says what became of it."""

    kind = "outcome-unknown"


class ProviderError(TurbodeskError):
    """An answer came, and it is a no. `status` is its HTTP status or SMTP code, 0 where it had none."""

    kind = "provider"

    def __init__(
        self, says: str, *, hint: str = "", detail: str = "", field: str = "", status: int = 0
    ) -> None:
        super().__init__(says, hint=hint, detail=detail, field=field)
        self.status = status


class SignInRefused(ProviderError):
    """Wrong name or password, a token that is not taken, or an account that is not active."""

    kind = "sign-in-refused"


class Throttled(ProviderError):
    """Too many requests. `retry_after_s` is what the provider asked for, None where it said nothing;
    `of_recipient` says that it is about those who were to get it, and others may still be written to."""

    kind = "throttled"

    def __init__(
        self,
        says: str,
        *,
        retry_after_s: float | None = None,
        hint: str = "",
        detail: str = "",
        status: int = 429,
        of_recipient: bool = False,
    ) -> None:
        super().__init__(says, hint=hint, detail=detail, status=status)
        self.retry_after_s, self.of_recipient = retry_after_s, of_recipient


class Refused(ProviderError):
    """The provider said no for a reason; `words` are its own texts, in order, at least one."""

    kind = "refused"

    def __init__(
        self,
        says: str,
        *,
        words: tuple[str, ...] = (),
        hint: str = "",
        detail: str = "",
        field: str = "",
        status: int = 0,
    ) -> None:
        super().__init__(says, hint=hint, detail=detail, field=field, status=status)
        self.words = words or (says,)


class ProviderBroken(ProviderError):
    """An answer that makes no sense, or a fault on the provider's side."""

    kind = "provider-broken"
