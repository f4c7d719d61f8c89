-- More kinds of channels, and channels that stand in for others.

-- What a channel needs to know of the message that stands for a group: Slack's channel and message id, to change it.
create table delivery_reference (
    channel text not null,
    group_key text not null,
    reference text not null,
    at timestamptz not null,
    primary key (channel, group_key)
);

-- The channel that this one stands in for, which could not deliver; null: the route named it.
alter table delivery add column instead_of text;

-- Channels that stood in for others since the group began to fire: they are told of its end too.
alter table notification_group add column fallbacks text[] not null default '{}';

create index delivery_of_channel on delivery (channel, id desc);
