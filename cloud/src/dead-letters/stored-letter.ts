import type { Cell, QueryResult } from "../sql/query-result.ts";

/** A row of dead_letters. */
export interface StoredLetter {
  readonly id: string;
  readonly reason: string;
  readonly detail: string | null;
  readonly vehicleId: string | null;
  readonly bootId: string | null;
  readonly stream: string | null;
  readonly seqFrom: number | null;
  readonly seqTo: number | null;
  /** The MQTT or log topic that it came by. */
  readonly topic: string;
  /** ISO 8601. */
  readonly receivedAt: string;
  readonly payload: Uint8Array;
}

export const LETTER_COLUMNS =
  "dead_letter_id, reason, detail, vehicle_id, boot_id, stream, seq_from, seq_to, topic, received_at, payload";

const textOr = (cell: Cell | undefined): string | null => (typeof cell === "string" ? cell : null);
const text = (cell: Cell | undefined): string => textOr(cell) ?? "";
/** 64-bit integers come as text. */
const seq = (cell: Cell | undefined): number | null =>
  cell === null || cell === undefined ? null : Number(cell);

const letter = (row: readonly Cell[]): StoredLetter => ({
  id: text(row[0]),
  reason: text(row[1]),
  detail: textOr(row[2]),
  vehicleId: textOr(row[3]),
  bootId: textOr(row[4]),
  stream: textOr(row[5]),
  seqFrom: seq(row[6]),
  seqTo: seq(row[7]),
  topic: text(row[8]),
  receivedAt: text(row[9]),
  payload: Buffer.from(text(row[10]), "base64"),
});

/** The letters of a query for {@link LETTER_COLUMNS}, in its own portions. */
export async function* storedLetters(result: QueryResult): AsyncGenerator<readonly StoredLetter[]> {
  for await (const batch of result.batches) yield batch.map(letter);
}
