import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import type { Metrics } from "../ports/metrics.ts";

export interface PromMetrics extends Metrics {
  /** The text that /metrics answers. */
  text(): Promise<string>;
}

/** Prometheus metrics in a registry of its own; asking twice for one name gives the same metric. */
export const promMetrics = (): PromMetrics => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const once = <T>(name: string, make: () => T): T =>
    (registry.getSingleMetric(name) as T | undefined) ?? make();
  const registers = [registry];
  return {
    counter: (name, help, labels = []) => {
      const counter = once(name, () => new Counter({ name, help, labelNames: [...labels], registers }));
      return { add: (amount = 1, values = {}) => counter.inc(values, amount) };
    },
    gauge: (name, help, labels = []) => {
      const gauge = once(name, () => new Gauge({ name, help, labelNames: [...labels], registers }));
      return {
        set: (value, values = {}) => gauge.set(values, value),
        remove: (values) => gauge.remove(values),
      };
    },
    histogram: (name, help, buckets, labels = []) => {
      const make = () =>
        new Histogram({ name, help, buckets: [...buckets], labelNames: [...labels], registers });
      const histogram = once(name, make);
      return { observe: (value, values = {}) => histogram.observe(values, value) };
    },
    text: () => registry.metrics(),
  };
};
