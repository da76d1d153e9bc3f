/** The `detail` of an agent_events checkpoint: what the car knows of every boot of its outbox, cumulative. */
import { z } from "zod";
import { BOOT_ID_PATTERN } from "./patterns.ts";
import { OWN_COLUMNS, type StreamName } from "./streams.ts";

const seq = z.int().min(1);
const ranges = z.array(z.tuple([seq, seq])).readonly();

const streamState = z.object({
  /** Numbers 1..given were given to readings. */
  given: z.int().min(0),
  /** Let go of: PUBACKed by the gateway, so in the log; or, where the car waits for receipts, in the lake. */
  acknowledged: ranges,
  /** Still in the outbox, whether or not somebody else has a copy. */
  held: ranges,
  /** Declared gaps: given, then dropped before they were acknowledged. */
  dropped: z.array(z.object({ from: seq, to: seq, reason: z.string().max(64) })).readonly(),
});

const streamNames = Object.keys(OWN_COLUMNS) as [StreamName, ...StreamName[]];

const checkpoint = z.object({
  outbox_id: z.string().max(64),
  boots: z
    .array(
      z.object({
        boot_id: z.string().regex(new RegExp(`^${BOOT_ID_PATTERN}$`)),
        /** No number will be given in this boot any more. */
        closed: z.boolean(),
        streams: z.partialRecord(z.enum(streamNames), streamState),
      }),
    )
    .readonly(),
});

export type Checkpoint = z.infer<typeof checkpoint>;
export type CheckpointBoot = Checkpoint["boots"][number];
export type CheckpointStream = z.infer<typeof streamState>;

/** Null when the text is no checkpoint. */
export const parseCheckpoint = (detail: string): Checkpoint | null => {
  try {
    const result = checkpoint.safeParse(JSON.parse(detail));
    return result.success ? result.data : null;
  } catch {
    return null;
  }
};
