import { days, hours, RoadstreamError, type DurationMs } from "@roadstream/shared";
import type { ObjectInfo, TableHead } from "../ports.ts";
import { tableHead, type IcebergTable } from "./lake-table.ts";
import { withProperties } from "./next-snapshot.ts";
import { reachableKeys } from "./reachable-keys.ts";
import { numberProperty, PROPERTY } from "./table-properties.ts";

/** Other engines' jobs may run for long and know nothing of our rule; Iceberg's own default. */
const DEFAULT_ORPHAN_AGE = days(3);
/** A file's time is the store's, a batch's is its worker's: they may differ by less than this. */
const CLOCK_SKEW = hours(1);
const MIN_ORPHAN_AGE = hours(2);
const DELETE_BATCH = 500;
const METADATA_VERSION = /\/metadata\/(?:v\d+\.metadata\.json|version-hint\.text)$/;

export interface OrphanReport {
  readonly table: string;
  readonly objects: number;
  readonly bytes: number;
}

export interface OrphanOptions {
  readonly table: IcebergTable;
  readonly olderThan?: DurationMs;
  /** `list` only says what `remove` would remove. */
  readonly mode: "list" | "remove";
  /** What else a head of the table stands on, and where that lies; null: nothing is looked for there. */
  readonly ledgers: NamedElsewhere | null;
  /** Which of the table's objects to look at; default: all. */
  readonly among?: () => AsyncIterable<ObjectInfo>;
}

export interface NamedElsewhere {
  readonly prefix: string;
  readonly named: (head: TableHead) => Promise<ReadonlySet<string>>;
}

/**
 * Removes what neither a snapshot nor the ledger names. A slow writer's files look the same as an orphan's: so first a
 * commit says that batches begun before `orphans-before` can no longer land, and only files older than that by the
 * clocks' possible difference are removed, after looking at the table as it stands behind that commit.
 */
export const removeOrphans = async (options: OrphanOptions): Promise<OrphanReport | null> => {
  const { table } = options;
  const age = Math.max(options.olderThan ?? DEFAULT_ORPHAN_AGE, MIN_ORPHAN_AGE);
  const oldest = table.clock.now() - age;
  let head = await table.peek();
  if (head === null) return null;
  if (options.mode === "remove") {
    const commitId = table.names.uuid();
    const outcome = await table.commit({
      base: head.stored,
      commitId,
      propose: (on) => {
        const before = Math.max(
          oldest + CLOCK_SKEW,
          numberProperty(on.metadata.properties, PROPERTY.orphansBefore, 0),
        );
        const properties = { [PROPERTY.commit]: commitId, [PROPERTY.orphansBefore]: String(before) };
        return Promise.resolve({
          kind: "ready",
          metadata: withProperties(on, properties, table.clock.now()),
        });
      },
    });
    if (outcome.kind !== "committed")
      throw new RoadstreamError("unavailable", `${table.definition.name}: ${outcome.reason}`);
    head = tableHead(outcome.stored);
  }
  const reachable = await reachableKeys(table, head.stored);
  const ledgers = (await options.ledgers?.named(head)) ?? new Set<string>();
  const isOrphan = ({ key, modifiedAt }: ObjectInfo): boolean =>
    modifiedAt < oldest && !reachable.has(key) && !ledgers.has(key) && !METADATA_VERSION.test(key);
  const orphans: ObjectInfo[] = [];
  const { among = () => table.store.list(`${table.definition.name}/`) } = options;
  for await (const object of among()) if (isOrphan(object)) orphans.push(object);
  if (options.ledgers !== null)
    for await (const object of table.store.list(options.ledgers.prefix))
      if (isOrphan(object)) orphans.push(object);
  if (options.mode === "remove") {
    for (let at = 0; at < orphans.length; at += DELETE_BATCH) {
      await table.store.delete(orphans.slice(at, at + DELETE_BATCH).map(({ key }) => key));
    }
  }
  return {
    table: table.definition.name,
    objects: orphans.length,
    bytes: orphans.reduce((sum, { size }) => sum + size, 0),
  };
};
