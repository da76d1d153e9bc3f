import type { StreamName } from "@roadstream/shared";
import type { WarehouseTable } from "../warehouse/warehouse-table.ts";
import { column, described } from "./fact.ts";
import { DRIVING_CLOCK } from "./timed-rows.ts";
import { dayOfMs, type Words } from "./words.ts";

/**
 * The clocks by which the facts stand where they stand. When a word of what time it was comes, changes or goes, the
 * facts of that machine boot are found by this, and not by rows, which may have gone meanwhile.
 */
export const KNOWN_CLOCKS: WarehouseTable = {
  name: "roadstream_clocks",
  comment:
    "What machine boots' uptime was in UTC when the facts were last computed: by it the facts of rows without a clock stand where they do.",
  columns: [
    column("vehicle_id", "string", "The vehicle.", ""),
    column("machine_boot", "string", "The machine boot.", ""),
    column("offset_ms", "int64", "UTC less uptime. Unit: ms.", ""),
  ].map(described),
  identity: ["vehicle_id", "machine_boot"],
  sortKey: ["vehicle_id"],
  distKey: "vehicle_id",
};

/** Machine boots of which a word came, changed or went since: what was known, and what is known now; null: nothing. */
export const FACTS_CLOCK = "facts_clock";

/** Needs driving_clock. */
export const factsClockSql =
  (): string => `SELECT COALESCE(k.vehicle_id, c.vehicle_id) AS vehicle_id, COALESCE(k.machine_boot, c.machine_boot) AS machine_boot,
  k.offset_ms AS was_ms, c.offset_ms AS is_ms
FROM ${KNOWN_CLOCKS.name} AS k
FULL JOIN ${DRIVING_CLOCK.name} AS c ON k.vehicle_id = c.vehicle_id AND k.machine_boot = c.machine_boot
WHERE k.offset_ms IS NULL OR c.offset_ms IS NULL OR k.offset_ms <> c.offset_ms`;

/** Remembers by which clocks the facts were computed. */
export const clocksKnown = (): readonly string[] => [
  `DELETE FROM ${KNOWN_CLOCKS.name} USING ${FACTS_CLOCK} WHERE ${KNOWN_CLOCKS.name}.vehicle_id = ${FACTS_CLOCK}.vehicle_id AND ${KNOWN_CLOCKS.name}.machine_boot = ${FACTS_CLOCK}.machine_boot`,
  `INSERT INTO ${KNOWN_CLOCKS.name} (vehicle_id, machine_boot, offset_ms)\nSELECT vehicle_id, machine_boot, is_ms FROM ${FACTS_CLOCK} WHERE is_ms IS NOT NULL`,
];

/** Streams whose facts stand where their rows were measured. */
export const CORRECTED_STREAMS = [
  "gps_data",
  "vehicle_data",
  "weather_data",
  "emergency_data",
] as const satisfies readonly StreamName[];

/** The day on which the facts of these rows without a clock stand, and what to join for it. */
export const knownDay = (rows: string, words: Words): { readonly join: string; readonly day: string } => ({
  join: `INNER JOIN ${KNOWN_CLOCKS.name} AS k ON ${rows}.clock = 'unsynced' AND ${rows}.vehicle_id = k.vehicle_id AND ${rows}.machine_boot = k.machine_boot`,
  day: dayOfMs(`(${rows}.uptime_ms + k.offset_ms)`, words),
});
