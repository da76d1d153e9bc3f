import { DatabaseSync } from "node:sqlite";
import { eventLogContract } from "../event-log.contract.ts";
import { sqliteTestBed } from "./sqlite-event-log-test-bed.ts";

eventLogContract("sqlite", () => {
  const bed = sqliteTestBed();
  const edit = (work: (db: DatabaseSync) => void): Promise<void> => {
    using db = new DatabaseSync(bed.path, { timeout: 2000 });
    work(db);
    return Promise.resolve();
  };
  let topics = 0;
  return Promise.resolve({
    open: () => Promise.resolve(bed.open()),
    topic: () => `topic-${(topics += 1)}`,
    truncate: (at, start) =>
      edit((db) => {
        db.prepare(
          `UPDATE lanes SET start_offset = ?
           WHERE partition = ? AND topic_id = (SELECT topic_id FROM topics WHERE name = ?)`,
        ).run(start, at.partition, at.topic);
      }),
    recreate: async (topic, partitions) => {
      await edit((db) => void db.prepare("DELETE FROM topics WHERE name = ?").run(topic));
      await using log = bed.open();
      await log.createTopics([topic], partitions);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(bed[Symbol.dispose]()),
  });
});
