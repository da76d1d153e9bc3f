import { isoTime, unixMillis } from "@roadstream/shared";
import type { FleetStatements } from "./fleet-statements.ts";
import type { SeriesReport, VehicleReport } from "./report.ts";

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

/** The fleet's: the earliest; null when one vehicle's is not known, or there is none. ISO times compare as text. */
export const completeThrough = (vehicles: readonly VehicleReport[]): string | null => {
  let earliest: string | null = null;
  for (const { complete_through: through } of vehicles) {
    if (through === null) return null;
    if (earliest === null || through < earliest) earliest = through;
  }
  return earliest;
};
