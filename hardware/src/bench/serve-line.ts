import {
  isRoadstreamError,
  millis,
  type ByteChannel,
  type Clock,
  type OpenByteChannel,
} from "@roadstream/shared";

/** What may wait in a line that nobody reads; a UART would have lost it as well. */
export const LINE_BACKLOG_BYTES = 4096;
/** How often an empty socket, or the place of a line that is gone, is looked at again. */
const PLUGGED_AGAIN = millis(100);

export interface LineCounts {
  sentBytes: number;
  droppedBytes: number;
}

export interface LineService {
  readonly device: OpenByteChannel;
  readonly line: OpenByteChannel;
  readonly clock: Clock;
  readonly counts: LineCounts;
}

/**
 * Joins a virtual device to a real line, both ways, until the device has ended or the signal fires. While the device is
 * unplugged the line is dead; it goes on once it is plugged in again. A line that goes away, as a pulled cable does, is
 * waited for; one that is not there at the start is a mistake and throws.
 */
export const serveLine = async (service: LineService, signal: AbortSignal): Promise<void> => {
  let line: ByteChannel | null = await service.line(signal);
  while (!signal.aborted) {
    if (line !== null && (await join(line, service, signal)) === "device_ended") return;
    await service.clock.sleep(PLUGGED_AGAIN, signal).catch(() => undefined);
    line = await service.line(signal).catch(nothingIfLost);
  }
};

/** Serves one line until it or the device has ended. */
const join = async (
  line: ByteChannel,
  service: LineService,
  signal: AbortSignal,
): Promise<"device_ended" | "line_lost"> => {
  const { clock, counts } = service;
  const left = new AbortController();
  const stop = AbortSignal.any([signal, left.signal]);
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
  const hear = async (): Promise<"line_lost"> => {
    for await (const bytes of line.read(stop)) await device?.write(bytes).catch(unlessRefusedOrLost);
    return "line_lost";
  };
  const speak = async (): Promise<"device_ended"> => {
    while (!stop.aborted) {
      device = await service.device(stop).catch(nothingIfLost);
      try {
        for await (const bytes of device?.read(stop) ?? []) {
          // Not awaited: a line without a reader must not stop the device's time.
          if (waiting + bytes.length <= LINE_BACKLOG_BYTES) void say(bytes).catch(fail);
          else counts.droppedBytes += bytes.length;
        }
        if (device !== null) return "device_ended";
      } catch (error) {
        nothingIfLost(error);
        device = null;
      }
      await clock.sleep(PLUGGED_AGAIN, stop).catch(() => undefined);
    }
    return "device_ended";
  };
  const spoken = speak();
  try {
    return await Promise.race([spoken, failed.promise, hear()]);
  } catch (error) {
    nothingIfLost(error);
    return "line_lost";
  } finally {
    left.abort();
    await spoken.catch(() => undefined);
    await line[Symbol.asyncDispose]();
  }
};

const nothingIfLost = (error: unknown): null => {
  if (!isRoadstreamError(error, "channel_lost")) throw error;
  return null;
};

const unlessRefusedOrLost = (error: unknown): void => {
  if (!isRoadstreamError(error, "refused") && !isRoadstreamError(error, "channel_lost")) throw error;
};
