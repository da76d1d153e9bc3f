import { isoTime, unixMillis } from "@roadstream/shared";
import type { FleetStatements } from "./fleet-statements.ts";
import type { SeriesReport, VehicleReport } from "./report.ts";

/**
 * Up to when each vehicle's readings are accounted for: the time of its newest checkpoint, once none of the numbers that
 * this speaks of may still lie in the log. What is in the car by then is counted, not waited for.
 */
export const judgeVehicles = (
  series: readonly SeriesReport[],
  fleet: FleetStatements,
  awaited: ReadonlySet<string>,
): readonly VehicleReport[] => {
  const vehicles = new Set(series.map((one) => one.vehicle_id));
  return [...vehicles].sort().map((vehicleId) => {
    const newest = fleet.newest(vehicleId);
    const isKnown = newest !== null && newest.checkpointAt > 0 && !awaited.has(vehicleId);
    const replaced = [...fleet.outboxes(vehicleId)].filter(
      (outbox) => outbox !== newest && [...outbox.boots.values()].some((boot) => !boot.closed),
    );
    return {
      vehicle_id: vehicleId,
      complete_through: isKnown ? isoTime(unixMillis(newest.checkpointAt)) : null,
      replaced_outboxes: replaced.length,
    };
  });
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
