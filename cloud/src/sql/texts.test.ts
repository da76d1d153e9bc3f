import { expect, test } from "vitest";
import { csvText } from "./csv-text.ts";
import { jsonObjectText, jsonText } from "./json-text.ts";
import type { Cell, QueryResult } from "./query-result.ts";
import { rowsResult } from "./rows-result.ts";
import { tableText, type TableLook } from "./table-text.ts";

const result = (...batches: readonly (readonly (readonly Cell[])[])[]): QueryResult => ({
  columns: [
    { name: "id", type: "VARCHAR", isNumber: false },
    { name: "n", type: "BIGINT", isNumber: true },
    { name: "more", type: "STRUCT", isNumber: false },
  ],
  batches: (async function* () {
    yield* batches;
  })(),
});
const ROWS: readonly (readonly Cell[])[] = [
  ["a", "9007199254740993", null],
  ['say "x",\ny', "1", { k: [1, null] }],
  ["", null, "\u001b[2Jx"],
];
const whole = async (texts: AsyncIterable<string>): Promise<string> => {
  let text = "";
  for await (const part of texts) text += part;
  return text;
};

const notes: string[] = [];
const look = (more: Partial<TableLook> = {}): TableLook => {
  notes.length = 0;
  return { width: Infinity, maxRows: 1000, hasColour: false, note: (text) => notes.push(text), ...more };
};

test("CSV quotes what must be, and tells an empty text from an absent one", async () => {
  expect(await whole(csvText(result(ROWS)))).toBe(
    `id,n,more\na,9007199254740993,\n"say ""x"",\ny",1,"{""k"":[1,null]}"\n"",,\u001b[2Jx\n`,
  );
});

test("JSON is one array, in however many portions the rows come", async () => {
  const rows = ROWS.map(([id, n, more]) => ({ id, n, more }));
  for (const batches of [[ROWS], [[], ROWS.slice(0, 1), [], ROWS.slice(1)]])
    expect(JSON.parse(await whole(jsonText(result(...batches))))).toEqual(rows);
  expect(await whole(jsonText(result()))).toBe("[]\n");
  const object = await whole(jsonObjectText(result(ROWS.slice(0, 2), ROWS.slice(2))));
  expect(JSON.parse(object)).toEqual({
    ok: true,
    columns: [
      { name: "id", type: "VARCHAR" },
      { name: "n", type: "BIGINT" },
      { name: "more", type: "STRUCT" },
    ],
    rows,
    row_count: 3,
  });
});

test("a table aligns numbers to the right, keeps lines apart, and lets no control character through", async () => {
  expect((await whole(tableText(result(ROWS), look()))).split("\n")).toEqual([
    "id                       n  more",
    "────────  ────────────────  ──────────────",
    "a         9007199254740993",
    'say "x",                 1  {"k":[1,null]}',
    "y",
    "                            ·[2Jx",
    "",
  ]);
  expect(notes).toEqual(["3 rows"]);
});

test("what is wider than the terminal is printed a column a line", async () => {
  expect(await whole(tableText(result(ROWS.slice(1, 2)), look({ width: 20, hasColour: true })))).toBe(
    [
      "\u001b[1m── row 1 ──\u001b[22m",
      'id    say "x",',
      "      y",
      "n     1",
      'more  {"k":[1,null]}',
      "",
    ].join("\n"),
  );
});

test("a table ends at its limit and says so; a long text is cut", async () => {
  const text = await whole(tableText(result([["x".repeat(500), "1", null], ...ROWS]), look({ maxRows: 2 })));
  expect(text.split("\n")).toHaveLength(5);
  expect(text).toContain(`${"x".repeat(119)}…`);
  expect(notes[0]).toContain("The first 2 rows");
  await whole(tableText(result(ROWS), look({ maxRows: 3 })));
  expect(notes).toEqual(["3 rows"]);
});

test("objects of one shape print like rows", async () => {
  const rows = [
    { table: "a", rows: 10 },
    { table: "bc", rows: 9 },
  ];
  expect(await whole(tableText(rowsResult(rows), look()))).toBe(
    "table  rows\n─────  ────\na        10\nbc        9\n",
  );
  expect(await whole(csvText(rowsResult(rows)))).toBe("table,rows\na,10\nbc,9\n");
});
