-- Own events that have no place in the relay's order yet, oldest first: those of former leaders too.
drop table pending;
create table pending (
    position integer primary key,
    replica integer not null,
    counter integer not null,
    at integer not null,
    kind text not null,
    tab text,
    request integer,
    checksum integer not null,
    actor blob not null,
    event blob not null
) strict;

-- The state that a relay gave, on which the log builds: one encoded snapshot, in parts.
create table base (
    part integer primary key,
    checksum integer not null,
    bytes blob not null
) strict;
