-- What agents measured. A batch is kept as it was signed (decompressed); series are read from its frames.

-- One row per accepted batch. Partitions are days of `received_at` (UTC), made ahead by SeriesStore and dropped whole.
-- No reference to agent: rows leave with their partition, and each reference would be checked at every insert.
-- That (agent_id, epoch, sequence) is unique over all days is the ledger's work.
create table batch (
    agent_id int not null,
    epoch bigint not null,
    sequence bigint not null,
    received_at timestamptz not null,
    -- Milliseconds since 1970 of the first and last frame in the body.
    first_at bigint not null,
    last_at bigint not null,
    digest bytea not null,
    body bytea not null,
    primary key (agent_id, epoch, sequence, received_at)
) partition by range (received_at);
create index batch_by_time on batch (agent_id, last_at);
create index batch_by_receipt on batch using brin (received_at) with (pages_per_range = 32, autosummarize = on);
-- Bodies are dense already: PostgreSQL need not try to compress them.
alter table batch alter column body set storage external;

-- The sequences received of each epoch; outlives the batches, so that a repetition is known forever.
create table ledger (
    agent_id int not null references agent on delete cascade,
    epoch bigint not null,
    ranges int8multirange not null default '{}',
    primary key (agent_id, epoch)
) with (fillfactor = 70);

-- What a source's series are: additions to a parent. Named by SHA-256, so agents of one version share them.
create table layout (
    hash bytea primary key check (octet_length(hash) = 32),
    parent bytea references layout (hash),
    body bytea not null,
    created_at timestamptz not null default now()
);

-- A scrape target of an agent: its etcd member, its host, itself.
create table source (
    id int generated always as identity primary key,
    agent_id int not null references agent on delete cascade,
    kind text not null check (kind in ('etcd', 'host', 'agent', 'aggregator')),
    name text not null,
    port int not null default 0,
    interval_ms bigint not null check (interval_ms > 0),
    -- Milliseconds since 1970 of its first and last frame; the last one is written once a minute only.
    first_at bigint not null,
    last_at bigint not null,
    unique (agent_id, kind, name, port)
);

-- Which source a number in a batch of this epoch means. `first_at`: milliseconds since 1970 of its first frame.
create table source_number (
    agent_id int not null references agent on delete cascade,
    epoch bigint not null,
    number int not null,
    source_id int not null references source on delete cascade,
    first_at bigint not null,
    primary key (agent_id, epoch, number)
);

-- Which layouts a source has had, and since when: which series existed when.
create table source_layout (
    source_id int not null references source on delete cascade,
    layout_hash bytea not null references layout (hash),
    first_at bigint not null,
    primary key (source_id, layout_hash)
);
