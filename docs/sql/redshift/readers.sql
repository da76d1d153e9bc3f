-- A group of people and tools that only ask, and a user in it, for DBeaver.

CREATE GROUP roadstream_readers;

GRANT USAGE ON SCHEMA public TO GROUP roadstream_readers;

GRANT SELECT ON ALL TABLES IN SCHEMA public TO GROUP roadstream_readers;

-- What is made later, too: run as the user that loads.
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO GROUP roadstream_readers;

-- Who comes by IAM alone; for a password say PASSWORD '…' instead.
CREATE USER analyst PASSWORD DISABLE IN GROUP roadstream_readers;
