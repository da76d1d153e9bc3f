/** One ECU's whole answer, without header, padding and checksum: service + 0x40 first. */
export interface ObdMessage {
  /** Hexadecimal address of the ECU, e.g. `7E8`; empty when the adapter does not show it. */
  readonly ecu: string;
  readonly payload: Uint8Array;
}
