import { expect, test } from "vitest";
import { requireScanLimit, scanNote } from "./scan-limit.ts";

const MIB = 1024 * 1024;
const group = (scanLimitBytes: number | null) => ({ name: "cars", scanLimitBytes });

test.each([
  [100 * MIB, null],
  [100 * MIB, 100],
  [99 * MIB, 100],
])("a workgroup with a limit of %s serves who wants %s", (limit, wanted) => {
  expect(() => requireScanLimit(group(limit), wanted)).not.toThrow();
});

test.each([
  [null, null, "no limit of what a query may scan", "BytesScannedCutoffPerQuery=10737418240"],
  [null, 100, "no limit of what a query may scan, not of 100 MiB or less", `=${100 * MIB}`],
  [
    101 * MIB,
    100,
    "a limit of 101 MiB",
    `--work-group cars --configuration-updates BytesScannedCutoffPerQuery=${100 * MIB}`,
  ],
])("one with %s does not serve who wants %s", (limit, wanted, reason, hint) => {
  expect(() => requireScanLimit(group(limit), wanted)).toThrow(
    expect.objectContaining({
      code: "refused",
      message: expect.stringContaining(reason) as string,
      hint: expect.stringContaining(hint) as string,
    }),
  );
});

test("what was scanned has a price, at least that of 10 MiB", () => {
  expect(scanNote(0)).toBe("scanned nothing");
  expect(scanNote(1)).toBe("scanned 0 MiB: about 0.000048 USD at 5 USD per TiB");
  expect(scanNote(1.5 * MIB)).toBe("scanned 1.5 MiB: about 0.000048 USD at 5 USD per TiB");
  expect(scanNote(MIB * MIB)).toBe("scanned 1048576 MiB: about 5 USD at 5 USD per TiB");
});
