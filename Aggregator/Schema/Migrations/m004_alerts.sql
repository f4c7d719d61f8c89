-- Alerts as rules left them, so that a restart neither forgets a pending one nor announces a firing one again; and the
-- ledger of what was told to whom.

-- Duties that one aggregator has at a time. The token rises with each holder: one that was thought dead and comes back
-- finds another token here and writes nothing.
create table duty (
    name text primary key,
    token bigint not null,
    since timestamptz not null
);

create table alert_state (
    -- file/group/alertname/number of the rule among those of that name
    rule text not null,
    -- SHA-256 of the labels
    digest bytea not null check (octet_length(digest) = 32),
    labels jsonb not null,
    annotations jsonb not null,
    state text not null check (state in ('pending', 'firing', 'resolved')),
    value double precision not null,
    active_at timestamptz not null,
    fired_at timestamptz,
    resolved_at timestamptz,
    keep_firing_since timestamptz,
    primary key (rule, digest)
);

-- What is to be told together: one row per route and group (cluster, alertname), while there is something to tell.
create table notification_group (
    route text not null,
    group_key text not null,
    labels jsonb not null,
    flush_at timestamptz not null,
    last_sent_at timestamptz,
    primary key (route, group_key)
);
create index notification_group_due on notification_group (flush_at);

create table notification_group_alert (
    route text not null,
    group_key text not null,
    digest bytea not null check (octet_length(digest) = 32),
    alert jsonb not null,
    state text not null check (state in ('firing', 'resolved')),
    -- the state that was last put into a notification; null: none yet
    announced text check (announced in ('firing', 'resolved')),
    primary key (route, group_key, digest),
    foreign key (route, group_key) references notification_group on delete cascade
);

-- What was said: the alerts as they were then. Retries say the same.
create table notification (
    id bigint generated always as identity primary key,
    route text not null,
    group_key text not null,
    created_at timestamptz not null,
    content jsonb not null
);

create table notification_alert (
    notification_id bigint not null references notification on delete cascade,
    fingerprint text not null,
    -- when the firing (or the end) that this notification tells of began
    since timestamptz not null,
    primary key (notification_id, fingerprint)
);
create index notification_alert_of_fingerprint on notification_alert (fingerprint, notification_id desc);

-- The ledger: one row per notification and channel.
create table delivery (
    id bigint generated always as identity primary key,
    notification_id bigint not null references notification on delete cascade,
    channel text not null,
    group_key text not null,
    status text not null default 'waiting' check (status in ('waiting', 'delivered', 'failed')),
    attempts int not null default 0,
    -- while it is being sent: when another may try, because this one must have died
    next_attempt_at timestamptz not null,
    created_at timestamptz not null,
    finished_at timestamptz,
    last_code int,
    last_error text,
    -- from the change of the alert to the receiver's yes
    latency_ms bigint,
    unique (notification_id, channel)
);
create index delivery_due on delivery (channel, next_attempt_at) where status = 'waiting';
create index delivery_of_group on delivery (channel, group_key, id) where status = 'waiting';

create table delivery_attempt (
    delivery_id bigint not null references delivery on delete cascade,
    number int not null,
    started_at timestamptz not null,
    duration_ms bigint,
    -- 'started' for ever: the aggregator died while sending
    outcome text not null default 'started' check (outcome in ('started', 'delivered', 'retry', 'failed', 'interrupted')),
    code int,
    error text,
    primary key (delivery_id, number)
);
