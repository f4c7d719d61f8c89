-- How far each endpoint of remote-write has been sent what was received: its place in the stream of batches. Slots of
-- `batch` are kept until all endpoints are past them, but for so long only (remote_write.max_age).
create table remote_write_position (
    endpoint text primary key,
    received_through timestamptz not null,
    updated_at timestamptz not null
);
