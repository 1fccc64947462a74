-- The store itself: one row.
CREATE TABLE meta (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    incarnation TEXT NOT NULL,      -- also in the lock file beside the database
    term        INTEGER NOT NULL    -- counts the processes that ever drove
) STRICT;

-- One row for each append: all events of one commit. The rowid is the place in the feed.
CREATE TABLE journal (
    position  INTEGER PRIMARY KEY,
    run       BLOB NOT NULL,
    seq       INTEGER NOT NULL,     -- of its first event
    count     INTEGER NOT NULL,
    append    BLOB NOT NULL,        -- the append's own id
    chain     BLOB NOT NULL,        -- behind it
    envelopes BLOB NOT NULL,        -- one line each
    payloads  BLOB,                 -- one line each; NULL once the run is erased
    UNIQUE (run, seq)
) STRICT;

-- Large payloads, addressed by their salted digest, never shared between runs.
CREATE TABLE payloads (
    run    BLOB NOT NULL,
    digest BLOB NOT NULL,
    bytes  BLOB NOT NULL,
    UNIQUE (run, digest)
) STRICT;

CREATE TABLE runs (
    id       INTEGER PRIMARY KEY,
    run      BLOB NOT NULL UNIQUE,
    seq      INTEGER NOT NULL,
    chain    BLOB NOT NULL,
    epoch    INTEGER NOT NULL,
    salt     BLOB,                  -- NULL once the run is erased
    format   INTEGER NOT NULL,
    status   TEXT NOT NULL,
    contract TEXT NOT NULL,
    workflow TEXT NOT NULL,
    started  INTEGER NOT NULL,      -- times are microseconds since 1970, UTC
    updated  INTEGER NOT NULL,
    wake_at  INTEGER,
    ready    INTEGER,               -- from when on it can move by itself; NULL: never
    worker   TEXT,                  -- who holds it
    aside    INTEGER NOT NULL DEFAULT 0  -- 1: only taken by name
) STRICT;

-- Runs that sleep for good, and runs that are held, cost a look for work nothing.
CREATE INDEX runs_ready ON runs (ready) WHERE ready IS NOT NULL AND worker IS NULL AND aside = 0;
CREATE INDEX runs_held ON runs (worker) WHERE worker IS NOT NULL;

CREATE TABLE mailbox (
    position  INTEGER PRIMARY KEY,
    id        TEXT NOT NULL UNIQUE,
    run       BLOB NOT NULL,
    who       TEXT NOT NULL,
    at        INTEGER NOT NULL,
    mail      TEXT NOT NULL,
    taken_seq INTEGER               -- the newest event of the append that took it in
) STRICT;
CREATE INDEX mailbox_untaken ON mailbox (run, position) WHERE taken_seq IS NULL;

CREATE TABLE claims (
    name    TEXT PRIMARY KEY,
    run     BLOB NOT NULL,
    seq     INTEGER NOT NULL,
    value   TEXT NOT NULL,
    changed INTEGER NOT NULL
) STRICT;

CREATE TABLE contracts (
    digest  BLOB PRIMARY KEY,
    sources TEXT NOT NULL
) STRICT;
