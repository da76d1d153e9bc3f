import type { StreamName } from "./streams.ts";

/** Every table of the lake: the six streams, and dead letters. */
export type TableName = StreamName | "dead_letters";

/** Names of the event log's topics; the environment may rename them as in the system that this one replaces. */
export interface LogTopics {
  readonly streams: Readonly<Record<StreamName, string>>;
  readonly deadLetters: string;
  readonly receipts: string;
}

const VARIABLES: Readonly<Record<StreamName, string>> = {
  gps_data: "GPS_TOPIC",
  vehicle_data: "VEHICLE_TOPIC",
  traffic_data: "TRAFFIC_TOPIC",
  weather_data: "WEATHER_TOPIC",
  emergency_data: "EMERGENCY_TOPIC",
  agent_events: "AGENT_EVENTS_TOPIC",
};

type Environment = Readonly<Record<string, string | undefined>>;

const named = (env: Environment, variable: string, otherwise: string): string => {
  const value = env[variable];
  return value === undefined || value === "" ? otherwise : value;
};

export const logTopics = (env: Environment): LogTopics => ({
  streams: Object.fromEntries(
    Object.entries(VARIABLES).map(([stream, variable]) => [stream, named(env, variable, stream)]),
  ) as Record<StreamName, string>,
  deadLetters: named(env, "DEAD_LETTER_TOPIC", "dead_letter"),
  receipts: named(env, "RECEIPTS_TOPIC", "receipts"),
});

/** All topics that must exist, receipts included. */
export const allTopics = (topics: LogTopics): readonly string[] => [
  ...Object.values(topics.streams),
  topics.deadLetters,
  topics.receipts,
];
