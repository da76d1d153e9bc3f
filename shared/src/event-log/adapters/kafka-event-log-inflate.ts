import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { RoadstreamError } from "../../errors.ts";
import type { Inflate } from "../kafka-record-batches.ts";

/** Of one batch; what the broker takes compressed is at most a few MiB. */
const MAX_OUTPUT = { maxOutputLength: 256 * 1024 * 1024 };

/** Our own writer compresses nothing; a topic's `compression.type` or another producer may. */
export const inflateKafkaBatch: Inflate = (compression, bytes) => {
  switch (compression) {
    case "gzip":
      return gunzipSync(bytes, MAX_OUTPUT);
    case "zstd":
      return zstdDecompressSync(bytes, MAX_OUTPUT);
    case "snappy":
    case "lz4":
      throw new RoadstreamError("refused", `a batch compressed with ${compression} cannot be read`, {
        hint: "Set the topic's compression.type to producer, gzip, zstd or uncompressed.",
      });
  }
};
