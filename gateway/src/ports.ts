/** What a connection hears of a publish: `durable` to acknowledge, `try_later` to disconnect without an answer. */
export type Settlement = "durable" | "try_later";

/** A connection of a client, as far as what is held for it knows. */
export interface Session {
  readonly clientId: string;
}

/** Runs the work once, after everything that the event loop has ready now: sockets that can be read, first of all. */
export type AfterTurn = (work: () => void) => void;

/** A running listener for vehicles. Disposing stops accepting, lets what is held finish, acknowledges it and closes. */
export interface Ingest extends AsyncDisposable {
  /** Where it listens, with the real port. */
  readonly url: string;
  /** Sends to a vehicle's receipts topic; false when the vehicle is not connected here. */
  sendReceipt(vehicleId: string, payload: string): boolean;
}
