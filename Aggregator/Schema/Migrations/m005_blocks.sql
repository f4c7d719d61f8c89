-- Blocks: what batches become. Columns of many scrapes of one source, as docs/storage.md draws them.

-- Blocks name their layout in four bytes. `body` is compressed with zstd where `is_packed`, as text and names repeat.
alter table layout add column id int generated always as identity unique;
alter table layout add column is_packed boolean not null default false;
alter table layout alter column is_packed set default true;
alter table layout alter column body set storage external;

-- The partitions of `batch`, and how far each has become blocks. Partitions were days, and are slots of minutes from here
-- on: those that lie ahead of today are empty and give way to them.
create table batch_partition (
    name text primary key,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    -- Agents up to this id have their blocks; one transaction adds some blocks and moves this on.
    compacted_agents int not null default 0,
    compacted_at timestamptz,
    check (starts_at < ends_at)
);
insert into batch_partition (name, starts_at, ends_at)
select c.relname, d.day at time zone 'UTC', (d.day + interval '1 day') at time zone 'UTC'
from pg_inherits i
join pg_class c on c.oid = i.inhrelid
cross join lateral (select to_date(right(c.relname, 8), 'YYYYMMDD')::timestamp as day) d
where i.inhparent = 'batch'::regclass;
do $$
declare partition record;
begin
    for partition in select name from batch_partition where starts_at > now() loop
        execute format('drop table %I', partition.name);
        delete from batch_partition where name = partition.name;
    end loop;
end $$;

-- Times are milliseconds since 1970. A row holds the series first_series … first_series + series − 1 of a layout, over some
-- of the scrapes of one window. Young blocks live for some hours only, so they have partitions of their own, by generation:
-- dropped whole, they leave no holes. Merged ones have a partition for each day (UTC) of `starts_at`. Partitions are made
-- when they are needed. No references: rows leave with their partition.
create table block (
    -- The window's first instant.
    starts_at bigint not null,
    -- Until when its samples were received: of two samples at one instant the one of the later generation counts.
    generation bigint not null,
    -- Of the first and last scrape in it.
    first_at bigint not null,
    last_at bigint not null,
    source_id int not null,
    layout_id int not null,
    first_series int not null,
    series int not null,
    scrapes int not null,
    -- 0 from batches; 1 merged, the whole window in as few rows as may be.
    level smallint not null,
    body bytea not null,
    primary key (source_id, starts_at, generation, layout_id, first_series, level)
) partition by list (level);
-- Bodies are dense already.
alter table block alter column body set storage external;
create table block_young partition of block for values in (0) partition by range (generation);
create table block_merged partition of block for values in (1) partition by range (starts_at);
