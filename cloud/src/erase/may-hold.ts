import { columnNamed } from "../lake/iceberg-schema.ts";
import type { DataFile, KeyValue } from "../lake/manifest.ts";
import type { TableDefinition } from "../ports.ts";

/**
 * Whether a live data file may have rows of the vehicle, by the bounds by which every reader skips files: of a compacted
 * day most have none, and need not be fetched. A letter may name a vehicle in its bytes alone.
 */
export const mayHold = (
  definition: TableDefinition,
  { lower_bounds: lower, upper_bounds: upper }: Pick<DataFile, "lower_bounds" | "upper_bounds">,
  vehicle: string,
): boolean => {
  if (definition.name === "dead_letters") return true;
  const { id } = columnNamed(definition, "vehicle_id");
  const name = Buffer.from(vehicle);
  const boundOf = (all: readonly KeyValue<Buffer>[] | null): Buffer | undefined =>
    all?.find(({ key }) => key === id)?.value;
  const low = boundOf(lower);
  const high = boundOf(upper);
  return (
    (low === undefined || Buffer.compare(low, name) <= 0) &&
    (high === undefined || Buffer.compare(high, name) >= 0)
  );
};
