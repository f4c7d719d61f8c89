-- The fleet: who is enrolled, what each agent says of its members, what happened.

-- A cluster is what an operator named at enrolment; etcd's own ids are observed, and linked below.
create table cluster (
    id int generated always as identity primary key,
    name text not null unique check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    created_at timestamptz not null default now(),
    maintenance_until timestamptz
);

-- Every etcd cluster id that was ever seen under a name. Two at a time: a member is in the wrong cluster.
create table cluster_etcd_id (
    cluster_id int not null references cluster on delete cascade,
    etcd_id text not null check (etcd_id ~ '^[0-9a-f]{1,16}$'),
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    primary key (cluster_id, etcd_id)
);

create table node (
    id int generated always as identity primary key,
    cluster_id int not null references cluster on delete cascade,
    name text not null check (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$'),
    created_at timestamptz not null default now(),
    unique (cluster_id, name)
);

-- An enrolled key. `id` is short because every batch row carries it; `uid` is what the agent calls itself.
-- The aggregator's own writer of series is an agent of kind 'aggregator', without node and key.
create table agent (
    id int generated always as identity primary key,
    uid bytea not null unique check (octet_length(uid) = 16),
    kind text not null default 'host' check (kind in ('host', 'aggregator')),
    node_id int references node on delete cascade,
    public_key bytea check (octet_length(public_key) = 32),
    version text not null default '',
    enrolled_at timestamptz not null default now(),
    revoked_at timestamptz,
    revoked_reason text,
    last_seen_at timestamptz,
    last_epoch bigint,
    last_sequence bigint,
    lag_ms bigint,
    clock_offset_ms bigint,
    last_error text,
    last_error_at timestamptz,
    silent_since timestamptz,
    check (kind = 'aggregator' or (node_id is not null and public_key is not null))
);
create unique index agent_active_on_node on agent (node_id) where revoked_at is null;
create unique index agent_active_key on agent (public_key) where revoked_at is null;

-- The latest state of a member as its own agent sees it: opinions are kept apart, disagreement is a finding.
create table member_opinion (
    agent_id int not null references agent on delete cascade,
    source text not null,
    instance text not null,
    observed_at timestamptz not null,
    received_at timestamptz not null,
    state jsonb not null,
    primary key (agent_id, source)
);

-- What happened. `occurrence` names the happening itself, so that three agents who see one leader change make one row.
create table event (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    cluster_id int not null references cluster on delete cascade,
    kind text not null,
    severity text not null check (severity in ('info', 'warning', 'critical')),
    member text,
    node text,
    sentence text not null,
    detail jsonb not null default '{}',
    occurrence text not null,
    unique (cluster_id, occurrence)
);
create index event_of_cluster on event (cluster_id, id desc);
create index event_of_kind on event (kind, id desc);

-- Only the digest of a token is kept: reading this table enrols nobody.
create table enrolment_token (
    id int generated always as identity primary key,
    digest bytea not null unique check (octet_length(digest) = 32),
    cluster_id int not null references cluster on delete cascade,
    replaces_node text,
    created_at timestamptz not null default now(),
    created_by text not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    used_by int references agent on delete set null
);

-- The worst status of each quarter of an hour, for the fleet page's strip.
create table health_cell (
    cluster_id int not null references cluster on delete cascade,
    at timestamptz not null,
    status text not null check (status in ('healthy', 'degraded', 'critical', 'unknown', 'maintenance')),
    primary key (cluster_id, at)
);
