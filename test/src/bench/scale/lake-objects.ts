import { readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";

interface Kind {
  objects: number;
  bytes: number;
}

export type LakeObjects = Readonly<Record<"data" | "metadata" | "ledger", Kind>>;

const kindOf = (key: string): keyof LakeObjects | null => {
  if (key.startsWith("ledger/")) return "ledger";
  if (key.includes("/data/")) return "data";
  return key.includes("/metadata/") ? "metadata" : null;
};

/** What lies in a lake's folder, by what it is for. Of a few commits, nothing has been removed yet: it is all they wrote. */
export const lakeObjects = async (folder: string): Promise<LakeObjects> => {
  const kinds = {
    data: { objects: 0, bytes: 0 },
    metadata: { objects: 0, bytes: 0 },
    ledger: { objects: 0, bytes: 0 },
  };
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const kind = entry.isFile() ? kindOf(relative(folder, path).split(sep).join("/")) : null;
    if (kind === null) continue;
    kinds[kind].objects += 1;
    kinds[kind].bytes += (await stat(path)).size;
  }
  return kinds;
};
