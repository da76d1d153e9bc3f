import {
  isRoadstreamError,
  millis,
  type ByteChannel,
  type Clock,
  type OpenByteChannel,
} from "@roadstream/shared";

/** What may wait in a line that nobody reads; a UART would have lost it as well. */
export const LINE_BACKLOG_BYTES = 4096;
/** How often an empty socket is looked at again. */
const PLUGGED_AGAIN = millis(100);

export interface LineCounts {
  sentBytes: number;
  droppedBytes: number;
}

/**
 * Joins a virtual device to a real line, both ways, until the device has ended or the signal fires. While the device is
 * unplugged the line is dead; it goes on once it is plugged in again.
 */
export const serveLine = async (
  options: {
    readonly device: OpenByteChannel;
    readonly line: ByteChannel;
    readonly clock: Clock;
    readonly counts: LineCounts;
  },
  signal: AbortSignal,
): Promise<void> => {
  const { line, clock, counts } = options;
  let device: ByteChannel | null = null;
  let waiting = 0;
  const say = async (bytes: Uint8Array): Promise<void> => {
    waiting += bytes.length;
    await line.write(bytes);
    waiting -= bytes.length;
    counts.sentBytes += bytes.length;
  };
  const failed = Promise.withResolvers<never>();
  const fail = (error: unknown): void => failed.reject(error);
  const hear = async (): Promise<void> => {
    for await (const bytes of line.read(signal)) await device?.write(bytes).catch(unlessRefusedOrLost);
  };
  const speak = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        device = await options.device(signal);
        for await (const bytes of device.read(signal)) {
          // Not awaited: a line without a reader must not stop the device's time.
          if (waiting + bytes.length <= LINE_BACKLOG_BYTES) void say(bytes).catch(fail);
          else counts.droppedBytes += bytes.length;
        }
        return;
      } catch (error) {
        if (!isRoadstreamError(error, "channel_lost")) throw error;
        device = null;
      }
      await clock.sleep(PLUGGED_AGAIN, signal).catch(() => undefined);
    }
  };
  await Promise.race([speak(), failed.promise, hear().then(() => failed.promise)]);
};

const unlessRefusedOrLost = (error: unknown): void => {
  if (!isRoadstreamError(error, "refused") && !isRoadstreamError(error, "channel_lost")) throw error;
};
