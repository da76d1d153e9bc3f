import type { ByteChannel } from "@roadstream/shared";

/** A channel that ends, as a file does, when the trip is over: an adapter's line would stay open for ever. */
export const endWithTrip = (channel: ByteChannel, over: AbortSignal): ByteChannel => ({
  name: channel.name,
  read: (signal) => channel.read(AbortSignal.any([signal, over])),
  write: (bytes) => channel.write(bytes),
  [Symbol.asyncDispose]: () => channel[Symbol.asyncDispose](),
});
