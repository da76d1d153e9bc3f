import { isoTime, unixMillis } from "@roadstream/shared";
import type { FleetStatements } from "./fleet-statements.ts";
import type { SeriesReport, VehicleReport } from "./report.ts";
import { ERASED_VEHICLE } from "./table-series.ts";

/**
 * Up to when each vehicle's readings are accounted for: the time of its newest checkpoint, or of an earlier one while
 * numbers that the newest speaks of may still lie in the log. What is in the car by then is counted, not waited for.
 */
export const judgeVehicles = (
  series: readonly SeriesReport[],
  fleet: FleetStatements,
  /** Of the vehicles whose newest checkpoint still waits. */
  earlier: ReadonlyMap<string, number | null>,
): readonly VehicleReport[] => {
  const vehicles = new Set(series.map((one) => one.vehicle_id));
  for (const [vehicleId, own] of Map.groupBy(series, (one) => one.vehicle_id))
    if (isPast(vehicleId, own, fleet)) vehicles.delete(vehicleId);
  return [...vehicles].sort().map((vehicleId) => {
    const newest = fleet.newest(vehicleId);
    const through = earlier.has(vehicleId) ? earlier.get(vehicleId) : newest?.checkpointAt;
    const replaced = [...fleet.outboxes(vehicleId)].filter(
      (outbox) => outbox !== newest && [...outbox.boots.values()].some((boot) => !boot.closed),
    );
    return {
      vehicle_id: vehicleId,
      complete_through: (through ?? 0) === 0 ? null : isoTime(unixMillis(through ?? 0)),
      replaced_outboxes: replaced.length,
    };
  });
};

/** All that had landed of it is removed, its checkpoints too: nobody waits for another one. */
const isPast = (vehicleId: string, series: readonly SeriesReport[], fleet: FleetStatements): boolean => {
  if (vehicleId === ERASED_VEHICLE) return true;
  const hasCheckpoint = (fleet.newest(vehicleId)?.checkpointAt ?? 0) > 0;
  return !hasCheckpoint && series.some((one) => one.removed > 0) && series.every((one) => one.landed === 0);
};

/** The fleet's: the earliest; null when one vehicle's is not known, or there is none. ISO times compare as text. */
export const completeThrough = (vehicles: readonly VehicleReport[]): string | null => {
  let earliest: string | null = null;
  for (const { complete_through: through } of vehicles) {
    if (through === null) return null;
    if (earliest === null || through < earliest) earliest = through;
  }
  return earliest;
};
