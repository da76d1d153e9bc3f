import { expect, test } from "vitest";
import { partitionOf } from "./partitioner.ts";

// The signed murmur2 hashes that Apache Kafka's own unit tests state (org.apache.kafka.common.utils.UtilsTest).
const KNOWN: readonly (readonly [string, number])[] = [
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
];

test("agrees with Kafka's default partitioner", () => {
  for (const [key, hash] of KNOWN) {
    for (const partitions of [1, 3, 6, 17])
      expect(partitionOf(key, partitions)).toBe((hash & 0x7fffffff) % partitions);
  }
});
