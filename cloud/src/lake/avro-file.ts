import avro, { type Type } from "avsc";
import { RoadstreamError } from "@roadstream/shared";
import type { AvroSchema } from "./avro-schemas.ts";

/*
 * Avro specification 1.11, "Object Container Files":
 *   file   = "Obj" 1, map<bytes> metadata, 16 bytes sync, block*
 *   block  = long count, long size, `size` bytes (by the codec), 16 bytes sync
 * The container is written here and not by avsc, which drops the schema attributes that it does not know (Iceberg's
 * field ids). Block bytes come from avsc, with each long as a bigint.
 */
const MAGIC = new Uint8Array([0x4f, 0x62, 0x6a, 0x01]);
const SYNC_BYTES = 16;
/** One inflated block; Java writes 64 KB blocks, we one block a file. Beyond this it is an attack or a defect. */
const MAX_BLOCK_BYTES = 256 * 1024 * 1024;

const bigLong = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const out = Buffer.alloc(8);
    out.writeBigInt64LE(value);
    return out;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === "bigint",
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
});

export const avroType = (schema: AvroSchema): Type =>
  avro.Type.forSchema(schema as Parameters<typeof avro.Type.forSchema>[0], {
    registry: { long: bigLong },
    wrapUnions: "never",
  });

const longs = avroType("long");
const headers = avroType({ type: "map", values: "bytes" });

const squeezed = async (
  bytes: Uint8Array,
  through: CompressionStream | DecompressionStream,
): Promise<Uint8Array> => {
  const reader = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(through).getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(parts, size);
    parts.push(value);
    size += value.length;
    if (size > MAX_BLOCK_BYTES) {
      await reader.cancel();
      throw new RoadstreamError("table_invalid", `an Avro block inflates beyond ${MAX_BLOCK_BYTES} bytes`);
    }
  }
};

/** avsc says `offset` -1 and no value when the bytes end too early. */
interface Decoded<T> {
  readonly value: T | undefined;
  readonly offset: number;
}

export interface AvroFile {
  readonly schema: AvroSchema;
  /** The header's other keys, as text. */
  readonly header: Readonly<Record<string, string>>;
  /** By the file's own schema: field names as its writer chose them, longs as bigints, bytes as Buffer. */
  readonly records: readonly unknown[];
}

export interface AvroContent {
  readonly schema: AvroSchema;
  readonly type: Type;
  readonly header: Readonly<Record<string, string>>;
  readonly records: readonly unknown[];
  /** 16 bytes that no other file has. */
  readonly sync: Uint8Array;
}

export const writeAvroFile = async (content: AvroContent): Promise<Uint8Array> => {
  const metadata = {
    "avro.schema": JSON.stringify(content.schema),
    "avro.codec": "deflate",
    ...content.header,
  };
  const text = Object.entries(metadata).map(([key, value]) => [key, Buffer.from(value, "utf8")]);
  const parts: Uint8Array[] = [MAGIC, headers.toBuffer(Object.fromEntries(text)), content.sync];
  if (content.records.length > 0) {
    const plain = Buffer.concat(content.records.map((record) => content.type.toBuffer(record)));
    const block = await squeezed(plain, new CompressionStream("deflate-raw"));
    parts.push(
      longs.toBuffer(BigInt(content.records.length)),
      longs.toBuffer(BigInt(block.length)),
      block,
      content.sync,
    );
  }
  return Buffer.concat(parts);
};

export const readAvroFile = async (bytes: Uint8Array, name: string): Promise<AvroFile> => {
  try {
    return await readParts(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (cause) {
    if (cause instanceof RoadstreamError) throw cause;
    throw new RoadstreamError("table_invalid", `${name}: not a readable Avro file`, { cause });
  }
};

const readParts = async (file: Buffer): Promise<AvroFile> => {
  if (Buffer.compare(file.subarray(0, MAGIC.length), MAGIC) !== 0)
    throw new RoadstreamError("table_invalid", "no Avro magic");
  const decoded: Decoded<Record<string, Buffer>> = headers.decode(file, MAGIC.length);
  if (decoded.value === undefined) throw new RoadstreamError("table_invalid", "the Avro header is cut off");
  const header = Object.fromEntries(
    Object.entries(decoded.value).map(([key, value]) => [key, value.toString("utf8")]),
  );
  const schema = JSON.parse(header["avro.schema"] ?? "null") as AvroSchema;
  const codec = header["avro.codec"] ?? "null";
  if (codec !== "null" && codec !== "deflate")
    throw new RoadstreamError("table_invalid", `unknown Avro codec ${codec}`);
  const sync = file.subarray(decoded.offset, decoded.offset + SYNC_BYTES);
  const type = avroType(schema);
  const records: unknown[] = [];
  let at = decoded.offset + SYNC_BYTES;
  while (at < file.length) {
    const count = readLong(file, at);
    const size = readLong(file, count.end);
    const end = size.end + size.value;
    if (size.value < 0 || Buffer.compare(file.subarray(end, end + SYNC_BYTES), sync) !== 0) {
      throw new RoadstreamError("table_invalid", "an Avro block does not end with its mark");
    }
    const stored = file.subarray(size.end, end);
    const block = codec === "null" ? stored : await squeezed(stored, new DecompressionStream("deflate-raw"));
    readBlock(type, Buffer.from(block), count.value, records);
    at = end + SYNC_BYTES;
  }
  return { schema, header, records };
};

const readLong = (file: Buffer, at: number): { value: number; end: number } => {
  const { value, offset }: Decoded<bigint> = longs.decode(file, at);
  if (value === undefined) throw new RoadstreamError("table_invalid", "an Avro block is cut off");
  return { value: Number(value), end: offset };
};

const readBlock = (type: Type, block: Buffer, count: number, into: unknown[]): void => {
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    const { value, offset }: Decoded<unknown> = type.decode(block, at);
    if (offset < 0) throw new RoadstreamError("table_invalid", "an Avro record is cut off");
    into.push(value);
    at = offset;
  }
  if (at !== block.length)
    throw new RoadstreamError("table_invalid", "an Avro block holds more than its records");
};
