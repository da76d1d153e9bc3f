import type {
  ClockSource,
  OwnColumns,
  SeqRange,
  StreamName,
  UnixMillis,
  UptimeMillis,
} from "@roadstream/shared";

/** Something happened at a moment within. */
export interface TimeSpan {
  readonly from: UptimeMillis;
  readonly to: UptimeMillis;
}

/** What a source measured once, before the outbox gives it its identity. */
export interface SampledReadingOf<S extends StreamName> {
  readonly stream: S;
  /** By the source's own clock (a GNSS receiver's, a simulation's); null where the source knows none to be trusted. */
  readonly capturedAt: UnixMillis | null;
  /** Where `capturedAt` comes from; `unsynced` when it is null. */
  readonly clock: ClockSource;
  readonly clockErrorMs: number | null;
  /** The machine's monotonic clock when the bytes came in. */
  readonly uptime: UptimeMillis;
  /**
   * Where a speed was asked for: when, and when the answer was read, which may have been long after it came. Not sent; in
   * the car's time, which may be simulated.
   */
  readonly speedBetween?: TimeSpan;
  /** The stream's own columns by their wire names, all of them. */
  readonly columns: OwnColumns<S>;
}

export type SampledReading = { [S in StreamName]: SampledReadingOf<S> }[StreamName];

/** What a source tells its surroundings. */
export interface SourceEvents {
  /**
   * Resolves when the outbox has room for more; a source awaits it before it reads on, so that a slow outbox slows a
   * fast replay. A few readings may then still be on their way to the disk, so that one fsync serves them all.
   */
  reading(reading: SampledReading): Promise<void>;
  /** For a reading that also exists elsewhere (a file): resolves when it is on the disk, or when it was not taken. */
  keep(reading: SampledReading): Promise<"kept" | "refused">;
  /** The device went away or fell silent; the source goes on trying by itself. `reason` is a stable snake_case name. */
  lost(source: string, reason: string): void;
  /** The device delivers again. */
  back(source: string): void;
}

/** A stream of readings from one device. A lost device is an expected outcome, told to `lost`, not thrown. */
export interface Source {
  /** `gps`, `obd`, `camera`, ... */
  readonly name: string;
  /** Runs until the source has ended for good (a replayed file) or the signal fires. */
  run(sink: SourceEvents, signal: AbortSignal): Promise<"ended">;
}

/** A reading as the outbox keeps it: checked against the contract, as text, without what a payload's header says. */
export interface EncodedReading {
  readonly stream: StreamName;
  /** The record's JSON text behind `{"seq":N,`. */
  readonly tail: string;
}

/** A contiguous run of one series. */
export interface SeqRun {
  readonly bootId: string;
  readonly stream: StreamName;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** Records to send: `records[i]` is the JSON text of seq `firstSeq + i`. */
export interface HeldRun extends SeqRun {
  readonly records: readonly string[];
}

/** One series as the outbox knows it at one moment. */
export interface SeriesView {
  readonly bootId: string;
  readonly machineBoot: string;
  readonly stream: StreamName;
  /** Numbers 1..given were given. */
  readonly given: number;
  /** The run of held numbers that begins at the first one at or after `seq`, or null. */
  heldRunFrom(seq: number): SeqRange | null;
}

export interface OutboxUsage {
  readonly records: number;
  readonly bytes: number;
  readonly pictureBytes: number;
}

/** Why a reading was not accepted; it got no number. */
export type AcceptOutcome = { readonly seq: number } | { readonly refused: "storage" | "closed" };

/**
 * The car's memory of everything it has measured and not yet seen acknowledged. An accepted reading has its number and
 * is fsynced; it leaves by acknowledgement, or as a gap that is declared in agent_events in the same transaction.
 */
export interface Outbox extends AsyncDisposable {
  /** Names this database; a new one has a new name. */
  readonly id: string;
  /** Names this opening of it. */
  readonly bootId: string;
  /** Resolves when the reading is durable. Calls of one turn share one transaction. */
  accept(reading: EncodedReading): Promise<AcceptOutcome>;
  /** Accepts a checkpoint of everything known, in the transaction that it describes. `last`: no number is given after it. */
  checkpoint(kind: "periodic" | "last"): Promise<AcceptOutcome>;
  /** All series with at least one number given, oldest boot first. */
  series(): readonly SeriesView[];
  /** Rejects `storage` where they are stored and cannot be read. Records of a run from its first seq on: as many as fit `maxBytes` of text, at least one; fewer where some are gone. */
  read(run: SeqRun, maxBytes: number): Promise<HeldRun | null>;
  /** Of a run whose first number cannot be read, what shares that fate: the rest is stored elsewhere. */
  unreadable(run: SeqRun): SeqRun;
  /** Forgets a run that is safe with the peer. Durable with the next transaction, at the latest after a moment. */
  acknowledge(run: SeqRun): Promise<void>;
  /** Sets a run aside as a declared gap and keeps its bytes for people. */
  quarantine(run: HeldRun): Promise<void>;
  usage(): OutboxUsage;
  /** Calls back after each transaction that accepted something, with the streams concerned. */
  onAccepted(listener: (streams: ReadonlySet<StreamName>) => void): void;
}

/** A boot of the agent, as stored. */
export interface StoredBoot {
  readonly bootId: string;
  readonly machineBoot: string;
  readonly closed: boolean;
  /** The checkpoint that said this boot closed and fully settled; acknowledged, it lets the boot be forgotten. */
  readonly saidBy: { readonly bootId: string; readonly seq: number } | null;
}

export interface StoredSeries {
  readonly bootId: string;
  readonly stream: StreamName;
  readonly given: number;
  readonly acknowledged: readonly SeqRange[];
  readonly dropped: readonly { readonly from: number; readonly to: number; readonly reason: string }[];
}

/** Consecutive records of one series, stored and removed together. */
export interface SegmentInfo extends SeqRun {
  /** Length of the text. */
  readonly size: number;
  /** Wall time of acceptance where it was confirmed then, else null: once its machine boot is over, it never grows old. */
  readonly acceptedAt: UnixMillis | null;
  /** Monotonic time of acceptance, of its boot's machine boot; null where an older agent wrote it, or into its full file. */
  readonly acceptedUptime: UptimeMillis | null;
}

export interface Segment extends SegmentInfo {
  /** One record per line; line i is seq `firstSeq + i`. */
  readonly text: string;
}

export interface StoreChanges {
  readonly boots: readonly StoredBoot[];
  readonly series: readonly StoredSeries[];
  /** With their series. */
  readonly forgottenBoots: readonly string[];
  readonly added: readonly Segment[];
  readonly removed: readonly SegmentInfo[];
  readonly quarantined: readonly HeldRun[];
}

export interface StoredState {
  readonly boots: readonly StoredBoot[];
  readonly series: readonly StoredSeries[];
  /** Text held per stream. */
  readonly sizes: ReadonlyMap<StreamName, number>;
  /** The store was damaged once and what could be read of it was kept: segments of held numbers may be missing. */
  readonly isPartial: boolean;
}

/** Where the outbox keeps its segments and its book-keeping. Synchronous: one transaction is one step. */
export interface SegmentStore extends Disposable {
  readonly outboxId: string;
  load(): StoredState;
  /** All of it, durable, or none of it: then throws `storage`. */
  commit(changes: StoreChanges): void;
  /** Segments of a series that touch [fromSeq, toSeq], in order. */
  overlapping(run: SeqRun): readonly SegmentInfo[];
  /** The text of the first segment of the series that holds `seq` or a later number, or null. */
  segmentAt(series: { bootId: string; stream: StreamName; seq: number }): Segment | null;
  /** The longest-stored segments of these streams, oldest first. */
  oldest(streams: readonly StreamName[], limit: number): readonly SegmentInfo[];
  /** The first segments of a series, in order. */
  front(series: { bootId: string; stream: StreamName }, limit: number): readonly SegmentInfo[];
  /**
   * Segments of these streams from other machine boots, by their `acceptedAt` within [from, to], oldest first. Older
   * agents stored times that nothing had confirmed: what has no `acceptedUptime` is not among them.
   */
  acceptedBetween(
    streams: readonly StreamName[],
    within: { readonly from: UnixMillis; readonly to: UnixMillis; readonly besides: string },
    limit: number,
  ): readonly SegmentInfo[];
}

/** How a connection to the broker ended. */
export type UplinkEnd = "closed" | "unanswered" | "stopped";

/** One connection to the broker, from its acceptance to its end; never used again after. */
export interface UplinkConnection extends AsyncDisposable {
  /**
   * Resolves when the broker has acknowledged the message (MQTT QoS 1, PUBACK). May never settle: the caller keeps a
   * deadline. Rejects `unavailable` when the connection ends first.
   */
  publish(message: UplinkMessage): Promise<void>;
  /**
   * Resolves when the broker has granted it; every message of the topic then goes to the listener, as it came. May never
   * settle. Rejects `refused` when it is not granted, `unavailable` when the connection ends first.
   */
  subscribe(topic: string, listener: (payload: Uint8Array) => void): Promise<void>;
  /** Resolves when the connection has ended, whoever ended it. */
  readonly closed: Promise<void>;
}

export interface UplinkMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly keep: "retained" | "not_retained";
}

/** Makes a connection; throws `unavailable` (try again) or `refused` (credentials; try again all the same, slowly). */
export type ConnectUplink = (signal: AbortSignal) => Promise<UplinkConnection>;

/**
 * What a camera gives: a picture; something that can be none, counted and forgotten; a failure (it is asked again after
 * a pause); or nothing ever again.
 */
export type GrabbedFrame =
  | "ended"
  | { readonly failure: "hung" | "failed" | "no_folder"; readonly cause: unknown }
  | { readonly unusable: "too_large" | "not_a_file"; readonly name: string; readonly bytes: number }
  | {
      readonly bytes: Uint8Array;
      readonly trigger: "interval" | "event" | "request";
      /** Called when its fate is known: kept when it is on the agent's disk, refused when it is unusable. */
      done(outcome: "kept" | "refused"): Promise<void>;
    };

/** A camera. It decides itself when the next picture is due. */
export interface FrameGrabber {
  next(signal: AbortSignal): Promise<GrabbedFrame>;
}
