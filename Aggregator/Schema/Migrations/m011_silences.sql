-- What keeps an alert that fires from being told: silences, maintenance windows and acknowledgements. Inhibition needs no
-- table: it follows from the alerts that fire.

create table silence (
    -- a UUID, as Alertmanager's clients expect it
    id text primary key,
    kind text not null check (kind in ('silence', 'maintenance')),
    -- [{"name", "operation", "value"}], all of which have to hold
    matchers jsonb not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null check (ends_at >= starts_at),
    -- the window comes again every seven days, as long as it begins before this; null: it comes once
    weekly_until timestamptz,
    author text not null,
    comment text not null,
    created_at timestamptz not null
);
create index silence_end on silence (greatest(ends_at, weekly_until));

-- What each silence or window kept back, from when it first did.
create table silenced_alert (
    silence text not null references silence on delete cascade,
    fingerprint text not null,
    labels jsonb not null,
    since timestamptz not null,
    primary key (silence, fingerprint)
);

-- An alert that someone has taken up: it is not told again until it ends. With `until` (snoozed): or until then.
create table acknowledgement (
    fingerprint text primary key,
    labels jsonb not null,
    author text not null,
    comment text not null,
    at timestamptz not null,
    until timestamptz
);

-- Why the alert was last kept back: 'silence', 'inhibition', 'acknowledgement'; null if it was not.
alter table notification_group_alert add column hidden_by text
    check (hidden_by in ('silence', 'inhibition', 'acknowledgement'));
create index notification_group_alert_hidden on notification_group_alert (route, group_key) where hidden_by is not null;

-- Whether it was already told that all that fires in the group has been taken up.
alter table notification_group add column acknowledged boolean not null default false;

create view report.silences as
select id, kind, matchers, starts_at, ends_at, weekly_until, author, comment, created_at from silence;
