-- What hosts were asked to do, how it went and what came of it.
create table command (
    id bigint generated always as identity primary key,
    -- Random: a database that was restored must not give a number again that an agent has carried out.
    uid bytea not null unique check (octet_length(uid) = 16),
    cluster_id int not null references cluster on delete cascade,
    agent_id int not null references agent on delete cascade,
    kind text not null,
    arguments jsonb not null,
    requested_by text not null,
    requested_at timestamptz not null,
    -- Begins before this, or never.
    expires_at timestamptz not null,
    state text not null default 'queued'
        check (state in ('queued', 'sent', 'running', 'done', 'refused', 'failed', 'cancelled', 'expired')),
    progress double precision not null default 0,
    words text not null default '',
    cancel_requested_at timestamptz,
    cancel_requested_by text,
    reported_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    result jsonb
);
create index command_of_cluster on command (cluster_id, id desc);
create index command_open on command (id) where state in ('queued', 'sent', 'running');
