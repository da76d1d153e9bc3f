import { STREAM_NAMES, type StreamName } from "./streams.ts";

/** Every table of the lake: the six streams, and dead letters. */
export type TableName = StreamName | "dead_letters";

/** Names of the event log's topics; the environment may rename them as in the system that this one replaces. */
export interface LogTopics {
  readonly streams: Readonly<Record<StreamName, string>>;
  readonly deadLetters: string;
  readonly receipts: string;
}

/** The environment variable that renames each topic; unset, a topic is called as its key here. */
export const TOPIC_VARIABLES = {
  gps_data: "GPS_TOPIC",
  vehicle_data: "VEHICLE_TOPIC",
  traffic_data: "TRAFFIC_TOPIC",
  weather_data: "WEATHER_TOPIC",
  emergency_data: "EMERGENCY_TOPIC",
  agent_events: "AGENT_EVENTS_TOPIC",
  dead_letter: "DEAD_LETTER_TOPIC",
  receipts: "RECEIPTS_TOPIC",
} as const satisfies Readonly<Record<StreamName | "dead_letter" | "receipts", string>>;

type Environment = Readonly<Record<string, string | undefined>>;

export const logTopics = (env: Environment): LogTopics => {
  const named = (topic: keyof typeof TOPIC_VARIABLES): string => {
    const value = env[TOPIC_VARIABLES[topic]];
    return value === undefined || value === "" ? topic : value;
  };
  return {
    streams: Object.fromEntries(STREAM_NAMES.map((name) => [name, named(name)])) as Record<
      StreamName,
      string
    >,
    deadLetters: named("dead_letter"),
    receipts: named("receipts"),
  };
};

/** All topics that must exist, receipts included. */
export const allTopics = (topics: LogTopics): readonly string[] => [
  ...Object.values(topics.streams),
  topics.deadLetters,
  topics.receipts,
];
