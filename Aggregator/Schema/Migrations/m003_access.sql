-- Who may come in, and what was done. Of passwords, sessions and tokens only hashes are kept: reading these tables
-- signs nobody in.

create table account (
    id bigint generated always as identity primary key,
    name text not null unique check (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    password_hash text not null,
    -- On the installation and all clusters; null: only what account_cluster_role says.
    role text check (role in ('viewer', 'operator', 'admin')),
    created_at timestamptz not null,
    password_changed_at timestamptz not null,
    last_sign_in_at timestamptz
);

-- By the cluster's unique name, not its row: a grant may come before the cluster's first agent.
create table account_cluster_role (
    account_id bigint not null references account on delete cascade,
    cluster text not null,
    role text not null check (role in ('viewer', 'operator', 'admin')),
    primary key (account_id, cluster)
);

create table session (
    digest bytea primary key check (octet_length(digest) = 32),
    account_id bigint not null references account on delete cascade,
    address text not null,
    created_at timestamptz not null,
    last_seen_at timestamptz not null,
    expires_at timestamptz not null
);
create index session_of_account on session (account_id);
create index session_expiry on session (expires_at);

create table api_token (
    id bigint generated always as identity primary key,
    digest bytea not null unique check (octet_length(digest) = 32),
    account_id bigint not null references account on delete cascade,
    name text not null check (length(name) between 1 and 100),
    role text not null check (role in ('viewer', 'operator', 'admin')),
    -- null: wherever the owner may.
    clusters text[],
    created_at timestamptz not null,
    expires_at timestamptz,
    last_used_at timestamptz,
    unique (account_id, name)
);

-- Each entry's hash covers the hash of the one before (Access/Audit/AuditChain.swift): nothing can be changed unseen.
create table audit_entry (
    sequence bigint primary key check (sequence > 0),
    at timestamptz not null,
    actor text not null,
    address text not null,
    action text not null,
    object text not null,
    cluster text,
    outcome text not null check (outcome in ('done', 'refused', 'failed')),
    reason text not null,
    hash bytea not null check (octet_length(hash) = 32)
);
create index audit_entry_of_cluster on audit_entry (cluster, sequence desc);

-- The end of the chain: without it, taking the last entries away would go unseen.
create table audit_head (
    only_row boolean primary key default true check (only_row),
    sequence bigint not null,
    hash bytea not null check (octet_length(hash) = 32)
);
insert into audit_head (sequence, hash) values (0, decode(repeat('00', 32), 'hex'));

-- A seat belt against our own mistakes; the chain is what shows the rest.
create function audit_entry_is_final() returns trigger language plpgsql as $$
begin
    raise exception 'audit entries are never changed or deleted';
end $$;
create trigger audit_entry_is_final before update or delete or truncate on audit_entry
    for each statement execute function audit_entry_is_final();
