"""The outbox's tables."""

USER_VERSION = 1

UNANSWERED, QUARANTINED, ANSWERED = 0, 1, 2

TABLES = f"""
CREATE TABLE meter (
    meter_id BLOB PRIMARY KEY,      -- 20 bytes
    profile INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    next_seq INTEGER NOT NULL,
    prev BLOB NOT NULL,             -- hash of the newest header
    export_wh INTEGER,              -- end registers of the newest header
    import_wh INTEGER,
    last_slot INTEGER,
    binding_hash BLOB NOT NULL      -- under which the newest header was sealed
) WITHOUT ROWID;

CREATE TABLE open_reading (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    meter_id BLOB NOT NULL,
    slot INTEGER NOT NULL,
    boot_id BLOB NOT NULL,
    monotonic_ms INTEGER NOT NULL,
    profile INTEGER NOT NULL,
    record BLOB NOT NULL            -- the encoded reading
);

CREATE TABLE batch (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    meter_id BLOB NOT NULL,
    header_hash BLOB NOT NULL UNIQUE,
    prev BLOB NOT NULL,
    header BLOB NOT NULL,           -- the exact bytes that are signed
    batch_key BLOB NOT NULL,
    body BLOB NOT NULL,
    boundary INTEGER NOT NULL,      -- its body is never let go
    signature BLOB,                 -- NULL: sealed, not signed yet
    state INTEGER NOT NULL DEFAULT {UNANSWERED},
    answered_by BLOB NOT NULL DEFAULT x'',  -- 20 bytes per oracle that has it
    code INTEGER,                   -- why it was refused
    answered_at INTEGER             -- world time
);
CREATE INDEX batch_unsigned ON batch (id) WHERE signature IS NULL;
CREATE INDEX batch_unanswered ON batch (id, meter_id) WHERE state = {UNANSWERED};
CREATE INDEX batch_quarantined ON batch (id) WHERE state = {QUARANTINED};
CREATE INDEX batch_answered ON batch (answered_at) WHERE state = {ANSWERED};
CREATE INDEX batch_prev ON batch (prev);
"""
