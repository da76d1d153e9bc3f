import { renameSync, writeFileSync } from "node:fs";

/** Readers see the old text or the new one, never a part. Synchronous, so that the order of states is kept. */
export const writeFileAtomic = (file: string, text: string): void => {
  const temporary = `${file}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, file);
};
