import type { UptimeMillis } from "@roadstream/shared";
import type { Gga } from "./gga.ts";
import type { Gll } from "./gll.ts";
import type { Gns } from "./gns.ts";
import type { Gsa } from "./gsa.ts";
import type { Rmc } from "./rmc.ts";
import type { Vtg } from "./vtg.ts";
import type { Zda } from "./zda.ts";

/** The sentences that carry a UTC time and so decide to which epoch they belong. */
export type TimedSentence = Rmc | Gga | Gns | Gll | Zda;

/** Everything that the receiver said of one moment. */
export interface Epoch {
  /** When the first of its sentences came in. */
  readonly uptime: UptimeMillis;
  /** The UTC time field that its sentences share; null where the receiver left it blank. */
  readonly timeOfDayMs: number | null;
  readonly rmc: Rmc | null;
  readonly gga: Gga | null;
  readonly gns: Gns | null;
  readonly gll: Gll | null;
  readonly zda: Zda | null;
  readonly vtg: Vtg | null;
  /** The best of the epoch's GSA sentences, which come one per satellite system. */
  readonly gsa: Gsa | null;
}
