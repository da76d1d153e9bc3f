import {
  NO_CLAIM,
  parseCheckpoint,
  rejection,
  type HeaderClaim,
  type Rejection,
  type StreamName,
} from "@roadstream/shared";
import { partitionOf, type LogSlice } from "@roadstream/shared/event-log";
import type { SeriesRanges } from "../ledger/series-ranges.ts";
import type { Tombstone } from "../ledger/tombstones.ts";
import { pictureKey } from "../pictures/picture-key.ts";
import { takePicture } from "../pictures/take-picture.ts";
import { batchSeries } from "./batch-series.ts";
import { own, readFast, readSlow, type ReadRecord } from "./read-record.ts";
import {
  emptyStage,
  positionText,
  stagedPartition,
  type StagedBatch,
  type StagedPartition,
  type StageOptions,
} from "./staged-batch.ts";

/** One series within a batch: what the table has, and what the batch adds. */
interface OpenSeries {
  readonly known: SeriesRanges | null;
  readonly added: SeriesRanges;
  /** What was erased of it: landed once, and not to land again. */
  readonly erased: Tombstone | null;
  readonly isMisplaced: boolean;
}

/** Judges the records of a stream's topic in log order. Pure: the same input gives the same batch. */
export const stageStream = (stream: StreamName, options: StageOptions): StagedBatch => {
  const staged = emptyStage(stream);
  const series = new Map<number, Map<string, Map<string, OpenSeries>>>();
  for (const slice of options.raw.slices) {
    let vehicles = series.get(slice.partition);
    if (vehicles === undefined) series.set(slice.partition, (vehicles = new Map()));
    new SliceStage(stream, options, staged, slice, vehicles).run();
  }
  return staged;
};

class SliceStage {
  readonly #stream: StreamName;
  readonly #options: StageOptions;
  readonly #staged: StagedBatch;
  readonly #slice: LogSlice;
  readonly #partition: StagedPartition;
  readonly #vehicles: Map<string, Map<string, OpenSeries>>;
  #last: { readonly vehicleId: string; readonly bootId: string; readonly series: OpenSeries } | null = null;

  constructor(
    stream: StreamName,
    options: StageOptions,
    staged: StagedBatch,
    slice: LogSlice,
    vehicles: Map<string, Map<string, OpenSeries>>,
  ) {
    this.#stream = stream;
    this.#options = options;
    this.#staged = staged;
    this.#slice = slice;
    this.#partition = stagedPartition(staged, slice.partition);
    this.#vehicles = vehicles;
  }

  run(): void {
    const { offsets, values } = this.#slice;
    const { lane, quarantined } = this.#options;
    for (let i = 0; i < offsets.length; i += 1) {
      const value = values[i] ?? "";
      const isQuarantined =
        quarantined.size > 0 && quarantined.has(positionText(this.#slice.partition, offsets[i] ?? 0));
      const record =
        (lane === "fast" ? readFast(this.#stream, value) : null) ?? readSlow(this.#stream, value);
      if (record.kind === "refused") this.#refuse(i, record.rejection, record.claim);
      else if (isQuarantined)
        this.#refuse(
          i,
          rejection("quarantined", "the database reads it otherwise"),
          claimOf(this.#stream, record),
        );
      else this.#judge(i, record);
    }
    this.#partition.delta.counts.received += offsets.length;
    this.#partition.next = (offsets.at(-1) ?? 0) + 1;
    this.#partition.lastValue = values.at(-1) ?? "";
  }

  #judge(i: number, record: ReadRecord): void {
    const key = this.#slice.keys[i] ?? null;
    if (key !== record.vehicleId) {
      this.#refuse(i, rejection("wrong_vehicle", `the log's key is ${String(key).slice(0, 64)}`), NO_CLAIM);
      return;
    }
    const series = this.#seriesOf(record);
    if (series.isMisplaced) {
      this.#refuse(
        i,
        rejection("wrong_vehicle", `not this vehicle's partition: ${this.#slice.partition}`),
        NO_CLAIM,
      );
      return;
    }
    const { known, added, erased } = series;
    if (
      known?.landed.has(record.seq) === true ||
      added.landed.has(record.seq) ||
      erased?.landed.has(record.seq) === true
    ) {
      this.#partition.delta.counts.doubled += 1;
      return;
    }
    this.#land(i, record, series);
  }

  #land(i: number, record: ReadRecord, series: OpenSeries): void {
    const { partition } = this.#slice;
    const offset = this.#slice.offsets[i] ?? 0;
    const appendedAt = this.#slice.appendedAt[i] ?? 0;
    let line = record.line;
    if (this.#stream === "traffic_data") {
      const picture = takePicture(line);
      if (picture.kind === "bad") {
        this.#refuse(i, picture.rejection, claimOf(this.#stream, record));
        return;
      }
      const key = pictureKey({ ...record, uuid: this.#options.uuid() });
      this.#staged.pictures.push({ key, bytes: picture.bytes });
      line = `${picture.openLine},"snapshot_key":"${key}","sha256":"${this.#options.sha256(picture.bytes)}"}`;
    }
    if (this.#stream === "agent_events") this.#keepCheckpoint(offset, record);
    this.#staged.rows.add(line, partition, offset, appendedAt);
    series.added.landed.add(record.seq);
    series.added.lastAppendedAt = Math.max(series.added.lastAppendedAt, appendedAt);
    this.#partition.delta.counts.landed += 1;
  }

  /** A publish's records come in a row: the last one's series is looked at first. */
  #seriesOf(record: ReadRecord): OpenSeries {
    const last = this.#last;
    if (last?.bootId === record.bootId && last.vehicleId === record.vehicleId) return last.series;
    const series = this.#openSeries(record);
    this.#last = { vehicleId: record.vehicleId, bootId: record.bootId, series };
    return series;
  }

  #openSeries(record: ReadRecord): OpenSeries {
    let boots = this.#vehicles.get(record.vehicleId);
    if (boots === undefined) this.#vehicles.set(record.vehicleId, (boots = new Map<string, OpenSeries>()));
    const found = boots.get(record.bootId);
    if (found !== undefined) return found;
    const { partition } = this.#slice;
    const key = { vehicleId: own(record.vehicleId), bootId: own(record.bootId), stream: this.#stream };
    const ledger = this.#options.ledgers.get(partition);
    const isMisplaced = partitionOf(record.vehicleId, this.#options.partitionCount) !== partition;
    const made = {
      known: ledger?.find(key) ?? null,
      added: batchSeries(this.#staged, this.#options, partition, key),
      erased: ledger?.erased.find(key) ?? null,
      isMisplaced,
    };
    boots.set(record.bootId, made);
    return made;
  }

  #keepCheckpoint(offset: number, record: ReadRecord): void {
    if (!record.line.includes('"kind":"checkpoint"')) return;
    const fields = JSON.parse(Buffer.from(record.line, "latin1").toString("utf8")) as Readonly<
      Record<string, unknown>
    >;
    const detail = fields["detail"];
    const checkpoint =
      fields["kind"] === "checkpoint" && typeof detail === "string" ? parseCheckpoint(detail) : null;
    if (checkpoint === null) return;
    const { vehicleId, bootId, seq } = record;
    const { partition } = this.#slice;
    this.#staged.checkpoints.push({ partition, vehicleId, bootId, seq, logOffset: offset, checkpoint });
  }

  /** A copy of what was refused, or had landed, before its vehicle was erased: it gets no letter again. */
  #isErased(key: string | null, { vehicleId, bootId, seqFrom, seqTo }: HeaderClaim): boolean {
    const erased = this.#options.ledgers.get(this.#slice.partition)?.erased;
    if (erased === undefined || erased.key === null) return false;
    if (key === null || key !== vehicleId || bootId === null || seqFrom === null || seqTo === null)
      return false;
    const found = erased.find({ vehicleId, bootId, stream: this.#stream });
    return (
      found !== null &&
      (found.rejected.nextAbsent(seqFrom) > seqTo || found.landed.nextAbsent(seqFrom) > seqTo)
    );
  }

  #refuse(i: number, why: Rejection, claim: HeaderClaim): void {
    const key = this.#slice.keys[i] ?? null;
    if (this.#isErased(key, claim)) {
      this.#partition.delta.counts.doubled += 1;
      return;
    }
    this.#partition.delta.counts.rejected += 1;
    const isOwn = key !== null && key === claim.vehicleId;
    // Nobody settles another vehicle's numbers: only a claim under the record's own key counts.
    if (isOwn && claim.bootId !== null && claim.seqFrom !== null && claim.seqTo !== null) {
      const named = { vehicleId: key, bootId: claim.bootId, stream: this.#stream };
      const series = batchSeries(this.#staged, this.#options, this.#slice.partition, named);
      series.rejected.add(claim.seqFrom, claim.seqTo);
      series.lastAppendedAt = Math.max(series.lastAppendedAt, this.#slice.appendedAt[i] ?? 0);
    }
    this.#staged.refusals.push({
      partition: this.#slice.partition,
      offset: this.#slice.offsets[i] ?? 0,
      key,
      value: this.#slice.values[i] ?? "",
      rejection: why,
      claim: isOwn ? claim : { ...NO_CLAIM, stream: this.#stream },
    });
  }
}

const claimOf = (stream: StreamName, record: ReadRecord): HeaderClaim => ({
  vehicleId: record.vehicleId,
  bootId: record.bootId,
  stream,
  seqFrom: record.seq,
  seqTo: record.seq,
});
