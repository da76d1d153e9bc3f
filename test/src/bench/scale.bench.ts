import { measureInChild, megabytes } from "./child.ts";
import { FLAT, measureFleet, peakRatio, type FleetMeasure } from "./scale/fleets.ts";
import type { LedgerMeasure } from "./scale/ledger-state.ts";

export interface ScaleBench {
  readonly name: "scale";
  readonly unit: "peak memory, largest to smallest";
  /** The same number of rows by ever more vehicles, all of one day. */
  readonly fleets: readonly FleetMeasure[];
  /** The same number of rows over ever more days, each of which a commit has rows of. */
  readonly days: readonly FleetMeasure[];
  /** What workers know of all vehicles together, without any row. */
  readonly ledgers: readonly LedgerLine[];
  readonly fleetRatio: number;
  readonly daysRatio: number;
  readonly target: number;
  readonly ok: boolean;
}

interface LedgerLine extends Omit<LedgerMeasure, "heldBytes" | "peakBytes"> {
  readonly heldMegabytes: number;
}

const FLEETS = [10, 1000, 100_000] as const;
const FLEET_ROWS = 1_000_000;
const DAYS = [1, 30, 365] as const;
const DAYS_ROWS = 400_000;
/** More vehicles ask for more partitions: see docs/scale.md. */
const LEDGERS = [
  { vehicles: 10, partitions: 6 },
  { vehicles: 1000, partitions: 6 },
  { vehicles: 100_000, partitions: 12 },
  { vehicles: 1_000_000, partitions: 60 },
] as const;
const LEDGER = new URL("scale/ledger-state.ts", import.meta.url);

const measureLedger = async ({
  vehicles,
  partitions,
}: {
  vehicles: number;
  partitions: number;
}): Promise<LedgerLine> => {
  const args = [String(vehicles), String(partitions)];
  const {
    heldBytes,
    peakBytes: _,
    ...rest
  } = await measureInChild<LedgerMeasure>(LEDGER, args, ["--expose-gc"]);
  return { ...rest, heldMegabytes: megabytes(heldBytes) };
};

/** What grows with the fleet and with late days, and what does not: each measured in a process of its own. */
export const benchScale = async (): Promise<ScaleBench> => {
  const fleets: FleetMeasure[] = [];
  for (const vehicles of FLEETS) fleets.push(await measureFleet({ vehicles, rows: FLEET_ROWS, days: 1 }));
  const days: FleetMeasure[] = [];
  for (const open of DAYS) days.push(await measureFleet({ vehicles: 1000, rows: DAYS_ROWS, days: open }));
  const ledgers: LedgerLine[] = [];
  for (const one of LEDGERS) ledgers.push(await measureLedger(one));
  const fleetRatio = peakRatio(fleets);
  const daysRatio = peakRatio(days);
  const ok = fleetRatio <= FLAT && daysRatio <= FLAT;
  return {
    name: "scale",
    unit: "peak memory, largest to smallest",
    fleets,
    days,
    ledgers,
    fleetRatio,
    daysRatio,
    target: FLAT,
    ok,
  };
};
