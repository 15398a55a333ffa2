-- Sealed bytes of the events that a snapshot holds and the one before it does not.
alter table snapshot add column covers integer not null default 0;
update schema set version = 2;
