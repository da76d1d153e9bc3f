import { uuidV7, type Clock, type Random } from "@roadstream/shared";
import { PARTITION_FIELD } from "./iceberg-schema.ts";

const SYNC_BYTES = 16;
const TWO_32 = 0x1_0000_0000;
const TWO_31 = 0x8000_0000;

/** Names that never come back, and what else must be unique in the lake. */
export class ObjectNames {
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  uuid(): string {
    return uuidV7(this.#clock.now(), this.#random);
  }

  /** 63 random bits, never 0. */
  snapshotId(): bigint {
    const high = BigInt(Math.floor(this.#random.next() * TWO_31));
    return (high << 32n) | BigInt(Math.floor(this.#random.next() * TWO_32)) || 1n;
  }

  /** The mark between an Avro file's blocks. */
  sync(): Uint8Array {
    return Uint8Array.from({ length: SYNC_BYTES }, () => Math.floor(this.#random.next() * 256));
  }

  manifest(table: string): string {
    return `${table}/metadata/m-${this.uuid()}.avro`;
  }

  manifestList(table: string, snapshotId: bigint): string {
    return `${table}/metadata/snap-${snapshotId}-${this.uuid()}.avro`;
  }

  dataFile(table: string, day: string): string {
    return `${table}/data/${PARTITION_FIELD}=${day}/${this.uuid()}.parquet`;
  }
}
