import { RoadstreamError, SeqRanges, type Sha256, type TableName, type Zstd } from "@roadstream/shared";
import { z } from "zod";
import { putNewObject } from "../object-store/put-new-object.ts";
import type { ObjectStore } from "../ports.ts";
import { MAX_LEDGER_FILE_BYTES } from "./ledger-limits.ts";
import type { LedgerPlace } from "./load-ledger.ts";
import { Tombstones } from "./tombstones.ts";

/*
 * `<lake>/ledger/<table>/<partition>/erased-<uuid>.json.zst`: one JSON object, zstd, always the whole. A file of its own,
 * named by the table beside the ledger, so that a ledger which is rebuilt from rows still knows what was erased.
 */
const VERSION = 1;
const range = z.tuple([z.int().min(1), z.int().min(1)]);
const schema = z.object({
  roadstream_tombstones: z.literal(VERSION),
  table: z.string(),
  partition: z.int().min(0),
  series: z.array(
    z.object({ grave: z.string(), stream: z.string(), landed: z.array(range), rejected: z.array(range) }),
  ),
  dead_letter_ids: z.array(z.string()),
});

/** Where tombstones lie, and what reads them. */
export interface TombstoneAccess {
  readonly store: ObjectStore;
  readonly zstd: Zstd;
  readonly sha256: Sha256;
}

const invalid = (key: string, why: string, cause?: unknown): RoadstreamError =>
  new RoadstreamError("table_invalid", `the tombstones of erased vehicles, ${key}, ${why}`, {
    ...(cause === undefined ? {} : { cause }),
    hint: "Put the object back from a copy of the lake. Without it, roadstream cloud rebuild TABLE goes on, but records of erased vehicles that the log still holds would land again: erase them again then.",
  });

/** Puts a file that is nothing before a commit names it; returns its key. */
export const writeTombstones = async (
  access: Pick<TombstoneAccess, "store" | "zstd">,
  place: LedgerPlace,
  uuid: string,
  tombstones: Tombstones,
): Promise<string> => {
  const key = `ledger/${place.table}/${place.partition}/erased-${uuid}.json.zst`;
  const stored: z.input<typeof schema> = {
    roadstream_tombstones: VERSION,
    table: place.table,
    partition: place.partition,
    series: [...tombstones.all()].map(({ grave, stream, landed, rejected }) => ({
      grave,
      stream,
      landed: [...landed].map(([from, to]) => [from, to]),
      rejected: [...rejected].map(([from, to]) => [from, to]),
    })),
    dead_letter_ids: [...tombstones.letterIds()],
  };
  const bytes = access.zstd.compress(new TextEncoder().encode(JSON.stringify(stored)));
  await putNewObject(access.store, key, bytes);
  return key;
};

/** None for no key. Throws `table_invalid` when the file is gone or not ours. */
export const loadTombstones = async (
  { store, zstd, sha256 }: TombstoneAccess,
  place: LedgerPlace,
  key: string | null,
): Promise<Tombstones> => {
  if (key === null) return Tombstones.NONE;
  const bytes = await store.get(key);
  if (bytes === null) throw invalid(key, "are gone");
  const plain = zstd.decompress(bytes, MAX_LEDGER_FILE_BYTES);
  if (plain === null || plain === "too_large") throw invalid(key, "cannot be unpacked");
  let stored: z.output<typeof schema>;
  try {
    stored = schema.parse(JSON.parse(new TextDecoder().decode(plain)));
  } catch (cause) {
    throw invalid(key, "are not ours to read", cause);
  }
  if (stored.table !== (place.table satisfies TableName) || stored.partition !== place.partition)
    throw invalid(key, "are of another place");
  return new Tombstones({
    key,
    tombstones: stored.series.map(({ grave, stream, landed, rejected }) => ({
      grave,
      stream,
      landed: SeqRanges.of(landed),
      rejected: SeqRanges.of(rejected),
    })),
    letterIds: stored.dead_letter_ids,
    sha256,
  });
};
