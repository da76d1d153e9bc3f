import {
  isRoadstreamError,
  millis,
  retryIntervals,
  RoadstreamError,
  type Clock,
  type Random,
  type RetrySchedule,
} from "@roadstream/shared";
import { passedByAnother } from "./passed-commits.ts";
import type { StoredTable, TableCatalog } from "./stored-table.ts";
import { parseTableMetadata, printTableMetadata, type TableMetadata } from "./table-metadata.ts";
import { ingestState, PROPERTY, SUMMARY } from "./table-properties.ts";

/** What a change comes to on one version of the table. */
export type Proposal =
  | { readonly kind: "ready"; readonly metadata: TableMetadata }
  | { readonly kind: "conflict"; readonly reason: string }
  | { readonly kind: "refused"; readonly reason: string; readonly hint: string };

export type LoopOutcome =
  | { readonly kind: "committed"; readonly stored: StoredTable; readonly attempts: number }
  | {
      readonly kind: "conflict";
      readonly stored: StoredTable;
      readonly reason: string;
      /** Surely not in the table, nor can it still come. False: nobody can tell. */
      readonly isVoid: boolean;
    }
  | { readonly kind: "refused"; readonly reason: string; readonly hint: string };

export interface Change {
  /** The version that the change was made for; tried first. */
  readonly base: StoredTable;
  /** UUID that the proposed metadata carries (see {@link holdsCommit}). */
  readonly commitId: string;
  /** Called once per version; writes what the metadata names before it resolves. */
  propose(on: StoredTable): Promise<Proposal>;
  /**
   * Keys of what was put for this change alone, proposals' manifests included: removed where it surely never lands. Only
   * a change that makes a snapshot has them, for of no other is that ever sure.
   */
  readonly puts?: readonly string[];
}

/** How often an unanswered swap is asked again before the caller must find out later. */
const MAX_UNKNOWN = 12;
const UNKNOWN_SCHEDULE: RetrySchedule = { firstMs: 50, factor: 2, maxMs: 5_000, jitter: 0.5 };
/** How often a change moves to a newer head; beyond it the batch is dropped, which is always safe. */
const MAX_REBASES = 30;
const REBASE_SCHEDULE: RetrySchedule = { firstMs: 20, factor: 1.5, maxMs: 2_000, jitter: 1 };

/** Whether the commit is at this head or behind it, as far as partitions and unexpired snapshots tell. */
const holdsCommit = (metadata: TableMetadata, commitId: string): boolean =>
  metadata.properties[PROPERTY.commit] === commitId ||
  metadata.snapshots.some((snapshot) => snapshot.summary[SUMMARY.commit] === commitId) ||
  Object.values(ingestState(metadata.properties)?.partitions ?? {}).some(({ commit }) => commit === commitId);

/**
 * Whether a change that was asked for on top of `base` is surely not in the history of a later head that does not hold
 * its commit. The head has passed the version, so it is too late to come. Had it come, the snapshot with the number after
 * the base's would be its own; a head from which that snapshot was expired does not tell, unless an erasure did it.
 */
const isWithout = (head: StoredTable, base: StoredTable, commitId: string): boolean => {
  const { metadata } = head;
  const sequence = base.metadata["last-sequence-number"] + 1;
  return (
    head.pointer.version > base.pointer.version &&
    (metadata["last-sequence-number"] < sequence ||
      metadata.snapshots.some((snapshot) => snapshot["sequence-number"] === sequence) ||
      passedByAnother(metadata.properties, sequence, commitId))
  );
};

export const loadTable = async (catalog: TableCatalog): Promise<StoredTable | null> => {
  const pointer = await catalog.load();
  return pointer === null ? null : { pointer, metadata: parseTableMetadata(pointer.bytes, pointer.location) };
};

export interface CommitLoopOptions {
  readonly catalog: TableCatalog;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Carries a change to the table: propose on a head, swap, and on losing look whether the commit is there all the same,
 * else propose on the newer head. An unknown outcome is asked again with the same bytes until somebody has the version.
 * Giving up (a conflict, or an error) does not tell that the change did not happen, unless it says `isVoid`: the table
 * does, when read again.
 */
export const commitChange = async (options: CommitLoopOptions, change: Change): Promise<LoopOutcome> => {
  const waits = retryIntervals(REBASE_SCHEDULE, options.random);
  let on = change.base;
  const asked: { readonly base: StoredTable; readonly bytes: Uint8Array }[] = [];
  const conflict = async (reason: string): Promise<LoopOutcome> => {
    const isVoid =
      change.puts !== undefined && asked.every(({ base }) => isWithout(on, base, change.commitId));
    if (isVoid) for (const { base, bytes } of asked) await options.catalog.retract(base.pointer, bytes);
    return { kind: "conflict", stored: on, reason, isVoid };
  };
  for (let attempts = 1; attempts <= MAX_REBASES; attempts += 1) {
    const proposal = await proposeOn(change, on, options.catalog);
    if (proposal.kind === "refused") return proposal;
    if (proposal.kind === "conflict") return conflict(proposal.reason);
    if (proposal.kind === "ready") {
      const bytes = printTableMetadata(proposal.metadata);
      asked.push({ base: on, bytes });
      const swap = await swapUntilKnown(options, on, bytes);
      if (swap.kind === "swapped") {
        const stored = { pointer: swap.pointer, metadata: proposal.metadata };
        return { kind: "committed", stored, attempts };
      }
    }
    const head = await loadHead(options.catalog, on);
    if (holdsCommit(head.metadata, change.commitId)) return { kind: "committed", stored: head, attempts };
    on = head;
    await options.clock.sleep(millis(waits.next().value));
  }
  return conflict("contended");
};

const loadHead = async (catalog: TableCatalog, after: StoredTable): Promise<StoredTable> => {
  const head = await loadTable(catalog);
  if (head === null)
    throw new RoadstreamError("table_invalid", `${after.pointer.location}: the table is gone`);
  return head;
};

/** `overtaken`: what an old version names was already removed, since the table has moved on. */
const proposeOn = async (
  change: Change,
  on: StoredTable,
  catalog: TableCatalog,
): Promise<Proposal | { readonly kind: "overtaken" }> => {
  try {
    return await change.propose(on);
  } catch (error) {
    if (!isRoadstreamError(error, "table_invalid")) throw error;
    const head = await loadHead(catalog, on);
    if (head.pointer.version === on.pointer.version) throw error;
    return { kind: "overtaken" };
  }
};

const swapUntilKnown = async (options: CommitLoopOptions, on: StoredTable, bytes: Uint8Array) => {
  const waits = retryIntervals(UNKNOWN_SCHEDULE, options.random);
  for (let i = 0; i < MAX_UNKNOWN; i += 1) {
    const outcome = await options.catalog.swap(on.pointer, bytes);
    if (outcome.kind !== "unknown") return outcome;
    await options.clock.sleep(waits.next().value);
  }
  throw new RoadstreamError("unavailable", `the commit after ${on.pointer.location} is still unanswered`);
};
