-- One notebook's relay. Numbers of all 64 bits (replicas, counters) are eight bytes, big end first:
-- JavaScript, which is between the relay and the database, has 53.
create table schema (version integer not null);
insert into schema values (1);

create table meta (key text primary key, value blob not null) without rowid;

create table event (
  seq integer primary key,
  replica blob not null,
  counter blob not null,
  sealed blob not null,
  history blob not null
);

-- How far each replica is, as of the position `folded` in `progress`; later events speak for themselves.
create table mark (replica blob primary key, counter blob not null) without rowid;
create table progress (folded integer not null, bytes integer not null);
insert into progress values (0, 0);

-- A part of an upload is at 256 times its upload plus its number: one b-tree and no index.
create table part (id integer primary key, sealed blob not null);
create table snapshot (
  seq integer primary key,
  upload integer not null,
  parts integer not null,
  bytes integer not null,
  history blob not null
);
create table blob (name text primary key, upload integer not null, parts integer not null, bytes integer not null) without rowid;
