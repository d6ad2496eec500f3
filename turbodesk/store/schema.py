"""The ledger's tables, and the rules that the database itself keeps: which state may follow which."""

from __future__ import annotations

from turbodesk.store.database import Migration

APPLICATION_ID = 0x54444B31  # "TDK1"

# What is written once and never changed stands in `payload`, so that a change of state writes a short row.
# Times are microseconds since 1970, UTC.
_FIRST: Migration = (
    """CREATE TABLE message (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        key TEXT NOT NULL UNIQUE,
        profile TEXT NOT NULL,
        provider TEXT NOT NULL,
        sender TEXT NOT NULL,
        subject TEXT NOT NULL,
        body_sha256 TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        created INTEGER NOT NULL,
        updated INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN
            ('queued', 'sending', 'accepted', 'partly', 'refused', 'unknown', 'cancelled')),
        reason TEXT NOT NULL DEFAULT '',
        provider_id TEXT NOT NULL DEFAULT '',
        outcomes TEXT NOT NULL
    )""",
    """CREATE INDEX message_unfinished ON message (number) WHERE state = 'sending'""",
    """CREATE TABLE payload (
        message INTEGER PRIMARY KEY REFERENCES message (number),
        body BLOB NOT NULL
    )""",
    """CREATE TABLE attachment (
        message INTEGER NOT NULL REFERENCES message (number),
        position INTEGER NOT NULL,
        name TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        PRIMARY KEY (message, position)
    ) WITHOUT ROWID""",
    """CREATE TABLE attempt (
        message INTEGER NOT NULL REFERENCES message (number),
        n INTEGER NOT NULL,
        instance TEXT NOT NULL,
        started INTEGER NOT NULL,
        wire INTEGER,
        ended INTEGER,
        phase TEXT NOT NULL DEFAULT '',
        status INTEGER NOT NULL DEFAULT 0,
        excerpt TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (message, n)
    ) WITHOUT ROWID""",
    """CREATE UNIQUE INDEX attempt_live ON attempt (message) WHERE ended IS NULL""",
    """CREATE TABLE note (
        number INTEGER PRIMARY KEY,
        message INTEGER NOT NULL REFERENCES message (number),
        at INTEGER NOT NULL,
        what TEXT NOT NULL,
        detail TEXT NOT NULL
    )""",
    """CREATE INDEX note_of ON note (message)""",
    """CREATE TRIGGER begins_unsent BEFORE INSERT ON message WHEN NEW.state NOT IN ('queued', 'sending')
        BEGIN SELECT RAISE(ABORT, 'a send begins queued, or taken by who queued it'); END""",
    """CREATE TRIGGER edges BEFORE UPDATE OF state ON message
        WHEN OLD.state || '>' || NEW.state NOT IN (
            'queued>sending', 'queued>cancelled', 'sending>queued', 'sending>accepted',
            'sending>partly', 'sending>refused', 'sending>unknown')
        BEGIN SELECT RAISE(ABORT, 'no such change of state'); END""",
    """CREATE TRIGGER one_live_attempt AFTER UPDATE OF state ON message
        WHEN (NEW.state = 'sending') <>
            EXISTS (SELECT 1 FROM attempt WHERE message = NEW.number AND ended IS NULL)
        BEGIN SELECT RAISE(ABORT, 'sending means one live attempt'); END""",
    """CREATE TRIGGER settled_left AFTER UPDATE OF state ON message
        WHEN NEW.state IN ('accepted', 'partly', 'refused', 'unknown') AND NOT EXISTS
            (SELECT 1 FROM attempt WHERE message = NEW.number AND wire IS NOT NULL
                AND n = (SELECT max(n) FROM attempt WHERE message = NEW.number))
        BEGIN SELECT RAISE(ABORT, 'nothing left that could be settled'); END""",
    """CREATE TRIGGER frozen_message BEFORE UPDATE OF
            number, id, key, profile, provider, sender, subject, body_sha256, size_bytes, created ON message
        BEGIN SELECT RAISE(ABORT, 'what was queued does not change'); END""",
    """CREATE TRIGGER frozen_payload BEFORE UPDATE ON payload
        BEGIN SELECT RAISE(ABORT, 'what was queued does not change'); END""",
)

# What waits says what for, batches stand together, and what is unknown may be settled later: by what the
# provider says when it is asked, or by a person. `doubt` is a send that a person sent once more though
# nobody knew of the try before: until an answer says yes, it stays unknown.
_SECOND: Migration = (
    """CREATE TABLE batch (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        profile TEXT NOT NULL,
        provider TEXT NOT NULL,
        name TEXT NOT NULL,
        created INTEGER NOT NULL,
        updated INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN
            ('filling', 'running', 'paused', 'stopped', 'done', 'cancelled')),
        reason TEXT NOT NULL DEFAULT '',
        keeper TEXT NOT NULL DEFAULT '',
        concurrency INTEGER NOT NULL,
        stop_at_percent INTEGER NOT NULL,
        per_second REAL NOT NULL,
        total INTEGER NOT NULL
    )""",
    """ALTER TABLE message ADD COLUMN hold TEXT NOT NULL DEFAULT 'person' CHECK (hold IN
        ('person', 'undo', 'time', 'batch', 'again'))""",
    "ALTER TABLE message ADD COLUMN not_before INTEGER",
    "ALTER TABLE message ADD COLUMN batch INTEGER REFERENCES batch (number)",
    'ALTER TABLE message ADD COLUMN "row" INTEGER NOT NULL DEFAULT 0',
    "ALTER TABLE message ADD COLUMN keeper TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE message ADD COLUMN settled_by TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE message ADD COLUMN doubt INTEGER NOT NULL DEFAULT 0",
    """CREATE INDEX message_due ON message (not_before)
        WHERE state = 'queued' AND not_before IS NOT NULL""",
    """CREATE UNIQUE INDEX message_of_batch ON message (batch, "row") WHERE batch IS NOT NULL""",
    """CREATE INDEX message_unknown ON message (number) WHERE state = 'unknown'""",
    """CREATE INDEX attempt_left ON attempt (wire) WHERE wire IS NOT NULL""",
    """CREATE TABLE draft (
        message INTEGER PRIMARY KEY REFERENCES message (number),
        body BLOB NOT NULL
    )""",
    """CREATE TABLE look_up (
        number INTEGER PRIMARY KEY,
        message INTEGER NOT NULL REFERENCES message (number),
        at INTEGER NOT NULL,
        trace TEXT NOT NULL,
        sure INTEGER NOT NULL,
        words TEXT NOT NULL
    )""",
    """CREATE INDEX look_up_of ON look_up (message)""",
    "CREATE TABLE mark (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "DROP TRIGGER edges",
    """CREATE TRIGGER edges BEFORE UPDATE OF state ON message
        WHEN OLD.state || '>' || NEW.state NOT IN (
            'queued>sending', 'queued>cancelled', 'sending>queued', 'sending>accepted',
            'sending>partly', 'sending>refused', 'sending>unknown',
            'unknown>accepted', 'unknown>partly', 'unknown>queued')
        BEGIN SELECT RAISE(ABORT, 'no such change of state'); END""",
    """CREATE TRIGGER unknown_is_settled_by_somebody BEFORE UPDATE OF state ON message
        WHEN OLD.state = 'unknown' AND NEW.state IN ('accepted', 'partly') AND NEW.settled_by = ''
        BEGIN SELECT RAISE(ABORT, 'an unknown send is settled by a look-up or a person'); END""",
    """CREATE TRIGGER unknown_goes_again_by_hand BEFORE UPDATE OF state ON message
        WHEN OLD.state = 'unknown' AND NEW.state = 'queued' AND (NEW.hold <> 'person' OR NOT NEW.doubt)
        BEGIN SELECT RAISE(ABORT, 'an unknown send goes again only by hand'); END""",
    """CREATE TRIGGER doubt_stays BEFORE UPDATE OF state ON message
        WHEN OLD.doubt AND OLD.state = 'sending' AND NEW.state IN ('queued', 'refused')
        BEGIN SELECT RAISE(ABORT, 'nobody knows of the try before'); END""",
    "DROP TRIGGER settled_left",
    """CREATE TRIGGER settled_left AFTER UPDATE OF state ON message
        WHEN NEW.state IN ('accepted', 'partly', 'refused', 'unknown') AND NOT EXISTS
            (SELECT 1 FROM attempt WHERE message = NEW.number AND wire IS NOT NULL
                AND (NEW.doubt OR n = (SELECT max(n) FROM attempt WHERE message = NEW.number)))
        BEGIN SELECT RAISE(ABORT, 'nothing left that could be settled'); END""",
    """CREATE TRIGGER waits_for_its_hour AFTER UPDATE OF state, hold, not_before ON message
        WHEN NEW.state = 'queued' AND (NEW.hold IN ('undo', 'time', 'again')) <> (NEW.not_before IS NOT NULL)
        BEGIN SELECT RAISE(ABORT, 'what waits for a time has one'); END""",
)

MIGRATIONS: tuple[Migration, ...] = (_FIRST, _SECOND)
