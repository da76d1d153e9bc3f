/** Every failure that this system raises itself, by code; message text is for people and is never read by code. */
export const ERROR_CODES = {
  /** A command line, environment or file that cannot be used; nothing was started. */
  usage: { retryable: false },
  /** A byte channel (serial port, socket) was lost, or could not be opened. */
  channel_lost: { retryable: true },
  /** A deadline passed before an answer came. */
  timeout: { retryable: true },
  /** The peer (broker, log, store) is away or said "later". */
  unavailable: { retryable: true },
  /** The peer refused for good: authentication, permission, a limit. */
  refused: { retryable: false },
  /** The event log is not the one that the table was built from, or was rewound or truncated. */
  log_mismatch: { retryable: false },
  /** A table's stored form is not what we wrote or understand. */
  table_invalid: { retryable: false },
  /** Local storage failed: disk full, corrupt file, permission. */
  storage: { retryable: false },
  /** A budget is used up; the caller must wait or drop. */
  over_budget: { retryable: true },
  /** Cancelled by the caller's AbortSignal. */
  aborted: { retryable: false },
  /** An invariant of this program is broken. */
  invariant: { retryable: false },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The one error class. `code` decides; `hint` tells a person what to do next; `cause` keeps the library's error. */
export class RoadstreamError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly hint: string | null;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; hint?: string; retryable?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "RoadstreamError";
    this.code = code;
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable;
    this.hint = options.hint ?? null;
  }
}

export const isRoadstreamError = (error: unknown, code?: ErrorCode): error is RoadstreamError =>
  error instanceof RoadstreamError && (code === undefined || error.code === code);

/** The text of anything thrown, for logs. */
export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));
