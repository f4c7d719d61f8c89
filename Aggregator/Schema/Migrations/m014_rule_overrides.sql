-- What a rule is on one cluster: not evaluated, or with other numbers than its file has; with who said so and when.
create table rule_override (
    -- as alert_state.rule
    rule text not null,
    cluster_id int not null references cluster on delete cascade,
    is_enabled boolean not null,
    -- names of parameters and their numbers
    parameters jsonb not null default '{}',
    reason text not null,
    changed_by text not null,
    changed_at timestamptz not null,
    primary key (rule, cluster_id)
);

-- Since when nothing is measured of what a firing alert is about; null while it is.
alter table alert_state add column missing_since timestamptz;

-- For the events of a time, as a backtest asks for them.
create index event_of_time on event (at);
