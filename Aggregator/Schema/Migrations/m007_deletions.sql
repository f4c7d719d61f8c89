-- What is left of a deleted source, and which layouts somebody still needs.

-- Blocks, rollups and batches have no references, so whoever deletes a source (with its cluster, node or agent) leaves a note
-- here, and SeriesStore deletes the rest.
create table deleted_source (
    source_id int primary key,
    agent_id int not null
);
create function note_deleted_source() returns trigger language plpgsql as $$
begin
    insert into deleted_source (source_id, agent_id) values (old.id, old.agent_id) on conflict do nothing;
    return null;
end $$;
create trigger source_deleted after delete on source for each row execute function note_deleted_source();
-- Deleting a source looks here.
create index source_number_of_source on source_number (source_id);

-- Blocks and rollups of windows that end later than this do not name the layout, in milliseconds since 1970. What there is
-- may be needed until now; so may what an older aggregator adds.
alter table layout add column used_until bigint not null
    default (extract(epoch from now()) * 1000)::bigint;
create index layout_of_parent on layout (parent);
create index source_layout_of_layout on source_layout (layout_hash);
