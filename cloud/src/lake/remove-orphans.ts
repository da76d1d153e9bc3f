import { days, hours, RoadstreamError, type DurationMs } from "@roadstream/shared";
import type { ObjectInfo, TableHead } from "../ports.ts";
import { tableHead, type IcebergTable } from "./lake-table.ts";
import { withProperties } from "./next-snapshot.ts";
import { reachableKeys } from "./reachable-keys.ts";
import { nextEpoch, PROPERTY } from "./table-properties.ts";

/** Other engines' jobs may run for long and know nothing of our rule; Iceberg's own default. */
const DEFAULT_ORPHAN_AGE = days(3);
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
 * Removes what neither a snapshot nor the ledger names. A slow writer's files look the same as an orphan's: so first
 * everything is listed, then a commit says that all work begun before it is void. What was listed and is not named behind
 * that commit never will be, whoever wrote it, however slow he is, and whatever anybody's clock says. Files that are young
 * by the store's clock stay for the sake of other engines.
 */
export const removeOrphans = async (options: OrphanOptions): Promise<OrphanReport | null> => {
  const { table } = options;
  const head = await table.peek();
  if (head === null) return null;
  let orphans = await oldAndUnnamed(options, await namedAt(options, head));
  if (options.mode === "remove" && orphans.length > 0) {
    const isNamed = await namedAt(options, await fence(table, head));
    orphans = orphans.filter(({ key }) => !isNamed(key));
    for (let at = 0; at < orphans.length; at += DELETE_BATCH)
      await table.store.delete(orphans.slice(at, at + DELETE_BATCH).map(({ key }) => key));
  }
  return {
    table: table.definition.name,
    objects: orphans.length,
    bytes: orphans.reduce((sum, { size }) => sum + size, 0),
  };
};

type IsNamed = (key: string) => boolean;

const namedAt = async ({ table, ledgers }: OrphanOptions, head: TableHead): Promise<IsNamed> => {
  const reachable = await reachableKeys(table, head.stored);
  const named = (await ledgers?.named(head)) ?? new Set<string>();
  return (key) => reachable.has(key) || named.has(key) || METADATA_VERSION.test(key);
};

const oldAndUnnamed = async (options: OrphanOptions, isNamed: IsNamed): Promise<readonly ObjectInfo[]> => {
  const { store, definition } = options.table;
  const age = Math.max(options.olderThan ?? DEFAULT_ORPHAN_AGE, MIN_ORPHAN_AGE);
  const oldest = (await store.now()) - age;
  const { among = () => store.list(`${definition.name}/`) } = options;
  const found: ObjectInfo[] = [];
  const look = async (objects: AsyncIterable<ObjectInfo>): Promise<void> => {
    for await (const object of objects)
      if (object.modifiedAt < oldest && !isNamed(object.key)) found.push(object);
  };
  await look(among());
  if (options.ledgers !== null) await look(store.list(options.ledgers.prefix));
  return found;
};

const fence = async (table: IcebergTable, base: TableHead): Promise<TableHead> => {
  const commitId = table.names.uuid();
  const outcome = await table.commit({
    base: base.stored,
    commitId,
    propose: async (on) => {
      const properties = { [PROPERTY.commit]: commitId, ...nextEpoch(on.metadata.properties) };
      return { kind: "ready", metadata: withProperties(on, properties, await table.store.now()) };
    },
  });
  if (outcome.kind === "committed") return tableHead(outcome.stored);
  throw new RoadstreamError("unavailable", `${table.definition.name}: ${outcome.reason}`);
};
