import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

/** What the flag does for a worker's peak is measured by `bench scale`: single heaps vary too much from run to run. */
test("this Node's V8 knows the flag: of another it would only complain on standard error", () => {
  const program = `
    const { keepHeapModest } = await import(${JSON.stringify(new URL("./modest-heap.ts", import.meta.url).href)});
    keepHeapModest();
    console.log("set");`;
  const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", program];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect(`${stdout}${stderr}`).toBe("set\n");
});
