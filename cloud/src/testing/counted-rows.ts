import type { WarehouseFacts } from "../warehouse/warehouse-facts.ts";

/** Facts as simple as can be: how many rows a vehicle has of a day. */
export const COUNTED_ROWS: WarehouseFacts = {
  sources: { gps_data: { counts: null, standsOn: null } },
  tables: [
    {
      name: "counted_rows",
      comment: "Rows of gps_data.",
      columns: [
        { name: "vehicle_id", type: "string", comment: "", nullable: false, maxLength: 64 },
        { name: "day", type: "date", comment: "", nullable: false, maxLength: null },
        { name: "positions", type: "int64", comment: "", nullable: false, maxLength: null },
      ],
      identity: ["vehicle_id", "day"],
      sortKey: ["day"],
      distKey: "vehicle_id",
    },
  ],
  refresh: (_, touched) => [
    `DELETE FROM counted_rows USING ${touched} WHERE counted_rows.vehicle_id = ${touched}.vehicle_id AND counted_rows.day = ${touched}.day`,
    `INSERT INTO counted_rows (vehicle_id, day, positions) SELECT t.vehicle_id, t.day, COUNT(*) FROM ${touched} AS t INNER JOIN gps_data AS g ON g.vehicle_id = t.vehicle_id AND CAST(g.event_at AT TIME ZONE 'UTC' AS DATE) = t.day GROUP BY t.vehicle_id, t.day`,
  ],
  forget: () => [],
  views: () => [
    {
      name: "counted_days",
      select: "SELECT day, SUM(positions) AS positions FROM counted_rows GROUP BY day",
    },
  ],
};
