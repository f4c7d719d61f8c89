// Who may come in and what they may do: users, sessions, API tokens, roles, and the audit log of every administrative
// action. Leaves HTTP (cookies, headers, status codes) to API, and the agents' keys to Fleet and Ingest.
