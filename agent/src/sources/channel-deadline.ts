import {
  isRoadstreamError,
  seconds,
  unlessAborted,
  withDeadline,
  type ByteChannel,
  type Clock,
  type Logger,
  type OpenByteChannel,
} from "@roadstream/shared";

/** Opening a port or socket that hangs is given up after this. */
export const OPEN_DEADLINE = seconds(15);
/** Closing likewise; what does not close is left behind. */
export const CLOSE_DEADLINE = seconds(5);

interface Device {
  /** The source's name. */
  readonly source: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A channel, or an error when there is none by the deadline: a driver or a socket may never answer. */
export const openInTime = (
  { source, clock }: Device,
  open: OpenByteChannel,
  signal: AbortSignal,
): Promise<ByteChannel> =>
  unlessAborted(signal, withDeadline(clock, OPEN_DEADLINE, `open ${source}`, openOrDrop(open), signal));

/** A channel that opens after it was given up would keep the port busy for ever: it is closed at once. */
const openOrDrop =
  (open: OpenByteChannel): OpenByteChannel =>
  async (signal) => {
    const channel = await open(signal);
    if (signal.aborted) await channel[Symbol.asyncDispose]();
    return channel;
  };

export const closeInTime = async (
  { source, clock, logger }: Device,
  close: () => Promise<void>,
): Promise<void> => {
  try {
    await withDeadline(clock, CLOSE_DEADLINE, `close ${source}`, close);
  } catch (error) {
    if (!isRoadstreamError(error)) throw error;
    logger.warn("source_close_failed", { source, code: error.code });
  }
};
