import type { Metrics } from "@roadstream/shared";
import type { OutboxUsage } from "../ports.ts";
import type { OutboxTransaction } from "./outbox-transaction.ts";

/**
 * Counts what enters and leaves the outbox. At any moment, for one run of the agent:
 * held at start + accepted = acknowledged + dropped + held.
 */
export class OutboxMetrics {
  readonly #accepted;
  readonly #acknowledged;
  readonly #dropped;
  readonly #failures;
  readonly #readFailures;
  readonly #commits;
  readonly #heldAtStart;
  readonly #held;
  readonly #bytes;

  constructor(metrics: Metrics) {
    const name = (what: string): string => `roadstream_agent_outbox_${what}`;
    this.#accepted = metrics.counter(name("accepted_total"), "Readings given a number and fsynced.", [
      "stream",
    ]);
    this.#acknowledged = metrics.counter(
      name("acknowledged_total"),
      "Readings forgotten because the peer has them.",
    );
    this.#dropped = metrics.counter(name("dropped_total"), "Readings given up as declared gaps.", ["reason"]);
    this.#failures = metrics.counter(name("failures_total"), "Transactions that the disk refused.");
    this.#readFailures = metrics.counter(name("read_failures_total"), "Reads that the disk refused.");
    this.#commits = metrics.counter(name("commits_total"), "Transactions, each with its fsync.");
    this.#heldAtStart = metrics.gauge(name("held_at_start"), "Readings found at start.");
    this.#held = metrics.gauge(name("held"), "Readings held now.");
    this.#bytes = metrics.gauge(
      name("held_bytes"),
      "Text of the readings held now, with what storing them costs.",
    );
  }

  opened(usage: OutboxUsage): void {
    this.#heldAtStart.set(usage.records);
    this.#observe(usage);
  }

  committed(transaction: OutboxTransaction, usage: OutboxUsage): void {
    this.#commits.add();
    for (const [stream, count] of transaction.accepted) this.#accepted.add(count, { stream });
    for (const [reason, count] of transaction.dropped) this.#dropped.add(count, { reason });
    if (transaction.acknowledged > 0) this.#acknowledged.add(transaction.acknowledged);
    this.#observe(usage);
  }

  failed(): void {
    this.#failures.add();
  }

  readFailed(): void {
    this.#readFailures.add();
  }

  #observe(usage: OutboxUsage): void {
    this.#held.set(usage.records);
    this.#bytes.set(usage.bytes);
  }
}
