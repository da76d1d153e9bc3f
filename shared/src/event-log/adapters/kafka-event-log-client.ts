import type { Socket } from "node:net";
import { Kafka, logLevel, type KafkaConfig, type LogEntry, type RetryOptions } from "kafkajs";
import { errorText, isRoadstreamError, RoadstreamError } from "../../errors.ts";
import type { Logger } from "../../ports/logger.ts";
import { toleratePartitionsWithoutLeader } from "./kafka-event-log-metadata.ts";
import type { KafkaSettings } from "./kafka-event-log-settings.ts";

/** How a connection is made; tests put a faulty line between. */
export type DialKafka = (options: { host: string; port: number; onConnect: () => void }) => Socket;

/**
 * Said in full, for kafkajs 2.2.4 has other defaults under NODE_ENV=test. One round takes about 5 s; what is to last
 * longer is repeated by the caller, under its own deadline.
 */
export const KAFKA_RETRY: RetryOptions = {
  initialRetryTime: 100,
  maxRetryTime: 1000,
  retries: 8,
  factor: 0.2,
  multiplier: 2,
};

/**
 * For sends: kafkajs repeats the whole of one, partitions that have landed included, for as long as one of them fails.
 * What is to be repeated, and by itself, is the writer's to say.
 */
export const KAFKA_SEND_RETRY: RetryOptions = { ...KAFKA_RETRY, retries: 0 };

const CONNECTION_TIMEOUT_MS = 3000;
/** A short one would multiply doubles: the broker may still write what was given up. */
const REQUEST_TIMEOUT_MS = 30_000;

/** Kafka's own names of errors that no repetition heals. */
const REFUSALS: ReadonlySet<string> = new Set([
  "TOPIC_AUTHORIZATION_FAILED",
  "GROUP_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "SASL_AUTHENTICATION_FAILED",
  "UNSUPPORTED_SASL_MECHANISM",
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "INVALID_RECORD",
  "INVALID_TOPIC_EXCEPTION",
  "POLICY_VIOLATION",
]);

const causes = function* (error: unknown): Generator<Error> {
  for (let at = error; at instanceof Error; at = at.cause) yield at;
};

/** The Kafka error type of an error or of what caused it; null for none (connections, time-outs). */
export const kafkaErrorType = (error: unknown): string | null => {
  for (const cause of causes(error)) {
    const type = (cause as { type?: unknown }).type;
    if (typeof type === "string") return type;
    if (cause.name === "KafkaJSSASLAuthenticationError") return "SASL_AUTHENTICATION_FAILED";
  }
  return null;
};

const LOST: ReadonlySet<unknown> = new Set(["ECONNRESET", "EPIPE"]);

/** A connection that was there and broke; one that cannot be made is repeated by kafkajs itself, and then given up. */
export const isLostConnection = (error: unknown): boolean => {
  for (const cause of causes(error))
    if (cause.name === "KafkaJSConnectionClosedError" || LOST.has((cause as { code?: unknown }).code))
      return true;
  return false;
};

/** kafkajs calls a refused connection "not retriable": everything is transient but what Kafka refuses by name. */
export const isRefusal = (error: unknown): boolean => REFUSALS.has(kafkaErrorType(error) ?? "");

export const kafkaPortError = (error: unknown, what: string): RoadstreamError => {
  if (isRoadstreamError(error)) return error;
  const code = isRefusal(error) ? "refused" : "unavailable";
  return new RoadstreamError(code, `Kafka, ${what}: ${errorText(error)}`, { cause: error });
};

const bridge =
  (logger: Logger) =>
  () =>
  ({ level, log }: LogEntry): void => {
    const fields = { message: log.message, error: (log as { error?: unknown })["error"] };
    // What kafkajs calls an error is mostly one attempt of many; what counts is said by this adapter itself.
    if (level <= logLevel.WARN) logger.warn("kafkajs", fields);
    else logger.debug("kafkajs", fields);
  };

export const kafkaConfig = (options: {
  settings: KafkaSettings;
  clientId: string;
  logger: Logger;
  dial?: DialKafka;
}): KafkaConfig => ({
  brokers: [...options.settings.brokers],
  clientId: options.clientId,
  connectionTimeout: CONNECTION_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  enforceRequestTimeout: true,
  retry: KAFKA_RETRY,
  logLevel: logLevel.INFO,
  logCreator: bridge(options.logger),
  ...(options.settings.sasl === null ? {} : { sasl: options.settings.sasl }),
  ...(options.settings.ssl === null ? {} : { ssl: options.settings.ssl }),
  ...(options.dial === undefined ? {} : { socketFactory: options.dial }),
});

export const kafkaClient = (config: KafkaConfig): Kafka => {
  toleratePartitionsWithoutLeader();
  return new Kafka(config);
};
