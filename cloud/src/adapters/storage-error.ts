import { RoadstreamError } from "@roadstream/shared";

/** The operating system's name for an error, null for another kind. */
export const systemCode = (error: unknown): string | null =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;

/** A full disk: whoever waits may find room again. */
const NO_ROOM: ReadonlySet<string | null> = new Set(["ENOSPC", "EDQUOT"]);

/** What a failure of local files means to a caller; errors of our own stay as they are. */
export const storageError = (what: string, cause: unknown, hint?: string): RoadstreamError => {
  if (cause instanceof RoadstreamError) return cause;
  const code = systemCode(cause);
  const more = hint === undefined ? { cause } : { cause, hint };
  if (code === "EACCES" || code === "EPERM")
    return new RoadstreamError("refused", `${what}: permission denied`, more);
  const retryable = NO_ROOM.has(code);
  return new RoadstreamError("storage", `${what}: ${code ?? String(cause)}`, { ...more, retryable });
};
