import { Duplex } from "node:stream";

type Done = (error?: Error | null) => void;

/**
 * What the MQTT library takes for the client's socket: it reads the packets that are passed on to it, and what it writes
 * goes out. One ends with the other.
 */
export class BrokerSide extends Duplex {
  readonly #socket: Duplex;
  readonly #wantsMore: () => void;

  constructor(socket: Duplex, wantsMore: () => void) {
    super();
    this.#socket = socket;
    this.#wantsMore = wantsMore;
  }

  override _read(): void {
    this.#wantsMore();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (this.#socket.destroyed) done();
    else this.#socket.write(chunk, done);
  }

  /** A packet is written in parts, and corked: all of it is one write, so that nothing comes between. */
  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: Done): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), "utf8", done);
  }

  override _final(done: Done): void {
    this.#socket.end();
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#socket.destroy();
    done(error);
  }
}
