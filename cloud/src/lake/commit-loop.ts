import {
  isRoadstreamError,
  millis,
  retryIntervals,
  RoadstreamError,
  type Clock,
  type Random,
  type RetrySchedule,
} from "@roadstream/shared";
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
  | { readonly kind: "conflict"; readonly stored: StoredTable; readonly reason: string }
  | { readonly kind: "refused"; readonly reason: string; readonly hint: string };

export interface Change {
  /** The version that the change was made for; tried first. */
  readonly base: StoredTable;
  /** UUID that the proposed metadata carries (see {@link holdsCommit}). */
  readonly commitId: string;
  /** Called once per version; writes what the metadata names before it resolves. */
  propose(on: StoredTable): Promise<Proposal>;
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
 * Giving up (a conflict, or an error) never tells that the change did not happen: the table does, when read again.
 */
export const commitChange = async (options: CommitLoopOptions, change: Change): Promise<LoopOutcome> => {
  const waits = retryIntervals(REBASE_SCHEDULE, options.random);
  let on = change.base;
  for (let attempts = 1; attempts <= MAX_REBASES; attempts += 1) {
    const proposal = await proposeOn(change, on, options.catalog);
    if (proposal.kind === "refused") return proposal;
    if (proposal.kind === "conflict") return { ...proposal, stored: on };
    if (proposal.kind === "ready") {
      const swap = await swapUntilKnown(options, on, printTableMetadata(proposal.metadata));
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
  return { kind: "conflict", stored: on, reason: "contended" };
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
