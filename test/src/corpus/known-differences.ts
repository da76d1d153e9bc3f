import type { DifferenceKind } from "./compare-with-gpsd.ts";

export interface KnownDifference {
  readonly log: string;
  readonly kind: DifferenceKind;
  readonly count: number;
  readonly why: string;
}

/** Where we differ from gpsd on purpose. docs/nmea-differences.md explains each one; a test keeps the two alike. */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    log: "gpsd/haicom-305N.log",
    kind: "time_only_ours",
    count: 1,
    why: "gpsd reported the first fix before the RMC with its date; our epoch is whole",
  },
  {
    log: "gpsd/haicom-305N.log",
    kind: "speed_only_ours",
    count: 1,
    why: "gpsd reported the first fix before the RMC with its speed; our epoch is whole",
  },
  {
    log: "gpsd/mtk-3301.log",
    kind: "void_only_gpsd",
    count: 6,
    why: "before its first fix the receiver says January 1980: our rows of these epochs have no time",
  },
  {
    log: "gpsd/mtk-3301.log",
    kind: "time_only_ours",
    count: 1,
    why: "gpsd reported the first fix before the RMC with its date; our epoch is whole",
  },
  {
    log: "gpsd/mtk-3301.log",
    kind: "speed_only_ours",
    count: 1,
    why: "gpsd reported the first fix before the RMC with its speed; our epoch is whole",
  },
  {
    log: "gpsd/tcp-torture.log",
    kind: "time",
    count: 1,
    why: "gpsd adds 1024 weeks to a date that it holds to be rolled over; the drive was in 2007, as the receiver says",
  },
  {
    log: "gpsd/ublox-lea-5h.log",
    kind: "only_ours",
    count: 1,
    why: "two captures joined by hand: the first ends with an RMC and VTG that gpsd never reports",
  },
  {
    log: "gpsd/ublox-lea-5h.log",
    kind: "speed_only_gpsd",
    count: 1,
    why: "the second capture begins after its RMC and VTG: the speed that gpsd computes is not the receiver's",
  },
];
