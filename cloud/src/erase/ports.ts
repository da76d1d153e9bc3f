import type { LiveFile, NewDataFile, TableDefinition } from "../ports.ts";

/** An erased letter that no tombstone of a series stands for. */
export interface UnclaimedLetter {
  /** Of the log that feeds dead_letters. */
  readonly partition: number;
  readonly id: string;
}

/**
 * Rows of one vehicle in a table's data files. In dead_letters these are all letters that name it: in a column, in the
 * topic by which they came, or in the bytes that they hold, whoever sent them.
 */
export interface VehicleRows {
  /** How many each file has; files without any are left out. */
  count(
    definition: TableDefinition,
    keys: readonly string[],
    vehicle: string,
  ): Promise<ReadonlyMap<string, number>>;
  /** All other rows of a file as a new one, in the store and not yet in the table; null when there are none. */
  without(definition: TableDefinition, file: LiveFile, vehicle: string): Promise<NewDataFile | null>;
  /** Keys of the pictures that rows of the vehicle name; takes files of traffic_data. */
  pictures(keys: readonly string[], vehicle: string): Promise<readonly string[]>;
  /** Takes files of dead_letters. */
  unclaimedLetters(keys: readonly string[], vehicle: string): Promise<readonly UnclaimedLetter[]>;
}
