import {
  isRoadstreamError,
  retryIntervals,
  RoadstreamError,
  type Clock,
  type Random,
  type RetrySchedule,
} from "@roadstream/shared";
import { whileAway } from "../aws/while-away.ts";
import type { AthenaRequests, Execution, StatementRequest } from "./athena-requests.ts";

export interface StatementContext {
  readonly requests: AthenaRequests;
  readonly clock: Clock;
  readonly random: Random;
  /** Stops the statement, in Athena too. */
  readonly signal: AbortSignal;
}

export interface EndedStatement {
  readonly id: string;
  readonly execution: Execution;
}

/** Most statements take a second or a few; each look is a request of the account's quota. */
const LOOK_SCHEDULE: RetrySchedule = { firstMs: 150, factor: 1.4, maxMs: 3_000, jitter: 0.2 };
const STOP_ATTEMPTS = 3;

/**
 * Runs one statement to its end. However often its start has to be asked for, it runs once; when the signal fires it is
 * stopped, also where its start was never answered, since what runs on is paid for.
 */
export const runStatement = async (
  context: StatementContext,
  request: StatementRequest,
): Promise<EndedStatement> => {
  const { requests, signal } = context;
  let id: string | null = null;
  let hasAsked = false;
  try {
    id = await whileAway(context, () => {
      signal.throwIfAborted();
      hasAsked = true;
      return requests.start(request);
    });
    return { id, execution: await untilEnded(context, id) };
  } catch (error) {
    if (signal.aborted && hasAsked) await stop(context, id, request);
    throw error;
  }
};

const untilEnded = async (context: StatementContext, id: string): Promise<Execution> => {
  const waits = retryIntervals(LOOK_SCHEDULE, context.random);
  for (;;) {
    context.signal.throwIfAborted();
    const execution = await whileAway(context, () => context.requests.execution(id));
    if (execution.state !== "queued" && execution.state !== "running") return execution;
    await context.clock.sleep(waits.next().value, context.signal);
  }
};

/** Asks a few times at once: whoever pressed Ctrl-C does not wait for long. */
const stop = async (
  { requests }: StatementContext,
  id: string | null,
  request: StatementRequest,
): Promise<void> => {
  for (let attempt = 1; attempt <= STOP_ATTEMPTS; attempt += 1) {
    try {
      // Its token is the only way to the id of a statement whose start was not answered.
      await requests.stop(id ?? (await requests.start(request)));
      return;
    } catch (error) {
      if (!isRoadstreamError(error)) throw error;
    }
  }
};

/** What became of a statement that did not succeed, as an error; the hint is for one that is wrong itself. */
export const statementFailure = (
  { state, reason, isUserError }: Execution,
  hint: string,
): RoadstreamError => {
  if (state === "cancelled") {
    return new RoadstreamError("refused", `Athena cancelled the query: ${reason}`, {
      hint: "somebody stopped it, or it scanned more than its workgroup allows: ask for fewer columns, vehicles or days",
    });
  }
  return isUserError
    ? new RoadstreamError("usage", `Athena: ${reason}`, { hint })
    : new RoadstreamError("refused", `Athena: ${reason}`);
};
