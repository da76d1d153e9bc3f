import { OWN_COLUMNS, type StreamName } from "@roadstream/shared";
import { base, type Nearest, type View, type ViewColumn } from "./view.ts";

/** A car's port is polled every few seconds, weather changes slowly; older values are not of the same moment. */
const VEHICLE: Nearest = { source: "vehicle", table: "vehicle_data", maxAgeS: 10 };
const WEATHER: Nearest = { source: "weather", table: "weather_data", maxAgeS: 1800 };

const inLake = (stream: StreamName): readonly string[] =>
  OWN_COLUMNS[stream].filter((column) => column.inLake).map(({ name }) => name);

/** Where the reading was taken is said by the position itself. */
const POSITION: readonly string[] = ["latitude", "longitude"];

/** The nearest row's own columns, each named after its source, and how old they are. */
const beside = (nearest: Nearest, stream: StreamName): readonly ViewColumn[] => {
  const prefix = `${nearest.source}_`;
  const columns = inLake(stream)
    .filter((column) => !POSITION.includes(column))
    .map((column) => ({
      name: column.startsWith(prefix) ? column : prefix + column,
      value: { kind: "column", source: nearest.source, column } as const,
    }));
  return [...columns, { name: `${prefix}age_s`, value: { kind: "age_s", source: nearest.source } }];
};

export const MOMENTS_VIEW: View = {
  name: "moments",
  doc: "Position, vehicle and weather of the same moment side by side: each row of gps_data with the last values before it.",
  base: "gps_data",
  nearest: [VEHICLE, WEATHER],
  columns: [
    ...["vehicle_id", "event_at", "boot_id", "seq", "clock", ...inLake("gps_data")].map((name) => ({
      name,
      value: base(name),
    })),
    ...beside(VEHICLE, "vehicle_data"),
    ...beside(WEATHER, "weather_data"),
  ],
};
