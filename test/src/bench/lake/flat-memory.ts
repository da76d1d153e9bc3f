import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startKafka } from "../../services/kafka.ts";
import { startVersitygw } from "../../services/versitygw.ts";
import { FLAT, landFleet, peakRatio, type FleetLanding } from "../scale/fleets.ts";
import type { Fleet } from "../scale/fleet-log.ts";

export interface FlatMemory {
  readonly fleets: readonly FleetLanding[];
  readonly days: readonly FleetLanding[];
  /** Peak memory, 100,000 vehicles to 10, and 365 open days to one. */
  readonly fleetRatio: number;
  readonly daysRatio: number;
  readonly target: number;
  readonly ok: boolean;
}

const FLEETS: readonly Fleet[] = [10, 100_000].map((vehicles) => ({ vehicles, rows: 1_000_000, days: 1 }));
const DAYS: readonly Fleet[] = [1, 365].map((days) => ({ vehicles: 1000, rows: 400_000, days }));

/** Each on a Kafka and an S3 of its own. */
const land = async (fleet: Fleet): Promise<FleetLanding> => {
  const cache = await mkdtemp(join(tmpdir(), "bench-memory-"));
  try {
    await using kafka = await startKafka();
    await using s3 = await startVersitygw();
    return await landFleet(fleet, {
      log: `kafka://${kafka.brokers}`,
      lake: `s3://${s3.bucket}/lake`,
      env: { ...s3.env(), ROADSTREAM_LAKE_CACHE: cache },
    });
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
};

/** What a worker holds between Kafka and S3: as much for many vehicles, or for late readings of many days, as for few. */
export const measureFlatMemory = async (): Promise<FlatMemory> => {
  const fleets: FleetLanding[] = [];
  for (const fleet of FLEETS) fleets.push(await land(fleet));
  const days: FleetLanding[] = [];
  for (const fleet of DAYS) days.push(await land(fleet));
  const [fleetRatio, daysRatio] = [peakRatio(fleets), peakRatio(days)];
  return { fleets, days, fleetRatio, daysRatio, target: FLAT, ok: fleetRatio <= FLAT && daysRatio <= FLAT };
};
