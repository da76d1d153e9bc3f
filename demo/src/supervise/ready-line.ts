import { z } from "zod";
import type { StageReady } from "../ports.ts";

const READY = z.looseObject({
  event: z.literal("ready"),
  metrics: z.string().nullable(),
  boot_id: z.string().optional(),
});

/** Reads the one line by which a stage says that its work has begun; null for any other line. */
export const readyLine = (line: string): StageReady | null => {
  if (!line.startsWith("{")) return null;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  const parsed = READY.safeParse(value);
  return parsed.success ? { metrics: parsed.data.metrics, bootId: parsed.data.boot_id ?? null } : null;
};
