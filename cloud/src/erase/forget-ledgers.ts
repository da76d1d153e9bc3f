import { isStream, parseRecordId, type TableName } from "@roadstream/shared";
import { LedgerDelta } from "../ledger/ledger-delta.ts";
import { loadLedger, loadRetired, type LedgerPlace } from "../ledger/load-ledger.ts";
import type { SeriesRanges } from "../ledger/series-ranges.ts";
import { loadTombstones, writeTombstones, type TombstoneAccess } from "../ledger/tombstone-file.ts";
import { concealed, graveOf, joinTombstones, Tombstones, type Tombstone } from "../ledger/tombstones.ts";
import { writeLedger } from "../ledger/write-ledger.ts";
import type { PartitionState, TableHead } from "../ports.ts";
import type { UnclaimedLetter } from "./ports.ts";

export interface ForgetOptions {
  readonly access: TombstoneAccess;
  readonly table: TableName;
  readonly head: TableHead;
  readonly vehicle: string;
  /** Letters that go and belong to no series of the vehicle. */
  readonly letters: readonly UnclaimedLetter[];
  readonly uuid: () => string;
  readonly commitId: string;
  /** `look` writes no file: its states are good for counting only. */
  readonly mode: "look" | "write";
}

export interface Forgotten {
  /** The log partitions that knew the vehicle, as they are to become. */
  readonly partitions: Readonly<Record<number, PartitionState>>;
  readonly series: number;
  /** Keys of the files that were put. */
  readonly puts: readonly string[];
}

/**
 * The ledgers of a table without the vehicle: whole files, since each older one names it; and what they knew of its
 * numbers as tombstones. Nothing of it counts before a commit names it.
 */
export const forgetInLedgers = async (options: ForgetOptions): Promise<Forgotten> => {
  const partitions: Record<number, PartitionState> = {};
  const puts: string[] = [];
  let series = 0;
  for (const [text, state] of Object.entries(options.head.ingest?.partitions ?? {})) {
    const partition = Number(text);
    const forgotten = await forgetIn(options, { table: options.table, partition }, state);
    if (forgotten === null) continue;
    partitions[partition] = forgotten.state;
    series += forgotten.series;
    puts.push(...forgotten.puts);
  }
  return { partitions, series, puts };
};

/** Null when the partition does not know the vehicle. */
const forgetIn = async (
  options: ForgetOptions,
  place: LedgerPlace,
  state: PartitionState,
): Promise<(Omit<Forgotten, "partitions"> & { readonly state: PartitionState }) | null> => {
  const { access, vehicle, commitId } = options;
  const { store, zstd } = access;
  const before = await loadTombstones(access, place, state.erased ?? null);
  const ledger = await loadLedger(store, zstd, place, state.ledger, before);
  const rest = ledger.clone();
  // An archive holds many vehicles' series: all of it comes back, and what is silent goes to a new one.
  const archived = new LedgerDelta();
  for (const one of await loadRetired(store, zstd, ledger, (text) => text.includes(`/${vehicle}/`)))
    archived.recall(one);
  rest.apply(archived);
  const taken = rest.forget(vehicle);
  const letters = options.letters.filter(({ partition }) => partition === place.partition);
  const last = withoutName(state.last, options);
  const isKnown = taken.series.length + taken.checkpoints + letters.length > 0;
  if (!isKnown && last === state.last) return null;
  const changed = { ...state, last, commit: commitId };
  if (!isKnown || options.mode === "look") return { state: changed, series: taken.series.length, puts: [] };
  const write = { ...access, ...place, uuid: options.uuid, commit: commitId };
  const { key, puts } = await writeLedger(write, rest, new LedgerDelta());
  const after = buried(before, taken.series, letters, access);
  const erased = await writeTombstones(access, place, options.uuid(), after);
  return {
    state: { ...changed, ledger: key, erased },
    series: taken.series.length,
    puts: [...puts, erased],
  };
};

const withoutName = (last: string | null, { vehicle, access }: ForgetOptions): string | null =>
  last !== null && parseRecordId(last)?.vehicleId === vehicle ? concealed(last, access.sha256) : last;

const buried = (
  before: Tombstones,
  series: readonly SeriesRanges[],
  letters: readonly UnclaimedLetter[],
  { sha256 }: TombstoneAccess,
): Tombstones => {
  const all = new Map<string, Tombstone>();
  for (const one of before.all()) all.set(one.grave, one);
  for (const one of series) {
    const grave = graveOf(one, sha256);
    // In dead_letters a stream is any text that a refused header had.
    const stream = isStream(one.stream) ? one.stream : "";
    const tombstone = { grave, stream, landed: one.landed, rejected: one.rejected };
    const earlier = all.get(grave);
    all.set(grave, earlier === undefined ? tombstone : joinTombstones(earlier, tombstone));
  }
  const letterIds = new Set([...before.letterIds(), ...letters.map(({ id }) => id)]);
  return new Tombstones({ key: null, tombstones: all.values(), letterIds, sha256 });
};
