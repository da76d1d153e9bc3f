import { isRoadstreamError } from "@roadstream/shared";
import { loadLedger } from "../ledger/load-ledger.ts";
import { loadTombstones } from "../ledger/tombstone-file.ts";
import type { LakeTable, TableHead } from "../ports.ts";
import type { HeldPartition } from "./held-partition.ts";
import type { IngestContext } from "./ingest-context.ts";
import { resumeOffset, type ResumeOptions } from "./resume.ts";

/** What an old head may bring about: the log has let go of what others committed since, or an erasure of its ledger. */
const OF_AN_OLD_HEAD = ["log_mismatch", "table_invalid"] as const;

/** A busy table moves at each look, whatever is wrong with it: what goes wrong so often in a row is not the head's age. */
const MAX_LOOKS = 10;

/** What goes wrong at a head is judged again when the head has moved meanwhile. */
export const atHead = async (
  table: LakeTable,
  work: (head: TableHead) => Promise<void>,
  known: TableHead | null = null,
): Promise<void> => {
  let head = known ?? (await table.head());
  for (let looks = 1; ; looks += 1) {
    try {
      await work(head);
      return;
    } catch (error) {
      const newer = await table.head();
      const mayBeOld = looks < MAX_LOOKS && OF_AN_OLD_HEAD.some((code) => isRoadstreamError(error, code));
      if (!mayBeOld || newer.version === head.version) throw error;
      head = newer;
    }
  }
};

/** Makes partitions stand where the table says, with what it knows of them. */
export const placePartitions = async (
  context: Pick<IngestContext, "store" | "zstd" | "sha256">,
  resume: ResumeOptions,
  held: readonly HeldPartition[],
): Promise<void> => {
  for (const one of held) {
    const next = await resumeOffset(resume, one.partition);
    const state = resume.head.ingest?.partitions[one.partition] ?? null;
    const key = state?.ledger ?? null;
    const erased = state?.erased ?? null;
    if (one.ledger.key !== key || one.ledger.erased.key !== erased) {
      const place = { table: resume.table, partition: one.partition };
      const tombstones = await loadTombstones(context, place, erased);
      one.ledger = await loadLedger(context.store, context.zstd, place, key, tombstones);
    }
    one.state = state;
    one.seekTo = next;
  }
};
