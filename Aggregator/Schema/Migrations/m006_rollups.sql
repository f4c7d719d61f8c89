-- Rollups: what each hour of a series was, kept long after its samples are gone. docs/storage.md draws them.

-- Times are milliseconds since 1970. A row holds the hours of one day (UTC) of the series first_series … first_series +
-- series − 1 of a layout. Partitions cover four weeks each and are made when they are needed. No references: rows leave
-- with their partition.
create table rollup (
    -- The day's first instant.
    starts_at bigint not null,
    source_id int not null,
    layout_id int not null,
    first_series int not null,
    series int not null,
    hours smallint not null,
    body bytea not null,
    primary key (source_id, starts_at, layout_id, first_series)
) partition by range (starts_at);
-- Bodies are dense already.
alter table rollup alter column body set storage external;

-- Days of sources whose merged blocks changed since they were rolled up.
create table rollup_due (
    day bigint not null,
    source_id int not null,
    primary key (day, source_id)
);
insert into rollup_due (day, source_id)
select distinct starts_at - starts_at % 86400000, source_id from block where level > 0;

-- How far things are; one row.
create table history (
    -- Blocks of days before this instant were dropped.
    blocks_from bigint not null default 0,
    -- Days before this instant were rolled up, but for those that are due again.
    rolled_through bigint not null default 0,
    is_only boolean primary key default true check (is_only)
);
insert into history default values;
