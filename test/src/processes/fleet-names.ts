import { partitionOf } from "@roadstream/shared/event-log";

/** Vehicle ids, one in each log partition: so that every worker of a group has one of them. */
export const oneVehicleIn = (partitions: number): readonly string[] =>
  Array.from({ length: partitions }, (_, partition) => {
    for (let i = 1; ; i += 1) if (partitionOf(`car-${i}`, partitions) === partition) return `car-${i}`;
  });
