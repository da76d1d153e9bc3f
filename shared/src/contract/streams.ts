import type { Column, Row } from "./column.ts";
import { AGENT_EVENTS_COLUMNS } from "./columns/agent-events.ts";
import { EMERGENCY_DATA_COLUMNS } from "./columns/emergency-data.ts";
import { GPS_DATA_COLUMNS } from "./columns/gps-data.ts";
import { TRAFFIC_DATA_COLUMNS } from "./columns/traffic-data.ts";
import { VEHICLE_DATA_COLUMNS } from "./columns/vehicle-data.ts";
import { WEATHER_DATA_COLUMNS } from "./columns/weather-data.ts";
import { COMMON_COLUMNS } from "./common-columns.ts";
import { FIX_NONE_HAS_NO_POSITION, POSITION_IS_WHOLE, TIME_NEEDS_CLOCK, type RowRule } from "./row-rules.ts";

/** The streams' own columns, by stream: the one list from which types, validators, lake schemas and docs derive. */
export const OWN_COLUMNS = {
  gps_data: GPS_DATA_COLUMNS,
  vehicle_data: VEHICLE_DATA_COLUMNS,
  traffic_data: TRAFFIC_DATA_COLUMNS,
  weather_data: WEATHER_DATA_COLUMNS,
  emergency_data: EMERGENCY_DATA_COLUMNS,
  agent_events: AGENT_EVENTS_COLUMNS,
} as const satisfies Record<string, readonly Column[]>;

export type StreamName = keyof typeof OWN_COLUMNS;
/** What a source measures: the stream's own columns as a wire row. */
export type OwnColumns<S extends StreamName> = Row<
  readonly Extract<(typeof OWN_COLUMNS)[S][number], { readonly origin: "record" }>[]
>;

export const STREAM_NAMES = Object.keys(OWN_COLUMNS) as readonly StreamName[];
export const isStream = (text: string): text is StreamName => Object.hasOwn(OWN_COLUMNS, text);

export interface StreamDefinition {
  readonly name: StreamName;
  readonly doc: string;
  /** Common columns first, then the stream's own; in this order everywhere. */
  readonly columns: readonly Column[];
  readonly rules: readonly RowRule[];
}

const define = (name: StreamName, doc: string, rules: readonly RowRule[]): StreamDefinition => ({
  name,
  doc,
  columns: [...COMMON_COLUMNS, ...OWN_COLUMNS[name]],
  rules: [TIME_NEEDS_CLOCK, ...rules],
});

export const STREAMS: Readonly<Record<StreamName, StreamDefinition>> = {
  gps_data: define("gps_data", "One row per epoch of the GNSS receiver, also without a fix.", [
    POSITION_IS_WHOLE,
    FIX_NONE_HAS_NO_POSITION,
  ]),
  vehicle_data: define("vehicle_data", "One row per polling cycle of the car's OBD-II port (SAE J1979).", [
    POSITION_IS_WHOLE,
  ]),
  traffic_data: define("traffic_data", "One row per camera snapshot; the picture itself is an object.", [
    POSITION_IS_WHOLE,
  ]),
  weather_data: define("weather_data", "Weather at the vehicle's position.", [POSITION_IS_WHOLE]),
  emergency_data: define("emergency_data", "Incidents: begun, and resolved.", [POSITION_IS_WHOLE]),
  agent_events: define(
    "agent_events",
    "What the car says of itself: starts, lost sources, declared gaps, checkpoints.",
    [],
  ),
};
