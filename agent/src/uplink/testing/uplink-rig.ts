import { millis, MemoryMetrics, seconds, seededRandom, type Logger } from "@roadstream/shared";
import { nodeZstd } from "@roadstream/shared/adapters";
import { VirtualClock } from "@roadstream/shared/testing";
import { BestClock } from "../../clock/best-clock.ts";
import type { OutboxBudget } from "../../outbox/budget.ts";
import type { DurableOutbox } from "../../outbox/durable-outbox.ts";
import { MemoryDisk, MemorySegmentStore } from "../../testing/memory-segment-store.ts";
import { openTestOutbox } from "../../testing/open-test-outbox.ts";
import type { ForgetWhen } from "../forgetting.ts";
import { UplinkMetrics } from "../uplink-metrics.ts";
import { Uplink } from "../uplink.ts";
import { BrokerLine } from "./broker-line.ts";

export const ANSWER_DEADLINE = seconds(30);

export interface UplinkRig extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly disk: MemoryDisk;
  readonly store: MemorySegmentStore;
  readonly outbox: DurableOutbox;
  readonly uplink: Uplink;
  readonly broker: BrokerLine;
  readonly metrics: MemoryMetrics;
  /** Warnings, by event name. */
  readonly warnings: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[];
  /** Why storage failed for good. */
  readonly failures: readonly unknown[];
  /** Begins to send. */
  start(): void;
  stop(): Promise<void>;
}

/** An uplink between a real outbox in memory and a broker behind a line, in virtual time. */
export const uplinkRig = (
  options: {
    readonly clock?: VirtualClock;
    readonly disk?: MemoryDisk;
    readonly forget?: ForgetWhen;
    readonly budget?: Partial<OutboxBudget>;
  } = {},
): UplinkRig => {
  const {
    clock = new VirtualClock(),
    disk = new MemoryDisk(),
    forget = "acknowledged",
    budget = {},
  } = options;
  const store = new MemorySegmentStore(disk);
  const { outbox, failures } = openTestOutbox({ store, clock, budget });
  const broker = new BrokerLine(clock);
  const metrics = new MemoryMetrics();
  const warnings: { event: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const logger: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (event, fields = {}) => void warnings.push({ event, fields }),
    error: (event, fields = {}) => void warnings.push({ event, fields }),
    child: () => logger,
  };
  const bestClock = new BestClock({ clock, machineTime: () => null, tripTime: null });
  const uplink = new Uplink({
    outbox,
    connect: broker.connector,
    clock,
    random: seededRandom(7),
    logger,
    metrics: new UplinkMetrics(metrics),
    context: { vehicleId: "car-1", agentVersion: "test", clock, bestClock, zstd: nodeZstd },
    linger: millis(250),
    forget,
    answerDeadline: ANSWER_DEADLINE,
  });
  const halt = new AbortController();
  let running: Promise<void> = Promise.resolve();
  const stop = async (): Promise<void> => {
    halt.abort();
    // As long as a clean stop may take.
    await clock.advance(10_000);
    await running;
  };
  return {
    clock,
    disk,
    store,
    outbox,
    uplink,
    broker,
    metrics,
    warnings,
    failures,
    start: () => {
      running = uplink.run(halt.signal);
    },
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
      await outbox[Symbol.asyncDispose]();
    },
  };
};
