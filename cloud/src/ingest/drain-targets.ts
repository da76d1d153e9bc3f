import type { TableName } from "@roadstream/shared";
import type { EventLog } from "@roadstream/shared/event-log";
import type { TableHead } from "../ports.ts";

/** How far each table must come before `--until-drained` ends: the log's ends as they were at the start. */
export class DrainTargets {
  readonly #ends = new Map<TableName, Map<number, number>>();

  static async of(log: EventLog, topics: Iterable<readonly [TableName, string]>): Promise<DrainTargets> {
    const targets = new DrainTargets();
    for (const [table, topic] of topics) {
      const count = (await log.partitions(topic)) ?? 0;
      for (let partition = 0; partition < count; partition += 1) {
        const { start, end } = await log.range({ topic, partition });
        if (end > start) targets.raise(table, partition, end);
      }
    }
    return targets;
  }

  raise(table: TableName, partition: number, end: number): void {
    const ends = this.#ends.get(table) ?? new Map<number, number>();
    ends.set(partition, Math.max(end, ends.get(partition) ?? 0));
    this.#ends.set(table, ends);
  }

  /** 0 where nothing is wanted. */
  of(table: TableName, partition: number): number {
    return this.#ends.get(table)?.get(partition) ?? 0;
  }

  isReached(table: TableName, head: TableHead | null): boolean {
    for (const [partition, end] of this.#ends.get(table) ?? []) {
      if ((head?.ingest?.partitions[partition]?.next ?? 0) < end) return false;
    }
    return true;
  }
}
