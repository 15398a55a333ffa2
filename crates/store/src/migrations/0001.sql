-- The event log. Rows are never changed or deleted.
-- The small columns come first, so that reading them skips the overflow pages of large events.
create table log (
    seq integer primary key,
    replica integer not null,
    counter integer not null,
    at integer not null,
    kind text not null,
    ignored text,
    tab text,
    request integer,
    checksum integer not null,
    actor blob not null,
    event blob not null
) strict;

-- Own events that have no place in the order yet.
create table pending (
    counter integer primary key,
    replica integer not null,
    at integer not null,
    kind text not null,
    tab text,
    request integer,
    checksum integer not null,
    actor blob not null,
    event blob not null
) strict;

-- Large values by the hash that names them. An ordinary table: its rows are long.
create table blobs (
    hash text primary key not null,
    checksum integer not null,
    bytes blob not null
) strict;

-- The state as of the last event of the log: each row is one encoded change.
create table meta (
    key text primary key not null,
    checksum integer not null,
    value blob not null
) strict, without rowid;

create table cells (
    cell text primary key not null,
    checksum integer not null,
    change blob not null
) strict, without rowid;

create table sources (
    cell text primary key not null,
    checksum integer not null,
    change blob not null,
    text text not null
) strict, without rowid;

-- `slot` counts up and is never used again. `forgets` lists the slots whose rows are gone from the
-- state but not yet deleted.
create table executions (
    slot integer primary key,
    checksum integer not null,
    forgets blob,
    change blob not null
) strict;

-- A stream has one part for each segment of its text, so that a long one is never rewritten.
create table outputs (
    slot integer not null,
    position integer not null,
    part integer not null,
    checksum integer not null,
    change blob not null,
    primary key (slot, position, part)
) strict, without rowid;

create table sessions (
    position integer primary key,
    checksum integer not null,
    change blob not null
) strict;
