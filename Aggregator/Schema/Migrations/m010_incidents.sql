-- Times in which something was wrong with a cluster, each with the best verdict that was found on it.

create table incident (
    id bigint generated always as identity primary key,
    cluster_id integer not null references cluster (id) on delete cascade,
    began_at timestamptz not null,
    last_seen_at timestamptz not null,
    -- null while it lasts
    ended_at timestamptz,
    -- how much the verdict says; a better one replaces it
    strength integer not null,
    verdict jsonb not null
);

create unique index incident_open on incident (cluster_id) where ended_at is null;
create index incident_by_cluster on incident (cluster_id, id desc);
