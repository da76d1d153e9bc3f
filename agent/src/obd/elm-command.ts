import { RoadstreamError } from "@roadstream/shared";

/**
 * Everything that may ever be written to an adapter. The car is only read: SAE J1979 services 04 (clear), 05, 06 and
 * 08 (control), any UDS service, and every AT command outside this list cannot be spelled. Commands are built from
 * constants and numbers of this program, never from text that came from elsewhere.
 */
export const READ_SERVICES = [0x01, 0x02, 0x03, 0x07, 0x09, 0x0a] as const;
export type ReadService = (typeof READ_SERVICES)[number];

export const AT_COMMANDS = [
  "ATZ",
  "ATI",
  "ATE0",
  "ATL0",
  "ATS0",
  "ATH1",
  "ATCAF1",
  "ATAT1",
  "ATSP0",
  "ATDPN",
  "ATRV",
] as const;
export type AtCommand = (typeof AT_COMMANDS)[number];

/** SAE J1979 for CAN: one request carries up to six PIDs. */
export const PIDS_PER_REQUEST = 6;

/** Service and up to six further bytes; what any `read` command looks like when it is written. */
const READ_TEXT = /^(01|02|03|07|09|0A)([0-9A-F]{2}){0,6}$/;

const hexByte = (value: number): string => value.toString(16).toUpperCase().padStart(2, "0");
const isByte = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= 0xff;

/** A command that passed the guard; there is no other way to make one. */
export class ElmCommand {
  readonly #text: string;
  /** Null for an AT command. */
  readonly service: ReadService | null;
  readonly pids: readonly number[];

  private constructor(text: string, service: ReadService | null, pids: readonly number[]) {
    this.#text = text;
    this.service = service;
    this.pids = pids;
  }

  static at(command: AtCommand): ElmCommand {
    if (!AT_COMMANDS.includes(command)) throw new RoadstreamError("invariant", "AT command outside the list");
    return new ElmCommand(command, null, []);
  }

  static read(service: ReadService, pids: readonly number[] = []): ElmCommand {
    const text = hexByte(service) + pids.map(hexByte).join("");
    if (!READ_SERVICES.includes(service) || pids.length > PIDS_PER_REQUEST || !pids.every(isByte)) {
      throw new RoadstreamError("invariant", "OBD request outside the read-only services");
    }
    return new ElmCommand(text, service, pids);
  }

  get text(): string {
    return this.#text;
  }

  /** The bytes to write, checked once more at the last place before the wire. The adapter wants CR alone. */
  static wireBytes(command: ElmCommand): Uint8Array {
    if (!(#text in command)) throw new RoadstreamError("invariant", "not a guarded command");
    const text = command.#text;
    const allowed = AT_COMMANDS.some((known) => known === text) || READ_TEXT.test(text);
    if (!allowed) throw new RoadstreamError("invariant", "command refused by the read-only guard");
    return new TextEncoder().encode(`${text}\r`);
  }
}
