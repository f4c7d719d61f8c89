-- Roles and rights for etcd-monitor on a PostgreSQL of yours, 15 or later. Run it once, as a superuser, in a database made
-- for etcd-monitor alone:
--
--     createdb etcd_monitor && psql -v ON_ERROR_STOP=1 -f roles.sql etcd_monitor
--
-- then give both roles a password (\password etcd_monitor) or another way in (pg_hba.conf).

-- The aggregators. Owns what it makes in this database, and may do nothing elsewhere. It makes and drops partitions every
-- few minutes, which PostgreSQL lets nobody but the owner of a table do.
create role etcd_monitor login nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
-- People who want SQL: the views of docs/sql.md, and nothing else.
create role etcd_monitor_read login nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
alter role etcd_monitor_read set default_transaction_read_only = on;
alter role etcd_monitor_read set statement_timeout = '60s';

do $$
begin
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect on database %I to etcd_monitor, etcd_monitor_read', current_database());
end $$;
revoke all on schema public from public;
grant usage, create on schema public to etcd_monitor;
create schema report authorization etcd_monitor;
grant usage on schema report to etcd_monitor_read;
alter default privileges for role etcd_monitor in schema report grant select on tables to etcd_monitor_read;
