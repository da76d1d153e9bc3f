import type { UnixMillis } from "../time/time.ts";

/** One MQTT publish as a broker received it. `clientId` is authenticated and a valid vehicle id. */
export interface Publish {
  readonly clientId: string;
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly receivedAt: UnixMillis;
}
