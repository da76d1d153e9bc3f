import type { ObdMessage } from "./obd-message.ts";
import type { ElmSession, QueryOutcome, SessionEnd } from "./elm-session.ts";
import type { ObdCounters } from "./obd-counters.ts";
import { decodeService01 } from "./service-01.ts";
import { isSupportPid, pidsOfBitmap, SUPPORT_PIDS } from "./supported-pids.ts";

export type Discovery =
  | { readonly kind: "supported"; readonly pids: ReadonlySet<number> }
  /** The adapter works and no ECU answers: ignition off, or no car. */
  | { readonly kind: "silent" }
  | { readonly kind: SessionEnd };

/** Connects to the car, then asks each support PID that the one before names; the union over all ECUs. */
export const discoverPids = async (session: ElmSession, counters: ObdCounters): Promise<Discovery> => {
  const pids = new Set<number>();
  for (const base of SUPPORT_PIDS) {
    if (base > 0 && !pids.has(base)) break;
    const outcome = base === 0 ? await session.connect() : await session.query(0x01, [base]);
    if (outcome.kind === "unresponsive" || outcome.kind === "reset") return { kind: outcome.kind };
    for (const pid of namedBy(outcome, base, counters)) pids.add(pid);
    if (base === 0 && pids.size === 0) return { kind: "silent" };
  }
  return { kind: "supported", pids: new Set([...pids].filter((pid) => !isSupportPid(pid))) };
};

const namedBy = (outcome: QueryOutcome, base: number, counters: ObdCounters): readonly number[] => {
  if (outcome.kind !== "messages") return [];
  return outcome.messages.flatMap((message: ObdMessage) => {
    const answer = decodeService01(message, [base]);
    if (answer.kind === "rejected") {
      counters.rejected.add(1, { reason: answer.reason });
      return [];
    }
    return pidsOfBitmap(base, answer.data.get(base) ?? new Uint8Array());
  });
};
