-- More than one aggregator, and people who want SQL.

-- What a further aggregator needs to belong to this installation, sealed under a token of which only the digest is kept.
create table join_token (
    digest bytea primary key check (octet_length(digest) = 32),
    -- null once it was used
    sealed bytea,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);

-- docs/sql.md describes these views. They stay when tables change: names and meanings of columns are a promise.
do $$
begin
    -- The set-up of roles may have made it, for an owner who may make none.
    if not exists (select from pg_namespace where nspname = 'report') then create schema report; end if;
end $$;

create view report.clusters as
select c.name as cluster, c.created_at, c.maintenance_until,
    (select h.status from health_cell h where h.cluster_id = c.id order by h.at desc limit 1) as worst_status,
    (select count(*) from agent a join node n on n.id = a.node_id where n.cluster_id = c.id and a.revoked_at is null)
        as agents,
    (select array_agg(e.etcd_id order by e.last_seen_at desc) from cluster_etcd_id e where e.cluster_id = c.id)
        as etcd_cluster_ids
from cluster c;

create view report.agents as
select c.name as cluster, n.name as node, a.version, a.enrolled_at, a.revoked_at, a.revoked_reason, a.last_seen_at,
    a.silent_since, a.lag_ms, a.clock_offset_ms, a.last_error, a.last_error_at
from agent a join node n on n.id = a.node_id join cluster c on c.id = n.cluster_id;

create view report.members as
select c.name as cluster, n.name as node, o.source as name, o.instance, o.observed_at, o.received_at, o.state
from member_opinion o
join agent a on a.id = o.agent_id and a.revoked_at is null
join node n on n.id = a.node_id join cluster c on c.id = n.cluster_id;

create view report.events as
select e.id, e.at, c.name as cluster, e.kind, e.severity, e.member, e.node, e.sentence, e.detail
from event e join cluster c on c.id = e.cluster_id;

create view report.alerts as
select labels ->> 'alertname' as alert, labels ->> 'cluster' as cluster, labels ->> 'instance' as instance,
    labels ->> 'severity' as severity, state, value, active_at, fired_at, resolved_at, labels, annotations
from alert_state;

create view report.deliveries as
select d.id, d.channel, d.group_key, d.status, d.attempts, d.created_at, d.finished_at, d.last_code, d.last_error,
    d.latency_ms, n.route
from delivery d join notification n on n.id = d.notification_id;

create view report.audit as
select sequence, at, actor, address, action, object, cluster, outcome, reason from audit_entry;

create view report.storage as
select c.name as cluster, s.kind as source_kind, count(*) as blocks, sum(b.scrapes)::bigint as scrapes_in_blocks,
    sum(b.scrapes::bigint * b.series)::bigint as samples, sum(octet_length(b.body))::bigint as bytes,
    to_timestamp(min(b.first_at) / 1000.0) as first_at, to_timestamp(max(b.last_at) / 1000.0) as last_at
from block b
join source s on s.id = b.source_id
join agent a on a.id = s.agent_id
left join node n on n.id = a.node_id left join cluster c on c.id = n.cluster_id
group by c.name, s.kind;
