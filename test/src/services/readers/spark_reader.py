"""Answers one SQL statement per line (a JSON string) with its rows, by Spark with the Iceberg runtime."""
import json
import sys

from pyspark.sql import SparkSession

jar, warehouse, scratch = sys.argv[1:4]
spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.jars", jar)
    .config("spark.driver.memory", "700m")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.ui.enabled", "false")
    .config("spark.local.dir", scratch)
    .config("spark.sql.warehouse.dir", scratch + "/warehouse")
    .config("spark.sql.shuffle.partitions", "1")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
    .config("spark.sql.catalog.h", "org.apache.iceberg.spark.SparkCatalog")
    .config("spark.sql.catalog.h.type", "hadoop")
    .config("spark.sql.catalog.h.warehouse", warehouse)
    .config("spark.sql.catalog.h.cache-enabled", "false")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("OFF")

for line in sys.stdin:
    try:
        rows = [json.loads(row) for row in spark.sql(json.loads(line)).toJSON().collect()]
        print(json.dumps({"ok": rows}), flush=True)
    except Exception as error:  # the test decides what an error means
        print(json.dumps({"error": f"{type(error).__name__}: {str(error)[:2000]}"}), flush=True)
