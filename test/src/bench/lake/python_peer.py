"""Kafka to Parquet as a short script does it: JSON read by DuckDB, doubles dropped within a batch, sorted zstd files.

Nothing is validated, no offset is kept, doubles across batches stay, and the files are of no table.
usage: python_peer.py BROKERS TOPIC RECORDS FOLDER
"""
import json
import os
import sys

import duckdb
from confluent_kafka import Consumer

BATCH_RECORDS = 200_000
IDENTITY = "vehicle_id, boot_id, seq"
COLUMNS = {
    "vehicle_id": "VARCHAR", "boot_id": "VARCHAR", "seq": "BIGINT", "captured_at": "TIMESTAMPTZ", "clock": "VARCHAR",
    "clock_error_ms": "INTEGER", "uptime_ms": "BIGINT", "machine_boot": "VARCHAR", "received_at": "TIMESTAMPTZ",
    "fix_at": "TIMESTAMPTZ", "fix": "VARCHAR", "latitude": "DOUBLE", "longitude": "DOUBLE", "altitude_m": "DOUBLE",
    "speed_kmh": "DOUBLE", "heading_deg": "DOUBLE", "satellites_used": "INTEGER", "hdop": "DOUBLE",
    "vehicle_type": "VARCHAR", "sent_uptime_ms": "BIGINT",
}  # fmt: skip

brokers, topic, records, folder = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
os.makedirs(folder, exist_ok=True)
consumer = Consumer(
    {
        "bootstrap.servers": brokers,
        "group.id": f"python-{os.getpid()}",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
    }
)
consumer.subscribe([topic])
# One thread: DuckDB spends the least CPU so.
database = duckdb.connect(config={"threads": 1, "memory_limit": "1GB"})
database.execute("SET TimeZone = 'UTC'")
columns = ", ".join(f"{name}: '{type}'" for name, type in COLUMNS.items())


def write(number: int, batch: list[bytes]) -> int:
    lines = os.path.join(folder, "batch.ndjson")
    with open(lines, "wb") as file:
        file.write(b"\n".join(batch))
    [rows] = database.execute(
        f"""COPY (
            SELECT DISTINCT ON ({IDENTITY}) *, captured_at AS event_at, now() AS landed_at
            FROM read_json('{lines}', format = 'newline_delimited', columns = {{{columns}}})
            ORDER BY vehicle_id, captured_at
        ) TO '{folder}/{number}.parquet' (FORMAT parquet, COMPRESSION zstd)"""
    ).fetchone()
    os.remove(lines)
    return rows


rows, read, files, batch = 0, 0, 0, []
while read < records:
    messages = consumer.consume(num_messages=10_000, timeout=10)
    if not messages:
        sys.exit(f"the topic ended after {read} records")
    for message in messages:
        if message.error():
            sys.exit(str(message.error()))
        batch.append(message.value())
    read += len(messages)
    if len(batch) >= BATCH_RECORDS or read >= records:
        rows += write(files, batch)
        files += 1
        batch = []
consumer.close()
print(json.dumps({"rows": rows, "files": files}))
