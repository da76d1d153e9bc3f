import {
  logTopics,
  MemoryMetrics,
  REJECTION_REASONS,
  seededRandom,
  silentLogger,
  allTopics,
  type Clock,
  acceptor,
} from "@roadstream/shared";
import { nodeZstd, nodeSha256 } from "@roadstream/shared/adapters";
import { MemoryEventLog } from "@roadstream/shared/testing";
import { afterTurn } from "../adapters/event-loop-turn.ts";
import { PublishRouter } from "../route/publish-router.ts";
import { ABANDON_REASONS } from "../route/route-counts.ts";

const TOPICS = logTopics({});

/** A router over the log in memory, with everything that its counts say. */
export const routerParts = async (clock: Clock) => {
  const log = new MemoryEventLog({ clock });
  await log.createTopics(allTopics(TOPICS), 1);
  const metrics = new MemoryMetrics();
  const writer = await log.writer();
  const accept = acceptor({ topics: TOPICS, sha256: nodeSha256, zstd: nodeZstd });
  const router = new PublishRouter({
    accept,
    writer,
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    metrics,
    afterTurn,
  });
  return { log, metrics, router, writer };
};

/** The values of a topic's records, in order. */
export const logged = async (log: MemoryEventLog, topic: string): Promise<Record<string, unknown>[]> => {
  const slice = await log.read({ topic, partition: 0 }, 0, Number.MAX_SAFE_INTEGER);
  if ("kind" in slice) throw new Error("out of range");
  return slice.values.map((value) => JSON.parse(value) as Record<string, unknown>);
};

export const loggedSeqs = async (log: MemoryEventLog): Promise<unknown[]> =>
  (await logged(log, "gps_data")).map((value) => value["seq"]);

/** `received = appended + dead-lettered + abandoned + held`, from the metrics. */
export const balance = (metrics: MemoryMetrics): { received: number; accounted: number; held: number } => {
  const name = (what: string): string => `roadstream_gateway_records_${what}`;
  const sum = (what: string, reasons: readonly string[]): number =>
    reasons.reduce((total, reason) => total + metrics.value(name(what), { reason }), 0);
  const held = metrics.value(name("held"));
  const ended =
    metrics.value(name("appended_total")) +
    sum("dead_lettered_total", REJECTION_REASONS) +
    sum("abandoned_total", ABANDON_REASONS);
  return { received: metrics.value(name("received_total")), accounted: ended + held, held };
};
