import type { Samples } from "./progress/prometheus-text.ts";

export interface StageExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** What a stage says when its work has begun. */
export interface StageReady {
  /** Base URL of its /metrics, null when it serves none. */
  readonly metrics: string | null;
  readonly bootId: string | null;
}

/** One process, from its start to its end. */
export interface StageProcess {
  readonly pid: number;
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Null when it ended without ever being ready. */
  readonly ready: Promise<StageReady | null>;
  readonly exited: Promise<StageExit>;
  /** Everything it wrote to stdout. */
  stdout(): string;
  /** The last lines it wrote to stderr. */
  lastWords(): string;
  signal(name: "SIGTERM" | "SIGKILL"): void;
}

/** Starts processes that cannot outlive the demo. `name` is for its output file. */
export interface Launcher {
  launch(name: string, argv: readonly string[]): StageProcess;
}

/** Asks a stage how it is doing; null when it does not answer. */
export type Meter = (metricsUrl: string) => Promise<Samples | null>;

/** What the person sees while the demo runs. */
export interface Screen {
  /** A line that stays. */
  note(text: string): void;
  /** The state of things now: all lines where they can be drawn over, else the brief one now and then. */
  progress(lines: readonly string[], brief: string): void;
  /** No progress is drawn from here on. */
  close(): void;
}
