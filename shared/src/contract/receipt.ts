/**
 * A receipt: what of a vehicle's readings is settled, that is in the lake, landed or as dead letters. Each series is
 * cumulative and repeated, so a lost receipt heals. One receipt need not hold all: workers tell of the partitions that
 * they have, tables settle at different times, and long receipts are split; what is said in several adds up.
 */
import { z } from "zod";

const seq = z.int().min(1);
const receipt = z.object({
  v: z.literal(1),
  vehicle_id: z.string(),
  settled: z
    .array(
      z.object({ boot_id: z.string(), stream: z.string(), ranges: z.array(z.tuple([seq, seq])).readonly() }),
    )
    .readonly(),
});

export type Receipt = z.infer<typeof receipt>;

export const parseReceipt = (text: string): Receipt | null => {
  try {
    const result = receipt.safeParse(JSON.parse(text));
    return result.success ? result.data : null;
  } catch {
    return null;
  }
};
