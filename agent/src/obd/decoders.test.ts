import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOfHex } from "./bus-format.ts";
import type { ObdMessage } from "./obd-message.ts";
import { PID_TABLE, pidRow } from "./pid-table.ts";
import { decodeService01 } from "./service-01.ts";
import { pidsOfBitmap } from "./supported-pids.ts";
import { codesText, decodeTroubleCodes, TROUBLE_CODE_LIMIT } from "./trouble-codes.ts";
import { decodeVin, modelYear } from "./vin.ts";

const message = (hex: string): ObdMessage => ({ ecu: "7E8", payload: bytesOfHex(hex.replaceAll(" ", "")) });
const valueOf = (hex: string, pid: number): unknown => {
  const answer = decodeService01(message(hex), [pid]);
  return answer.kind === "values" ? pidRow(pid)?.decode(answer.data.get(pid)!) : answer.reason;
};

// Examples worked out by hand from the formulas of SAE J1979-DA.
test.each([
  ["speed_kmh", 0x0d, "41 0D 50", 80],
  ["engine_rpm", 0x0c, "41 0C 1A F8", 1726],
  ["engine_load_pct", 0x04, "41 04 80", 50.2],
  ["throttle_pct", 0x11, "41 11 FF", 100],
  ["coolant_temp_c", 0x05, "41 05 7B", 83],
  ["intake_air_temp_c", 0x0f, "41 0F 00", -40],
  ["ambient_air_temp_c", 0x46, "41 46 3C", 20],
  ["mass_air_flow_g_s", 0x10, "41 10 01 5E", 3.5],
  ["fuel_level_pct", 0x2f, "41 2F 33", 20],
  ["fuel_rate_l_h", 0x5e, "41 5E 00 1E", 1.5],
  ["battery_v", 0x42, "41 42 37 14", 14.1],
  ["odometer_km", 0xa6, "41 A6 00 07 5B 14", 48_206.8],
  ["run_time_s", 0x1f, "41 1F 02 80", 640],
  ["mil_on", 0x01, "41 01 83 07 65 00", true],
  ["mil_on", 0x01, "41 01 03 07 65 00", false],
  ["fuel_type", 0x51, "41 51 04", "diesel"],
  ["fuel_type", 0x51, "41 51 FF", null],
])("%s is decoded", (column, pid, hex, expected) => {
  expect(pidRow(pid)?.column).toBe(column);
  expect(valueOf(hex, pid)).toEqual(expected);
});

test.each([
  ["7F 01 12", "negative"],
  ["42 0D 50", "wrong_service"],
  ["41 0C 1A F8", "wrong_pid"],
  ["41 0D 50 0D 51", "wrong_pid"],
  ["41 0D", "wrong_length"],
  ["41 0D 50 00", "wrong_pid"],
  ["41", "wrong_length"],
  ["", "wrong_service"],
])("%s is not an answer to 01 0D: %s", (hex, reason) => {
  expect(valueOf(hex, 0x0d)).toBe(reason);
});

test("several PIDs in one answer, in any order, some left out; one wrong length refuses all", () => {
  const asked = [0x0d, 0x0c, 0x05];
  const good = decodeService01(message("41 05 7B 0D 50"), asked);
  expect(good.kind === "values" && [...good.data.keys()]).toEqual([0x05, 0x0d]);
  expect(decodeService01(message("41 05 7B 0D 50 0C 1A"), asked)).toEqual({
    kind: "rejected",
    reason: "wrong_length",
  });
});

test("an answer is believed only if it is built of PIDs asked, each once, with their exact lengths", () => {
  const pids = PID_TABLE.map((row) => row.pid);
  fc.assert(
    fc.property(
      fc.subarray(pids, { minLength: 1, maxLength: 6 }),
      fc.uint8Array({ maxLength: 24 }),
      (asked, tail) => {
        const answer = decodeService01({ ecu: "", payload: Uint8Array.of(0x41, ...tail) }, asked);
        if (answer.kind === "rejected") return;
        const rebuilt = [...answer.data].flatMap(([pid, data]) => [pid, ...data]);
        expect(rebuilt).toEqual([...tail]);
        for (const [pid, data] of answer.data) {
          expect(asked).toContain(pid);
          expect(data).toHaveLength(pidRow(pid)!.bytes);
        }
      },
    ),
  );
});

test("supported PIDs are read from the highest bit on", () => {
  expect(pidsOfBitmap(0x00, bytesOfHex("80000001"))).toEqual([0x01, 0x20]);
  expect(pidsOfBitmap(0xa0, bytesOfHex("04000000"))).toEqual([0xa6]);
});

test.each([
  ["43 02 01 33 C1 00", ["P0133", "U0100"]],
  ["43 00", []],
  ["43 01 33 00 00 00 00", ["P0133"]],
  ["43 01 9A 23", ["B1A23"]],
])("%s lists %j", (hex, codes) => {
  expect(decodeTroubleCodes(message(hex), 0x03)).toEqual({ kind: "codes", codes });
});

test("a list of codes with another length than it says, or of another service, is refused", () => {
  const reasons = ["43 02 01 33", "43", "47 00", "43 01 01 33 00"].map((hex) =>
    decodeTroubleCodes(message(hex), 0x03),
  );
  expect(reasons.map((answer) => answer.kind === "rejected" && answer.reason)).toEqual([
    "wrong_length",
    "wrong_length",
    "wrong_service",
    "wrong_length",
  ]);
});

test("codes are sorted, each once, and fit their column", () => {
  expect(codesText(["U0100", "P0133", "U0100"])).toEqual({ text: "P0133 U0100", cut: 0 });
  expect(codesText([])).toEqual({ text: "", cut: 0 });
  const many = Array.from({ length: 300 }, (_, i) => `P${String(i).padStart(4, "0")}`);
  const { text, cut } = codesText(many);
  expect(text.length).toBeLessThanOrEqual(1024);
  expect(cut).toBe(300 - TROUBLE_CODE_LIMIT);
});

const VIN_HEX = Buffer.from("1M8GDM9AXKP042788").toString("hex");

test("a VIN comes in one message on CAN, in five with fillers on older buses", () => {
  expect(decodeVin([message(`490201${VIN_HEX}`)])).toEqual({ kind: "vin", vin: "1M8GDM9AXKP042788" });
  const filled = `000000${VIN_HEX}`;
  const parts = [1, 2, 3, 4, 5].map((n) => message(`49020${n}${filled.slice((n - 1) * 8, n * 8)}`));
  expect(decodeVin(parts)).toEqual({ kind: "vin", vin: "1M8GDM9AXKP042788" });
  expect(decodeVin(parts.toReversed())).toEqual({ kind: "rejected", reason: "wrong_length" });
});

test("a VIN with a wrong length, letter, PID or service is refused", () => {
  const lower = Buffer.from("1m8gdm9axkp042788").toString("hex");
  const answers = [`490201${VIN_HEX.slice(2)}`, `490201${lower}`, `490401${VIN_HEX}`, `480201${VIN_HEX}`];
  expect(answers.map((hex) => decodeVin([message(hex)]))).toEqual(
    ["wrong_length", "wrong_value", "wrong_pid", "wrong_service"].map((reason) => ({
      kind: "rejected",
      reason,
    })),
  );
});

test("the model year is told only by a VIN whose check digit is true", () => {
  expect(modelYear("1M8GDM9AXKP042788")).toBe(1989);
  expect(modelYear("11111111111111111")).toBe(2001);
  expect(modelYear("1M8GDM9A1KP042788")).toBeNull();
});
