import type { UptimeMillis, Accepted } from "@roadstream/shared";
import type { Session, Settlement } from "../ports.ts";

/** Who waits for a publish. */
export interface Waiter {
  readonly session: Session;
  /** Called at most once. */
  readonly settle: (settlement: Settlement) => void;
}

/** A publish between its arrival and its acknowledgement. */
export interface HeldPublish {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly accepted: Accepted;
  /** Bytes that it counts against the budget. */
  readonly bytes: number;
  /** Null when its connection is gone. */
  waiter: Waiter | null;
  since: UptimeMillis;
}

/** True when the bytes are those of the held publish: the same batch, sent again. */
export const isSamePublish = (held: HeldPublish, topic: string, payload: Uint8Array): boolean =>
  held.payload.length === payload.length &&
  held.topic === topic &&
  Buffer.compare(held.payload, payload) === 0;
