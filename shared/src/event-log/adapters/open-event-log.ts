import { redactUrl } from "../../config/redact-url.ts";
import { RoadstreamError } from "../../errors.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { Random } from "../../random/random.ts";
import type { Clock } from "../../time/clock.ts";
import type { EventLog } from "../event-log.ts";
import type { DialKafka } from "./kafka-event-log-client.ts";
import type { SqliteLogSettings } from "../sqlite-log-settings.ts";

export interface OpenEventLogOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly sqlite?: Partial<SqliteLogSettings>;
  /** How Kafka's brokers are reached; tests put a faulty line between. */
  readonly dialKafka?: DialKafka;
}

/**
 * Opens the log that a setting names: `sqlite:FILE` or `kafka://HOST:PORT[,HOST:PORT]`. Each technology is loaded only when it is asked for.
 * Throws `usage` for another spelling.
 */
export const openEventLog = async (spec: string, options: OpenEventLogOptions): Promise<EventLog> => {
  if (spec.startsWith("sqlite:") && spec.length > "sqlite:".length) {
    const { SqliteEventLog } = await import("./sqlite-event-log.ts");
    const { wasmZstd } = await import("../../adapters/wasm-zstd.ts");
    const path = spec.slice("sqlite:".length);
    return new SqliteEventLog({
      ...options,
      zstd: await wasmZstd(),
      path,
      ...(options.sqlite === undefined ? {} : { settings: options.sqlite }),
    });
  }
  if (spec.startsWith("kafka://")) {
    const { kafkaSettings } = await import("./kafka-event-log-settings.ts");
    const settings = kafkaSettings(spec, options.env);
    const { KafkaEventLog } = await import("./kafka-event-log.ts");
    const { clock, logger, metrics, dialKafka } = options;
    return new KafkaEventLog({
      settings,
      clock,
      logger,
      metrics,
      ...(dialKafka === undefined ? {} : { dial: dialKafka }),
    });
  }
  throw new RoadstreamError("usage", `not an event log: ${redactUrl(spec)}`, {
    hint: "sqlite:FILE or kafka://HOST:PORT[,HOST:PORT]",
  });
};
