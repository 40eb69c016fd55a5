"""The tables of the store. `seq` is the order of arrival; times are ISO 8601 texts, `due_at` is machine time.

A room that is deleted leaves its sessions, participants and recordings behind, as it does at Telnyx;
so their `room_id` is no foreign key. Numbers that outlive their rows elsewhere are never given twice (AUTOINCREMENT):
those of the ledger, and those of deliveries, which a sender may have in hand while all is forgotten.
"""

SCHEMA = """
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS accounts (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, signing_key BLOB NOT NULL, rate_limit TEXT
);
CREATE TABLE IF NOT EXISTS api_keys (
    seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL, revoked_at TEXT
);

CREATE TABLE IF NOT EXISTS rooms (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL, unique_name TEXT,
    max_participants INTEGER NOT NULL, enable_recording INTEGER NOT NULL, webhook_event_url TEXT,
    webhook_event_failover_url TEXT, webhook_timeout_secs INTEGER,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS rooms_by_name ON rooms (account_id, unique_name);
CREATE INDEX IF NOT EXISTS rooms_by_age ON rooms (account_id, created_at);

CREATE TABLE IF NOT EXISTS sessions (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL, room_id TEXT NOT NULL,
    active INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, ended_at TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS one_active_session ON sessions (room_id) WHERE active;
CREATE INDEX IF NOT EXISTS sessions_by_room ON sessions (room_id);
CREATE INDEX IF NOT EXISTS sessions_by_age ON sessions (account_id, created_at);

CREATE TABLE IF NOT EXISTS participants (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL, room_id TEXT NOT NULL,
    session_id TEXT NOT NULL, context TEXT, muted INTEGER NOT NULL DEFAULT 0, audio_level REAL,
    token_expires_at REAL, joined_at TEXT NOT NULL, updated_at TEXT NOT NULL, left_at TEXT, left_reason TEXT
);
CREATE INDEX IF NOT EXISTS participants_by_session ON participants (session_id);
CREATE INDEX IF NOT EXISTS participants_by_age ON participants (account_id, joined_at);
CREATE INDEX IF NOT EXISTS participants_present ON participants (token_expires_at) WHERE left_at IS NULL;

CREATE TABLE IF NOT EXISTS recordings (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL, room_id TEXT NOT NULL,
    session_id TEXT NOT NULL, participant_id TEXT NOT NULL, type TEXT NOT NULL, status TEXT NOT NULL,
    codec TEXT NOT NULL, duration_secs INTEGER, size_mb REAL, created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT, completed_at TEXT
);
CREATE INDEX IF NOT EXISTS recordings_by_age ON recordings (account_id, created_at);
CREATE INDEX IF NOT EXISTS recordings_by_participant ON recordings (participant_id);

CREATE TABLE IF NOT EXISTS compositions (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL, room_id TEXT,
    session_id TEXT, status TEXT NOT NULL, format TEXT NOT NULL, resolution TEXT NOT NULL,
    video_layout TEXT NOT NULL, webhook_event_url TEXT, webhook_event_failover_url TEXT,
    webhook_timeout_secs INTEGER, duration_secs INTEGER, size_mb REAL, created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL, started_at TEXT, ended_at TEXT, completed_at TEXT, due_at REAL
);
CREATE INDEX IF NOT EXISTS compositions_due ON compositions (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL, room_id TEXT,
    event_type TEXT NOT NULL, occurred_at TEXT NOT NULL, payload TEXT NOT NULL,
    url TEXT, failover_url TEXT, timeout_secs REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, state TEXT NOT NULL, due_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, tries_here INTEGER NOT NULL DEFAULT 0,
    at_failover INTEGER NOT NULL DEFAULT 0, forged INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due_at) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_by_event ON deliveries (event_id);
CREATE TABLE IF NOT EXISTS delivery_attempts (
    seq INTEGER PRIMARY KEY, delivery_seq INTEGER NOT NULL, attempt INTEGER NOT NULL, at TEXT NOT NULL,
    url TEXT NOT NULL, status INTEGER, error TEXT
);
CREATE INDEX IF NOT EXISTS attempts_by_delivery ON delivery_attempts (delivery_seq);

CREATE TABLE IF NOT EXISTS ledger (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, entry TEXT NOT NULL, call_id INTEGER,
    account_id TEXT, room_id TEXT, method TEXT, path TEXT, operation TEXT, query TEXT, body TEXT,
    status INTEGER, fault TEXT, effect TEXT, ids TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS ledger_by_operation ON ledger (operation);
"""
