import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { nodeZstd } from "@roadstream/shared/adapters";
import type { DuckDbEngine } from "../adapters/duckdb-engine.ts";
import { sqlText } from "../adapters/duckdb-engine.ts";
import { readAvroFile } from "../lake/avro-file.ts";

const MAX_BYTES = 1 << 28;

const textOf = async (engine: DuckDbEngine, path: string): Promise<string> => {
  const bytes = await readFile(path);
  if (path.endsWith(".zst")) {
    const plain = nodeZstd.decompress(bytes, MAX_BYTES);
    return plain instanceof Uint8Array ? new TextDecoder().decode(plain) : "";
  }
  if (path.endsWith(".avro")) {
    const { records } = await readAvroFile(bytes, path);
    const plain = (_: string, value: unknown): unknown => {
      if (typeof value === "bigint") return String(value);
      const buffer = value as { readonly type?: unknown; readonly data?: unknown } | null;
      return buffer?.type === "Buffer" ? Buffer.from(buffer.data as number[]).toString("latin1") : value;
    };
    return JSON.stringify(records, plain);
  }
  if (path.endsWith(".parquet")) {
    using connection = await engine.connect();
    const rows = await connection.cells(`SELECT * FROM read_parquet(${sqlText(path)})`);
    const all = JSON.stringify(rows);
    // Payloads come as Base64.
    const payloads = rows.map(({ payload }) =>
      Buffer.from(typeof payload === "string" ? payload : "", "base64").toString("latin1"),
    );
    return `${all} ${payloads.join(" ")} ${bytes.toString("latin1")}`;
  }
  return bytes.toString("latin1");
};

/** The files and folders below a folder that have a name in their path or, unpacked, in their content: what a thief would do. */
export const filesNaming = async (
  engine: DuckDbEngine,
  folder: string,
  name: string,
): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const key = relative(folder, path);
    if (key.includes(name) || (entry.isFile() && (await textOf(engine, path)).includes(name)))
      found.push(key);
  }
  return found.sort();
};
