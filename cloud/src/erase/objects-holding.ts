import { isRoadstreamError } from "@roadstream/shared";
import { manifestFile } from "../lake/manifest-list.ts";
import { readManifest, type KeyValue } from "../lake/manifest.ts";
import { MAX_LEDGER_FILE_BYTES } from "../ledger/ledger-limits.ts";
import type { EraseContext } from "./erase-rows.ts";
import { dataHolding, type TableObjects } from "./table-objects.ts";

/** How often objects may vanish under a look: others remove their own. */
const MAX_TRIES = 5;

/** Of some objects those that hold rows of the vehicle or its name, by what is in them. */
export const objectsHolding = async (
  context: EraseContext,
  objects: TableObjects,
): Promise<TableObjects> => ({
  data: await presentDataHolding(context, objects.data),
  manifests: await naming(context, objects.manifests, (bytes, key) => manifestNames(context, bytes, key)),
  ledgers: await naming(context, objects.ledgers, (bytes) => ledgerNames(context, bytes)),
  versions: await naming(context, objects.versions, (bytes) => versionNames(context, bytes)),
  foreignVersions: await naming(context, objects.foreignVersions, (bytes) => versionNames(context, bytes)),
  pictures: objects.pictures,
});

/** Whoever learns that his work was in vain removes it, also while it is looked at. */
const presentDataHolding = async (
  context: EraseContext,
  keys: readonly string[],
): Promise<readonly string[]> => {
  const { store, definition } = context.table;
  let rest = keys;
  for (let tries = 1; ; tries += 1) {
    try {
      return await dataHolding(context, rest);
    } catch (error) {
      if (!isRoadstreamError(error, "storage") || tries === MAX_TRIES) throw error;
      const there = new Set<string>();
      for await (const { key } of store.list(`${definition.name}/data/`)) there.add(key);
      const present = rest.filter((key) => there.has(key));
      if (present.length === rest.length) throw error;
      rest = present;
    }
  }
};

const naming = async (
  { table }: EraseContext,
  keys: readonly string[],
  names: (bytes: Uint8Array, key: string) => boolean | Promise<boolean>,
): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const key of keys) {
    const bytes = await table.store.get(key);
    if (bytes !== null && (await names(bytes, key))) found.push(key);
  }
  return found;
};

/** As the bound of a column. One that is cut short names nobody, and goes with the data file that it is of. */
const manifestNames = async (
  { table, vehicle }: EraseContext,
  bytes: Uint8Array,
  key: string,
): Promise<boolean> => {
  const texts = new Set(table.definition.columns.filter(({ type }) => type === "string").map(({ id }) => id));
  const isNamed = (bounds: readonly KeyValue<Buffer>[] | null): boolean =>
    bounds?.some((bound) => texts.has(bound.key) && bound.value.toString().split("/").includes(vehicle)) ===
    true;
  const entries = await readManifest(bytes, asManifest(key, bytes.length));
  return entries.some(({ data_file: file }) => isNamed(file.lower_bounds) || isNamed(file.upper_bounds));
};

/** What a list would say of it, as far as its entries are read by that. */
const asManifest = (location: string, size: number): ReturnType<typeof manifestFile> =>
  manifestFile({ location, size, entries: [], specId: 0, sequenceNumber: 0, snapshotId: 0n });

/** Alone, or at the beginning of a series' name. What cannot be unpacked may have it. */
const ledgerNames = ({ zstd, vehicle }: EraseContext, bytes: Uint8Array): boolean => {
  const plain = zstd.decompress(bytes, MAX_LEDGER_FILE_BYTES);
  if (!(plain instanceof Uint8Array)) return true;
  const text = Buffer.from(plain);
  return text.includes(`"${vehicle}"`) || text.includes(`"${vehicle}/`);
};

/** As the last record of a log partition, whose state is JSON in JSON. */
const versionNames = ({ vehicle }: EraseContext, bytes: Uint8Array): boolean =>
  Buffer.from(bytes).includes(`\\"last\\":\\"${vehicle}/`);
