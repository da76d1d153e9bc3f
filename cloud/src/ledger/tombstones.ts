import { parseRecordId, type SeqRanges, type Sha256 } from "@roadstream/shared";
import { seriesText, type SeriesKey } from "./series-ranges.ts";

/** What is left of one erased series: numbers that had a row or a letter, and whose bytes are gone for good. */
export interface Tombstone {
  /** SHA-256 over stream, vehicle and boot: see {@link graveOf}. */
  readonly grave: string;
  readonly stream: string;
  readonly landed: SeqRanges;
  readonly rejected: SeqRanges;
}

/**
 * Vehicle ids can be guessed, so that a hash of one alone would hide nothing. A boot id has 74 random bits and is erased
 * together with the vehicle: who has no record of that boot cannot try names against the hash, and two boots of one
 * vehicle cannot be told to be so. Who sends such a record again brings what is needed to recognise it.
 */
export const graveOf = (key: SeriesKey, sha256: Sha256): string => sha256(seriesText(key));

/** In the place of a record's identity, by which a table recognises its log, when the record was erased. */
const CONCEALED = "erased:";

export const concealed = (identity: string, sha256: Sha256): string => `${CONCEALED}${sha256(identity)}`;

/** Whether the identity of a record in the log is the one that the table remembers, by name or concealed. */
export const isRemembered = (remembered: string, found: string, sha256: Sha256): boolean =>
  remembered === found || (remembered.startsWith(CONCEALED) && remembered === concealed(found, sha256));

/** The erased series of one log partition of one table, and the ids of erased letters that claimed no series. */
export class Tombstones {
  static readonly NONE = new Tombstones({ key: null, tombstones: [], letterIds: [], sha256: () => "" });
  /** The file that holds them; null when there are none. */
  readonly key: string | null;
  readonly #byGrave = new Map<string, Tombstone>();
  readonly #letterIds: ReadonlySet<string>;
  readonly #sha256: Sha256;

  constructor(options: {
    readonly key: string | null;
    readonly tombstones: Iterable<Tombstone>;
    readonly letterIds: Iterable<string>;
    readonly sha256: Sha256;
  }) {
    this.key = options.key;
    this.#sha256 = options.sha256;
    this.#letterIds = new Set(options.letterIds);
    for (const one of options.tombstones) this.#byGrave.set(one.grave, one);
  }

  find(key: SeriesKey): Tombstone | null {
    return this.#byGrave.size === 0 ? null : (this.#byGrave.get(graveOf(key, this.#sha256)) ?? null);
  }

  hasLetter(id: string): boolean {
    return this.#letterIds.has(id);
  }

  /** What the table may remember of its last record: no name of one whose series was erased. */
  remembered(identity: string): string {
    const id = parseRecordId(identity);
    return id === null || this.find(id) === null ? identity : concealed(identity, this.#sha256);
  }

  all(): Iterable<Tombstone> {
    return this.#byGrave.values();
  }

  letterIds(): Iterable<string> {
    return this.#letterIds;
  }
}

/** Two tombstones of one series, of an earlier erasure and a later one. */
export const joinTombstones = (a: Tombstone, b: Tombstone): Tombstone => {
  const landed = a.landed.clone();
  const rejected = a.rejected.clone();
  landed.addAll(b.landed);
  rejected.addAll(b.rejected);
  return { ...a, landed, rejected: rejected.minus(landed) };
};
