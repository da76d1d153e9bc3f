/**
 * Bytes in and bytes out: a serial port, a TCP socket, a file, or the bench. Parsers never see one; the agent's
 * sources read it and push into sans-I/O parsers.
 */
export interface ByteChannel extends AsyncDisposable {
  /** For people: the device path or address, without secrets. */
  readonly name: string;
  /**
   * Chunks as they arrive, cut anywhere. Ends when the source has ended for good (a file); throws
   * {@link RoadstreamError} `channel_lost` when it was lost (unplugged, connection reset). One reader only.
   */
  read(signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Resolves when the bytes were handed to the device; throws `channel_lost`, or `refused` on a read-only source. */
  write(bytes: Uint8Array): Promise<void>;
}

/** Makes a new channel each time: a lost one is never re-opened, it is replaced. */
export type OpenByteChannel = (signal: AbortSignal) => Promise<ByteChannel>;
