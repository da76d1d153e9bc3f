import { RoadstreamError, type TableName, type UnixMillis } from "@roadstream/shared";
import { PARTITION_FIELD } from "../lake/iceberg-schema.ts";
import type { IcebergTable } from "../lake/lake-table.ts";
import { removeOrphans } from "../lake/remove-orphans.ts";
import { replaceFiles } from "../lake/replace-files.ts";
import type { LiveFile, ObjectInfo, TableHead, TextsOfFiles } from "../ports.ts";
import type { Properties } from "../lake/table-properties.ts";
import { beginWork } from "../lake/work-age.ts";
import { firstKeptDay } from "./retention.ts";

/** Files of one commit. */
const MAX_FILES = 5000;
/** Another one came first so often in a row: the next pass goes on. */
const MAX_CONFLICTS = 20;
const PICTURES = "pictures/";

export interface DropOptions {
  readonly table: IcebergTable;
  /** Keys of the pictures that rows of traffic_data name. */
  readonly pictureKeys: TextsOfFiles;
  /** What the limit is reckoned from where that is earlier than the store's clock says; null: nothing is past. */
  readonly today?: UnixMillis | null;
  readonly signal: AbortSignal;
}

export interface DroppedDays {
  readonly days: number;
  readonly files: number;
  readonly rows: number;
}

export interface DropReport extends DroppedDays {
  readonly pictures: number;
  /** Days that were left, though the store's clock says that they are past. */
  readonly daysLeft: number;
  /** Objects of days that were dropped earlier, which no snapshot names any more. */
  readonly objects: number;
}

const PICTURE_TABLE: TableName = "traffic_data";

const filesBefore = async (
  table: IcebergTable,
  head: TableHead,
  today: number,
): Promise<readonly LiveFile[]> => {
  const kept = firstKeptDay(head.properties, today);
  return kept === null ? [] : (await table.files(head)).filter(({ day }) => day < kept);
};

const sumOf = (files: readonly LiveFile[]): DroppedDays => ({
  days: new Set(files.map(({ day }) => day)).size,
  files: files.length,
  rows: files.reduce((sum, { rows }) => sum + rows, 0),
});

/** What is past the table's limit and still there. */
export const pastDays = async (table: IcebergTable, head: TableHead): Promise<DroppedDays> =>
  sumOf(await filesBefore(table, head, await table.store.now()));

/**
 * Drops the days that are past the table's limit, as ordinary delete commits. The ledger keeps their numbers, so that a
 * late copy does not land again; the table counts the rows, so that none of them is missed.
 */
export const dropDays = async (options: DropOptions): Promise<DropReport> => {
  const { table, signal } = options;
  const dropped: LiveFile[] = [];
  let pictures = 0;
  /** Gone, though the rows that name them still stand. */
  let picturesAhead = 0;
  let daysLeft = 0;
  for (let conflicts = 0; conflicts < MAX_CONFLICTS && !signal.aborted;) {
    const begunAt = beginWork(table.clock);
    const head = await table.peek();
    if (head === null) break;
    const now = await table.store.now();
    const past = await filesBefore(table, head, now);
    const { today = now } = options;
    const arePast = (files: readonly LiveFile[], properties: Properties): boolean => {
      const kept = today === null ? null : firstKeptDay(properties, Math.min(now, today));
      return kept !== null && files.every(({ day }) => day < kept);
    };
    const going = past.filter((file) => arePast([file], head.properties));
    daysLeft = sumOf(past).days - sumOf(going).days;
    if (going.length === 0) break;
    const files = going.slice(0, MAX_FILES);
    // Before the rows: they alone tell which pictures these are.
    const deleted = await deletePictures(options, files, (properties) => arePast(files, properties));
    const outcome = await replaceFiles(table, {
      base: head.stored,
      commitId: table.names.uuid(),
      inputs: files.map(({ key }) => key),
      outputs: [],
      removes: sumOf(files).rows,
      also: (on) => (arePast(files, on.metadata.properties) ? {} : "limit_changed"),
      begunAt,
    });
    if (outcome.kind === "refused")
      throw new RoadstreamError("refused", `${table.definition.name}: ${outcome.reason}`, {
        hint: outcome.hint,
      });
    if (outcome.kind === "committed") {
      dropped.push(...files);
      pictures += deleted;
      picturesAhead = 0;
    } else {
      conflicts += 1;
      // The next round finds most of them once more.
      picturesAhead = Math.max(picturesAhead, deleted);
    }
  }
  return {
    ...sumOf(dropped),
    pictures: pictures + picturesAhead,
    daysLeft,
    objects: await removeObjects(table),
  };
};

/** Goes on only while the files are past the limit: that may be raised meanwhile. */
const deletePictures = async (
  { table, pictureKeys }: DropOptions,
  files: readonly LiveFile[],
  arePast: (properties: Properties) => boolean,
): Promise<number> => {
  if (table.definition.name !== PICTURE_TABLE) return 0;
  let deleted = 0;
  for await (const keys of pictureKeys(files)) {
    if (!arePast((await table.peek())?.properties ?? {})) break;
    const ours = keys.filter((key) => key.startsWith(PICTURES));
    await table.store.delete(ours);
    deleted += ours.length;
  }
  return deleted;
};

/** Data files of dropped days, once no snapshot names them and no reader or slow writer can want them. */
const removeObjects = async (table: IcebergTable): Promise<number> => {
  const head = await table.peek();
  const kept = head === null ? null : firstKeptDay(head.properties, await table.store.now());
  if (kept === null) return 0;
  const among = () => objectsBefore(table, kept);
  const report = await removeOrphans({ table, ledgers: null, among, mode: "remove" });
  return report?.objects ?? 0;
};

/** Names ascend with their days, so that only what is past is listed. */
async function* objectsBefore(table: IcebergTable, day: string): AsyncGenerator<ObjectInfo> {
  const prefix = `${table.definition.name}/data/${PARTITION_FIELD}=`;
  for await (const object of table.store.list(prefix)) {
    if (object.key.slice(prefix.length) >= day) return;
    yield object;
  }
}
