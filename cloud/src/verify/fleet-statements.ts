import { parseCheckpoint, type Checkpoint } from "@roadstream/shared";
import type { CheckpointMark, TopicEnds } from "../ledger/ledger-delta.ts";
import type { CheckpointRow } from "./ports.ts";
import { joinStatements, seriesStatement, type SeriesStatement } from "./series-statement.ts";

interface BootStatement {
  closed: boolean;
  readonly streams: Map<string, SeriesStatement>;
}

/** One outbox database of a vehicle, as its checkpoints describe it. */
export class OutboxStatements {
  readonly vehicleId: string;
  readonly outboxId: string;
  /** How far the log reached when its newest checkpoint had landed; null when no ledger tells. */
  ends: TopicEnds | null = null;
  /**
   * When the log took a checkpoint of it last, and the time of that one; 0 when no row tells. The car's own clock may
   * go back between two boots, and a simulated trip's does.
   */
  checkpointAt = 0;
  appendedAt = 0;
  readonly boots = new Map<string, BootStatement>();

  constructor(vehicleId: string, outboxId: string) {
    this.vehicleId = vehicleId;
    this.outboxId = outboxId;
  }

  add(checkpoint: Checkpoint): void {
    for (const { boot_id: bootId, closed, streams } of checkpoint.boots) {
      const boot = this.boots.get(bootId) ?? { closed: false, streams: new Map<string, SeriesStatement>() };
      this.boots.set(bootId, boot);
      boot.closed ||= closed;
      for (const [stream, said] of Object.entries(streams)) {
        const known = boot.streams.get(stream);
        const statement = seriesStatement(said);
        boot.streams.set(stream, known === undefined ? statement : joinStatements(known, statement));
      }
    }
  }
}

/**
 * All that the cars said of themselves. The ledger's marks bring the log's ends; the rows bring what newer checkpoints
 * no longer repeat: boots that are settled and forgotten, and boots that stood in another part of a checkpoint.
 */
export class FleetStatements {
  readonly #vehicles = new Map<string, Map<string, OutboxStatements>>();

  addMark(mark: CheckpointMark): void {
    const outbox = this.#outbox(mark.vehicleId, mark.checkpoint.outbox_id);
    outbox.add(mark.checkpoint);
    outbox.ends = mark.ends;
  }

  addRow(row: CheckpointRow): void {
    const checkpoint = parseCheckpoint(row.detail);
    if (checkpoint === null) return;
    const outbox = this.#outbox(row.vehicleId, checkpoint.outbox_id);
    outbox.add(checkpoint);
    if (row.appendedAt > outbox.appendedAt) outbox.checkpointAt = row.eventAt;
    if (row.appendedAt === outbox.appendedAt)
      outbox.checkpointAt = Math.max(outbox.checkpointAt, row.eventAt);
    outbox.appendedAt = Math.max(outbox.appendedAt, row.appendedAt);
  }

  vehicles(): Iterable<string> {
    return this.#vehicles.keys();
  }

  /** The outbox that the vehicle used last; the others were replaced. */
  newest(vehicleId: string): OutboxStatements | null {
    let newest: OutboxStatements | null = null;
    for (const outbox of this.#vehicles.get(vehicleId)?.values() ?? []) {
      if (newest === null || outbox.appendedAt > newest.appendedAt) newest = outbox;
    }
    return newest;
  }

  outboxes(vehicleId: string): Iterable<OutboxStatements> {
    return this.#vehicles.get(vehicleId)?.values() ?? [];
  }

  /** The outbox that spoke of a boot; null when none did. */
  outboxOf(vehicleId: string, bootId: string): OutboxStatements | null {
    for (const outbox of this.outboxes(vehicleId)) if (outbox.boots.has(bootId)) return outbox;
    return null;
  }

  #outbox(vehicleId: string, outboxId: string): OutboxStatements {
    const outboxes = this.#vehicles.get(vehicleId) ?? new Map<string, OutboxStatements>();
    this.#vehicles.set(vehicleId, outboxes);
    const outbox = outboxes.get(outboxId) ?? new OutboxStatements(vehicleId, outboxId);
    outboxes.set(outboxId, outbox);
    return outbox;
  }
}
