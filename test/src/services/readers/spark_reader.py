"""Answers one SQL statement per line (a JSON string) with its rows, by Spark with the Iceberg runtime.

usage: spark_reader.py JARS SCRATCH SETTINGS — jars with commas between, Spark's further settings as one JSON object.
"""
import json
import sys

from pyspark.sql import SparkSession

jars, scratch, settings = sys.argv[1:4]
builder = (
    SparkSession.builder.master("local[1]")
    .config("spark.jars", jars)
    .config("spark.driver.memory", "700m")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.ui.enabled", "false")
    .config("spark.local.dir", scratch)
    .config("spark.sql.warehouse.dir", scratch + "/warehouse")
    .config("spark.sql.shuffle.partitions", "1")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
)
for name, value in json.loads(settings).items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()
spark.sparkContext.setLogLevel("OFF")

for line in sys.stdin:
    try:
        rows = [json.loads(row) for row in spark.sql(json.loads(line)).toJSON().collect()]
        print(json.dumps({"ok": rows}), flush=True)
    except Exception as error:  # the test decides what an error means
        print(json.dumps({"error": f"{type(error).__name__}: {str(error)[:2000]}"}), flush=True)
