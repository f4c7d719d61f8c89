-- Channels that administrators made over the API; those of the configuration file stand there.
create table channel (
    name text primary key,
    -- as the configuration file would write it, without secrets
    document jsonb not null,
    -- names of what is sealed
    secrets text[] not null default '{}',
    -- a JSON object of secrets: AES-256-GCM under the installation's sealing key, bound to the name
    sealed bytea,
    author text not null,
    changed_at timestamptz not null
);

-- One row: routes that an administrator set instead of the configuration file's, and what tells that anything changed.
create table notification_settings (
    only_one boolean primary key default true check (only_one),
    revision bigint not null default 0,
    routes jsonb,
    author text,
    changed_at timestamptz
);
insert into notification_settings default values;
