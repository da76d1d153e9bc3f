import { days, hours, type DurationMs } from "@roadstream/shared";
import { removeOrphanPictures, type OrphanPictures } from "../pictures/remove-orphan-pictures.ts";
import type { ObjectInfo, TableHead, TextsOfFiles } from "../ports.ts";
import { despiteOthers } from "./despite-others.ts";
import type { IcebergTable } from "./lake-table.ts";
import { reachableKeys } from "./reachable-keys.ts";
import { voidWork } from "./void-work.ts";

/** Other engines' jobs may run for long and know nothing of our rule; Iceberg's own default. */
const DEFAULT_ORPHAN_AGE = days(3);
const MIN_ORPHAN_AGE = hours(2);
const METADATA_VERSION = /\/metadata\/(?:v\d+\.metadata\.json|version-hint\.text)$/;

export interface OrphanReport {
  readonly table: string;
  readonly objects: number;
  readonly bytes: number;
  /** Only where they were looked for. */
  readonly pictures?: OrphanPictures;
}

export interface OrphanOptions {
  readonly table: IcebergTable;
  readonly olderThan?: DurationMs;
  /** `list` only says what `remove` would remove. */
  readonly mode: "list" | "remove";
  /** What else a head of the table stands on, and where that lies; null: nothing is looked for there. */
  readonly ledgers: NamedElsewhere | null;
  /** Of traffic_data, to look for pictures that no row names; absent: none are looked for. */
  readonly pictureKeys?: TextsOfFiles;
  /** Which of the table's objects to look at; default: all. */
  readonly among?: () => AsyncIterable<ObjectInfo>;
}

export interface NamedElsewhere {
  readonly prefix: string;
  readonly named: (head: TableHead) => Promise<ReadonlySet<string>>;
}

/**
 * Removes what neither a snapshot nor the ledger names, and pictures that no row names. A slow writer's files look the
 * same as an orphan's: so first everything is listed, then a commit says that all work begun before it is void. What was
 * listed and is not named behind that commit never will be, whoever wrote it, however slow he is, and whatever anybody's
 * clock says. Files that are young by the store's clock stay for the sake of other engines.
 */
export const removeOrphans = async (options: OrphanOptions): Promise<OrphanReport | null> => {
  const { table, mode, pictureKeys } = options;
  if ((await table.peek()) === null) return null;
  const age = Math.max(options.olderThan ?? DEFAULT_ORPHAN_AGE, MIN_ORPHAN_AGE);
  const putBefore = (await table.store.now()) - age;
  const orphans = await despiteOthers(table, () => orphanObjects(options, putBefore));
  if (mode === "remove") await table.store.delete(orphans.map(({ key }) => key));
  return {
    table: table.definition.name,
    objects: orphans.length,
    bytes: orphans.reduce((sum, { size }) => sum + size, 0),
    ...(pictureKeys === undefined
      ? {}
      : { pictures: await removeOrphanPictures({ table, putBefore, pictureKeys, mode }) }),
  };
};

/** Without those that somebody names by now; behind a fence, where they are to be removed. */
const orphanObjects = async (options: OrphanOptions, putBefore: number): Promise<readonly ObjectInfo[]> => {
  const { table, mode } = options;
  const head = await table.head();
  const orphans = await oldAndUnnamed(options, putBefore, await namedAt(options, head));
  if (mode === "list" || orphans.length === 0) return orphans;
  const isNamed = await namedAt(options, await voidWork(table, head));
  return orphans.filter(({ key }) => !isNamed(key));
};

type IsNamed = (key: string) => boolean;

const namedAt = async ({ table, ledgers }: OrphanOptions, head: TableHead): Promise<IsNamed> => {
  const reachable = await reachableKeys(table, head.stored);
  const named = (await ledgers?.named(head)) ?? new Set<string>();
  return (key) => reachable.has(key) || named.has(key) || METADATA_VERSION.test(key);
};

const oldAndUnnamed = async (
  options: OrphanOptions,
  putBefore: number,
  isNamed: IsNamed,
): Promise<readonly ObjectInfo[]> => {
  const { store, definition } = options.table;
  const { among = () => store.list(`${definition.name}/`) } = options;
  const found: ObjectInfo[] = [];
  const look = async (objects: AsyncIterable<ObjectInfo>): Promise<void> => {
    for await (const object of objects)
      if (object.modifiedAt < putBefore && !isNamed(object.key)) found.push(object);
  };
  await look(among());
  if (options.ledgers !== null) await look(store.list(options.ledgers.prefix));
  return found;
};
