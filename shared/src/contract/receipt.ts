/** A receipt: everything settled (landed, rejected or dropped) of one vehicle so far. Cumulative, so a lost one heals. */
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
