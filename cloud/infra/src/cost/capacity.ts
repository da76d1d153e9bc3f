import { ASSUMPTIONS } from "./assumptions.ts";
import type { PRICES } from "./prices.ts";
import type { Assumed, Volumes } from "./volumes.ts";

/** Three brokers of a kind, and what they take in while each record is written three times. */
interface BrokerKind {
  readonly name: string;
  readonly price: keyof typeof PRICES;
  readonly megabytesPerSecond: number;
}

const BROKER_KINDS: readonly BrokerKind[] = [
  { name: "kafka.t3.small", price: "brokerSmall", megabytesPerSecond: 1 },
  { name: "kafka.m7g.large", price: "brokerLarge", megabytesPerSecond: 15 },
  { name: "kafka.m7g.2xlarge", price: "broker2xLarge", megabytesPerSecond: 50 },
  { name: "kafka.m7g.4xlarge", price: "broker4xLarge", megabytesPerSecond: 100 },
];

export interface Capacity {
  readonly brokers: BrokerKind;
  readonly gateways: number;
  readonly workers: number;
}

/** What must run for the busiest hour. Gateways and workers follow the load; they are paid for as if they did not. */
export const capacity = (volumes: Volumes, assumed: Assumed = ASSUMPTIONS): Capacity => {
  const megabytes = volumes.logBytesPerSecondAtPeak / 1e6;
  const brokers = BROKER_KINDS.find(({ megabytesPerSecond }) => megabytes <= megabytesPerSecond);
  if (brokers === undefined) throw new Error(`no three brokers here take ${megabytes} MB/s`);
  return {
    brokers,
    gateways: Math.max(2, Math.ceil(volumes.carsAtPeak / assumed.carsPerGateway.value)),
    workers: Math.max(1, Math.ceil(volumes.rowsPerSecondAtPeak / assumed.rowsPerWorker.value)),
  };
};
