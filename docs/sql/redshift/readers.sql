-- A role for people and tools that only ask, and a user of it; then give the user to DBeaver.

CREATE ROLE roadstream_reader;

GRANT USAGE ON SCHEMA public TO ROLE roadstream_reader;

GRANT SELECT ON ALL TABLES IN SCHEMA public TO ROLE roadstream_reader;

-- What is made later, too: run as the user that loads.
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO ROLE roadstream_reader;

-- Who comes by IAM alone; for a password say PASSWORD '…' instead.
CREATE USER analyst PASSWORD DISABLE;

GRANT ROLE roadstream_reader TO analyst;
