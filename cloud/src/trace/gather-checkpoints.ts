import { parseCheckpoint, type Checkpoint, type LogTopics, type RecordId } from "@roadstream/shared";
import type { CurrentHeads } from "../lake/current-heads.ts";
import type { CheckpointMark } from "../ledger/ledger-delta.ts";
import type { LiveFile } from "../ports.ts";
import { FleetStatements } from "../verify/fleet-statements.ts";
import type { LakeRows } from "../verify/ports.ts";
import { hasPassedEnds } from "../verify/topic-ends.ts";
import type { CheckpointEvidence } from "./evidence.ts";

export interface CheckpointSources {
  /** Of the vehicle, and of others in its partition. */
  readonly marks: Iterable<CheckpointMark>;
  readonly rows: Pick<LakeRows, "checkpoints">;
  /** The data files of agent_events. */
  readonly files: readonly LiveFile[];
  readonly heads: CurrentHeads;
  readonly topics: LogTopics;
}

const reasonIn = (checkpoint: Checkpoint, id: RecordId): string | null => {
  const said = checkpoint.boots.find((boot) => boot.boot_id === id.bootId)?.streams[id.stream];
  return said?.dropped.find(({ from, to }) => from <= id.seq && id.seq <= to)?.reason ?? null;
};

/**
 * What the car's checkpoints say of a record, all together and as `verify` joins them: the newest no longer repeats what
 * was said of earlier boots. Null when none speaks of its series.
 */
export const gatherCheckpoints = async (
  from: CheckpointSources,
  id: RecordId,
): Promise<CheckpointEvidence | null> => {
  const { vehicleId, bootId, stream } = id;
  const fleet = new FleetStatements();
  let droppedBecause: string | null = null;
  for (const mark of from.marks) {
    if (mark.vehicleId !== vehicleId) continue;
    fleet.addMark(mark);
    droppedBecause ??= reasonIn(mark.checkpoint, id);
  }
  for await (const some of from.rows.checkpoints(from.files, vehicleId)) {
    for (const row of some) {
      fleet.addRow(row);
      const checkpoint = parseCheckpoint(row.detail);
      if (checkpoint !== null) droppedBecause ??= reasonIn(checkpoint, id);
    }
  }
  const outbox = fleet.outboxOf(vehicleId, bootId);
  const boot = outbox?.boots.get(bootId);
  const statement = boot?.streams.get(stream);
  if (outbox === null || boot === undefined || statement === undefined) return null;
  return {
    statement,
    closed: boot.closed,
    droppedBecause,
    isReplaced: outbox !== fleet.newest(vehicleId),
    isPassed: outbox.ends !== null && hasPassedEnds(outbox.ends, vehicleId, from.heads, from.topics),
  };
};
