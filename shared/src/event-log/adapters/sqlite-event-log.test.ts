import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "../../adapters/system-clock.ts";
import { systemRandom } from "../../adapters/system-random.ts";
import { silentLogger } from "../../ports/logger.ts";
import { MemoryMetrics } from "../../ports/metrics.ts";
import { millis } from "../../time/time.ts";
import { eventLogContract } from "../event-log.contract.ts";
import { SqliteEventLog } from "./sqlite-event-log.ts";

eventLogContract("sqlite", () => {
  const folder = mkdtempSync(join(tmpdir(), "roadstream-log-"));
  const path = join(folder, "events.db");
  const clock = systemClock();
  const random = systemRandom();
  const open = (): SqliteEventLog =>
    new SqliteEventLog({
      path,
      clock,
      random,
      logger: silentLogger,
      metrics: new MemoryMetrics(),
      settings: { heartbeat: millis(20), lease: millis(2000), look: millis(5) },
    });
  const edit = (work: (db: DatabaseSync) => void): Promise<void> => {
    using db = new DatabaseSync(path, { timeout: 2000 });
    work(db);
    return Promise.resolve();
  };
  let topics = 0;
  return Promise.resolve({
    open: () => Promise.resolve(open()),
    topic: () => `topic-${(topics += 1)}`,
    truncate: (at, start) =>
      edit((db) =>
        db
          .prepare(
            `UPDATE lanes SET start_offset = ? WHERE partition = ? AND topic_id = (SELECT topic_id FROM topics WHERE name = ?)`,
          )
          .run(start, at.partition, at.topic),
      ),
    recreate: async (topic, partitions) => {
      await edit((db) => void db.prepare("DELETE FROM topics WHERE name = ?").run(topic));
      await using log = open();
      await log.createTopics([topic], partitions);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(rmSync(folder, { recursive: true })),
  });
});
