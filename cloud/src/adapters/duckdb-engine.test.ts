import { expect, test } from "vitest";
import { DEFAULT_DUCKDB, DuckDbEngine } from "./duckdb-engine.ts";

test("it spills where it is told to, else nowhere: DuckDB's own default is a folder where the process stands", async () => {
  for (const [temporaryFolder, setting] of [
    [null, ""],
    ["/tmp/x", "/tmp/x"],
  ] as const) {
    await using engine = await DuckDbEngine.open({ ...DEFAULT_DUCKDB, temporaryFolder });
    using connection = await engine.connect();
    expect(await connection.rows("SELECT current_setting('temp_directory') AS folder")).toEqual([
      { folder: setting },
    ]);
  }
});
