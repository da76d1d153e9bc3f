import { uuidV7 } from "../../random/uuid.ts";
import type { Random } from "../../random/random.ts";
import type { Clock } from "../../time/clock.ts";
import { isSameMachineBoot } from "../../time/machine-boot.ts";
import type { DurationMs } from "../../time/time.ts";
import type { TopicPartition } from "../event-log.ts";
import { planShare, type PartitionShare } from "../share-partitions.ts";
import type { SqliteLogFile } from "./sqlite-event-log-file.ts";
import type { Lane } from "./sqlite-event-log-topics.ts";

/**
 * One worker's place in its group, as leases in the log's file. A lease ends by the machine's monotonic clock, which
 * all workers share and which goes on while a worker is stopped (SIGSTOP): until its lease has ended nobody else takes
 * a worker's partitions, and a worker that reads the clock before each delivery knows whether they are still its own.
 */
export class SqliteLogGroup {
  readonly #file: SqliteLogFile;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #lease: DurationMs;
  readonly #group: string;
  readonly #worker: string;
  readonly #topics: readonly string[];
  #member: string;
  #expires = Number.NEGATIVE_INFINITY;

  constructor(options: {
    file: SqliteLogFile;
    clock: Clock;
    random: Random;
    lease: DurationMs;
    group: string;
    worker: string;
    topics: readonly string[];
  }) {
    this.#file = options.file;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#lease = options.lease;
    this.#group = options.group;
    this.#worker = options.worker;
    this.#topics = options.topics;
    this.#member = this.#newMember();
  }

  /** True while no worker of another name can have taken what this one holds. */
  holdsLease(): boolean {
    return this.#clock.uptime() <= this.#expires;
  }

  /** A worker that starts again under its name need not wait for its former self's lease to end. */
  join(): void {
    this.#file.transaction(() => {
      this.#file.db
        .prepare("DELETE FROM members WHERE group_name = ? AND worker = ?")
        .run(this.#group, this.#worker);
      this.#renew();
    });
  }

  leave(): void {
    this.#file.db.prepare("DELETE FROM members WHERE member = ?").run(this.#member);
    this.#expires = Number.NEGATIVE_INFINITY;
  }

  /** Holds what is held; false when the lease had ended and all is lost. Gives back and takes nothing. */
  extend(): boolean {
    return this.#file.transaction(() => {
      const expires = this.#clock.uptime() + this.#lease;
      const renewed = this.#file.db
        .prepare("UPDATE members SET expires_uptime_ms = ? WHERE member = ? AND expires_uptime_ms >= ?")
        .run(expires, this.#member, this.#clock.uptime());
      this.#expires = renewed.changes === 0 ? Number.NEGATIVE_INFINITY : expires;
      return renewed.changes > 0;
    });
  }

  /**
   * Renews the lease, gives back what is too much, takes what is free. `kept` is what this worker held all the time;
   * `taken` came new, also when it was this worker's before its lease ended.
   */
  share(): { readonly kept: readonly TopicPartition[]; readonly taken: readonly TopicPartition[] } {
    return this.#file.transaction(() => {
      const { db } = this.#file;
      this.#removeExpired();
      this.#renew();
      const lanes = this.#lanes();
      const step = planShare(
        lanes.map((lane) => lane.share),
        this.#member,
      );
      const give = db.prepare("DELETE FROM claims WHERE group_name = ? AND lane_id = ? AND member = ?");
      for (const lane of step.release) give.run(this.#group, lane, this.#member);
      const take = db.prepare("INSERT INTO claims (group_name, lane_id, member) VALUES (?, ?, ?)");
      for (const lane of step.claim) take.run(this.#group, lane, this.#member);
      const released = new Set(step.release);
      const claimed = new Set(step.claim);
      return {
        kept: lanes.filter(({ share }) => share.holder === this.#member && !released.has(share.lane)),
        taken: lanes.filter(({ share }) => claimed.has(share.lane)),
      };
    });
  }

  /** Raises the group's mark; a later worker's higher one stays. A lane that is gone takes no mark. */
  mark(lane: Lane, next: number): void {
    this.#file.db
      .prepare(
        `INSERT INTO marks (group_name, lane_id, next_offset)
         SELECT ?, lane_id, ? FROM lanes WHERE lane_id = ? AND next_offset >= ?
         ON CONFLICT DO UPDATE SET next_offset = max(marks.next_offset, excluded.next_offset)`,
      )
      .run(this.#group, next, lane.laneId, next);
  }

  #newMember(): string {
    return uuidV7(this.#clock.now(), this.#random);
  }

  #removeExpired(): void {
    const { db } = this.#file;
    db.prepare("DELETE FROM members WHERE expires_uptime_ms < ?").run(this.#clock.uptime());
    const gone = db.prepare("DELETE FROM members WHERE machine_boot = ?");
    for (const row of db.prepare("SELECT DISTINCT machine_boot FROM members").all()) {
      const boot = String(row["machine_boot"]);
      if (!isSameMachineBoot(boot, this.#clock.machineBoot)) gone.run(boot);
    }
  }

  #renew(): void {
    const { db } = this.#file;
    const expires = this.#clock.uptime() + this.#lease;
    const renewed = db
      .prepare("UPDATE members SET expires_uptime_ms = ? WHERE member = ?")
      .run(expires, this.#member);
    if (renewed.changes === 0) {
      // Never the old name again: what it held is lost, and a claim of it must not look kept.
      this.#member = this.#newMember();
      db.prepare(
        `INSERT INTO members (member, group_name, worker, topics, machine_boot, expires_uptime_ms)
         VALUES (?, ?, ?, ?, ?, ?)`,
      ).run(
        this.#member,
        this.#group,
        this.#worker,
        JSON.stringify(this.#topics),
        this.#clock.machineBoot,
        expires,
      );
    }
    this.#expires = expires;
    // So that nothing is deleted under a group that has joined but not marked yet.
    db.prepare(
      `INSERT INTO marks (group_name, lane_id, next_offset)
       SELECT ?1, lane_id, start_offset FROM lanes JOIN topics USING (topic_id)
       WHERE name IN (SELECT value FROM json_each(?2)) ON CONFLICT DO NOTHING`,
    ).run(this.#group, JSON.stringify(this.#topics));
  }

  #lanes(): readonly (TopicPartition & { readonly share: PartitionShare })[] {
    const { db } = this.#file;
    const members = db
      .prepare("SELECT member, topics FROM members WHERE group_name = ? ORDER BY member")
      .all(this.#group)
      .map((row) => ({
        member: String(row["member"]),
        topics: JSON.parse(String(row["topics"])) as readonly string[],
      }));
    return db
      .prepare(
        `SELECT name, topic_id, lanes.lane_id, partition, member FROM topics JOIN lanes USING (topic_id)
         LEFT JOIN claims ON claims.lane_id = lanes.lane_id AND claims.group_name = ?
         WHERE name IN (SELECT value FROM json_each(?)) ORDER BY lanes.lane_id`,
      )
      .all(this.#group, JSON.stringify(this.#topics))
      .map((row) => {
        const topic = String(row["name"]);
        const wanting = members.filter((member) => member.topics.includes(topic)).map(({ member }) => member);
        const holder = row["member"] === null ? null : String(row["member"]);
        const partition = Number(row["partition"]);
        const share = {
          lane: Number(row["lane_id"]),
          topic: Number(row["topic_id"]),
          partition,
          holder,
          members: wanting,
        };
        return { topic, partition, share };
      });
  }
}
