// Tells people: decides which channels an alert goes to, groups what belongs together, and keeps a ledger in PostgreSQL
// of every delivery and every attempt, so that nothing is lost or told twice over restarts. Speaks SMTP and
// Alertmanager's webhook. Leaves what is an alert to Rules.
