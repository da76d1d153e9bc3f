"""Kafka to Iceberg on S3 by Spark Structured Streaming: parsed, without doubles, in the table layout of the lake.

As many records a trigger as a commit of ours has at most. Nothing is validated: a record that is no JSON is a row of
nulls.

usage: spark-submit --jars … spark_peer.py BROKERS TOPIC CHECKPOINT RECORDS_A_TRIGGER
The store's address, region and keys come from the environment, as the AWS SDK reads them.
"""
import json
import os
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

TICKS_PER_SECOND = 100
SCHEMA = """v INT, vehicle_id STRING, boot_id STRING, seq BIGINT, captured_at TIMESTAMP, clock STRING,
clock_error_ms INT, uptime_ms BIGINT, machine_boot STRING, received_at TIMESTAMP, fix_at TIMESTAMP, fix STRING,
latitude DOUBLE, longitude DOUBLE, altitude_m DOUBLE, speed_kmh DOUBLE, heading_deg DOUBLE, satellites_used INT,
hdop DOUBLE, vehicle_type STRING, sent_uptime_ms BIGINT"""
POSITION = "log_partition INT, log_offset BIGINT, log_appended_at TIMESTAMP, landed_at TIMESTAMP, event_at TIMESTAMP"


def cpu_seconds(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return sum(int(ticks) for ticks in fields[11:15]) / TICKS_PER_SECOND


brokers, topic, checkpoint, trigger_records = sys.argv[1:5]
spark = SparkSession.builder.getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
table = "lake.spark.gps_data"
spark.sql("CREATE NAMESPACE IF NOT EXISTS lake.spark")
spark.sql(
    f"""CREATE TABLE {table} ({SCHEMA.replace("v INT, ", "")}, {POSITION}) USING iceberg
    PARTITIONED BY (days(event_at))
    TBLPROPERTIES ('write.parquet.compression-codec' = 'zstd', 'write.distribution-mode' = 'none',
                   'write.spark.fanout.enabled' = 'true')"""
)
spark.sql(f"ALTER TABLE {table} WRITE LOCALLY ORDERED BY vehicle_id, event_at")
# What was spent until here, by the JVM and by this interpreter, is the start.
started = cpu_seconds(os.getppid()) + cpu_seconds(os.getpid())

records = (
    spark.readStream.format("kafka")
    .option("kafka.bootstrap.servers", brokers)
    .option("subscribe", topic)
    .option("startingOffsets", "earliest")
    .option("maxOffsetsPerTrigger", trigger_records)
    .load()
)
day = f.expr("INTERVAL 1 DAY")
trusted = (
    (f.col("clock") != "unsynced")
    & (f.col("captured_at") >= f.lit("2020-01-01").cast("timestamp"))
    & (f.col("captured_at") <= f.col("received_at") + day)
)
rows = (
    records.select(
        f.from_json(f.col("value").cast("string"), SCHEMA).alias("r"),
        f.col("partition").alias("log_partition"),
        f.col("offset").alias("log_offset"),
        f.col("timestamp").alias("log_appended_at"),
    )
    .select("r.*", "log_partition", "log_offset", "log_appended_at", f.current_timestamp().alias("landed_at"))
    .drop("v")
    .withColumn("event_at", f.when(trusted, f.col("captured_at")).otherwise(f.col("received_at")))
    .withWatermark("event_at", "1 hour")
    .dropDuplicatesWithinWatermark(["vehicle_id", "boot_id", "seq"])
)
query = (
    rows.writeStream.format("iceberg")
    .outputMode("append")
    .trigger(availableNow=True)
    .option("checkpointLocation", checkpoint)
    .toTable(table)
)
query.awaitTermination()
used = cpu_seconds(os.getppid()) + cpu_seconds(os.getpid()) - started
print(json.dumps({"rows": spark.table(table).count(), "without_start_s": used}))
