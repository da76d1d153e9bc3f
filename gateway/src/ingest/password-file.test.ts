import { expect, test } from "vitest";
import { parsePasswordFile } from "./password-file.ts";

const DIGEST = "ab".repeat(32);

test("lines, comments and blanks are read", () => {
  expect(parsePasswordFile(`# fleet\r\n\r\ncar-1:${DIGEST}\ncar-2:${DIGEST}\n`)).toEqual(
    new Map([
      ["car-1", DIGEST],
      ["car-2", DIGEST],
    ]),
  );
});

test.each([
  `car-1:plain`,
  `car 1:${DIGEST}`,
  `car-1:${DIGEST}:x`,
  `:${DIGEST}`,
  `car-1:${DIGEST}\ncar-1:${DIGEST}`,
])("%j is refused without repeating it", (text) => {
  expect(() => parsePasswordFile(text)).toThrow(
    /^password file, line [12]: [^:]*(not VEHICLE_ID:SHA256|twice)$/,
  );
});
