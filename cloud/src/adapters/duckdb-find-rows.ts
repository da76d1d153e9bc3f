import { localFiles } from "../object-store/local-files.ts";
import type { LiveFile, ObjectStore } from "../ports.ts";
import type { FindRows, RowSearch } from "../trace/ports.ts";
import { sqlName, sqlText, type DuckDbEngine } from "./duckdb-engine.ts";
import { lakeFilesSql } from "./duckdb-lake-files.ts";

const FILE = "@file";

const whereSql = ({ equal, covering }: RowSearch): string =>
  [
    ...Object.entries(equal).map(
      ([name, value]) => `${sqlName(name)} = ${typeof value === "number" ? value : sqlText(value)}`,
    ),
    ...(covering === undefined ? [] : [`${covering} BETWEEN seq_from AND seq_to`]),
  ].join(" AND ");

export const duckDbFindRows =
  (engine: DuckDbEngine, store: ObjectStore): FindRows =>
  async (search) => {
    if (search.files.length === 0) return [];
    const { files } = search;
    const paths = await localFiles(
      store,
      files.map(({ key }) => key),
    );
    const byPath = new Map<string, LiveFile>();
    for (const [at, file] of files.entries()) byPath.set(paths[at] ?? "", file);
    const select = lakeFilesSql(search.definition, paths, { fileColumn: FILE });
    using connection = await engine.connect();
    const rows = await connection.cells(
      `SELECT * FROM (${select}) WHERE ${whereSql(search)} ORDER BY ${sqlName(FILE)}`,
    );
    return rows.flatMap((row) => {
      const { [FILE]: path, ...values } = row;
      const file = byPath.get(path as string);
      return file === undefined ? [] : [{ values, file }];
    });
  };
