"""For each Parquet file named: its size, and the size of the same rows in the same order as pyarrow writes them with zstd."""
import io
import json
import os
import sys

import pyarrow.parquet as parquet

sizes = []
for path in sys.argv[1:]:
    rows = parquet.read_table(path, partitioning=None)
    rewritten = io.BytesIO()
    parquet.write_table(rows, rewritten, compression="zstd")
    sizes.append({"rows": rows.num_rows, "ours": os.path.getsize(path), "theirs": rewritten.tell()})
print(json.dumps(sizes))
