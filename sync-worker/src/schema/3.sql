-- The last position whose event points at the blob, or the head when it came.
alter table blob add column used integer not null default 0;
-- Whether it is known at which blobs a snapshot points, and at which.
alter table snapshot add column tells integer not null default 0;
create table holding (seq integer not null, name text not null, primary key (seq, name)) without rowid;
update schema set version = 3;
