import type { DurationMs, UptimeMillis } from "@roadstream/shared";
import { HOLD_LIMIT, MAX_APPEND_BYTES } from "../limits.ts";
import type { Session } from "../ports.ts";
import { isSamePublish, type HeldPublish, type Waiter } from "./held-publish.ts";

/**
 * One vehicle's line into the log. Its publishes are appended in order, one append at a time; what the log does not take
 * goes back to the front. Pure state: who is dropped or overdue is handed back to the caller.
 */
export class VehicleLane {
  readonly vehicleId: string;
  #waiting: HeldPublish[] = [];
  #inFlight: readonly HeldPublish[] = [];
  /** Whether anything in flight may have lost its connection: the only case in which a publish can join. */
  #hasOrphans = false;
  /** True from when the lane is due to be appended until that append has ended. */
  isBusy = false;
  /** True from when its connection went until something comes again. */
  isLeft = false;
  /** The waiting times of a lane in trouble, which is appended alone; null while all is well. */
  retries: Generator<DurationMs, never, void> | null = null;

  constructor(vehicleId: string) {
    this.vehicleId = vehicleId;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#inFlight.length === 0;
  }

  put(held: HeldPublish): void {
    this.isLeft = false;
    this.#waiting.push(held);
  }

  /** The publish sent again while its first copy, whose connection is gone, is being appended: it waits for that one. */
  join(
    publish: { readonly topic: string; readonly payload: Uint8Array },
    waiter: Waiter,
    now: UptimeMillis,
  ): boolean {
    if (!this.#hasOrphans) return false;
    const first = this.#inFlight.find(
      (held) => held.waiter === null && isSamePublish(held, publish.topic, publish.payload),
    );
    if (first === undefined) return false;
    first.waiter = waiter;
    first.since = now;
    return true;
  }

  /** The connection is gone. Returns what was not on its way to the log and is dropped: it will be sent again. */
  leave(session: Session): readonly HeldPublish[] {
    const isOf = (held: HeldPublish): boolean => held.waiter?.session === session;
    for (const held of this.#inFlight) if (isOf(held)) this.#orphan(held);
    const dropped = this.#waiting.filter(isOf);
    if (dropped.length > 0) this.#waiting = this.#waiting.filter((held) => !isOf(held));
    return dropped;
  }

  /** Who has waited too long is to be told so; of that, what was not on its way to the log is dropped. */
  expire(now: UptimeMillis): { readonly told: readonly Waiter[]; readonly dropped: readonly HeldPublish[] } {
    const isOverdue = (held: HeldPublish): boolean => held.waiter !== null && now - held.since >= HOLD_LIMIT;
    const flying = this.#inFlight.filter(isOverdue);
    const dropped = this.#waiting.filter(isOverdue);
    if (dropped.length > 0) this.#waiting = this.#waiting.filter((held) => !isOverdue(held));
    const told = [...flying, ...dropped].flatMap((held) => held.waiter ?? []);
    for (const held of flying) this.#orphan(held);
    return { told, dropped };
  }

  /** What goes into the next append, from now on in flight. */
  begin(): readonly HeldPublish[] {
    this.#hasOrphans = false;
    this.#inFlight = this.#waiting;
    this.#waiting = [];
    let bytes = 0;
    const limit = this.#inFlight.findIndex((held, i) => (bytes += held.bytes) > MAX_APPEND_BYTES && i > 0);
    if (limit !== -1) {
      this.#waiting = this.#inFlight.slice(limit);
      this.#inFlight = this.#inFlight.slice(0, limit);
    }
    return this.#inFlight;
  }

  /** The append has ended well. Returns what it held. */
  finish(): readonly HeldPublish[] {
    const done = this.#inFlight;
    this.#inFlight = [];
    this.retries = null;
    return done;
  }

  /** The append did not take place. Returns what nobody waits for any more; the rest is in front again. */
  putBack(): readonly HeldPublish[] {
    const wanted = this.#inFlight.filter((held) => held.waiter !== null);
    const dropped = this.#inFlight.filter((held) => held.waiter === null);
    this.#waiting = [...wanted, ...this.#waiting];
    this.#inFlight = [];
    return dropped;
  }

  /** Takes out everything that is not in flight. */
  clear(): readonly HeldPublish[] {
    const left = this.#waiting;
    this.#waiting = [];
    return left;
  }

  #orphan(held: HeldPublish): void {
    held.waiter = null;
    this.#hasOrphans = true;
  }
}
