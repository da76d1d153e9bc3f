import { promMetrics } from "@roadstream/shared/adapters";
import { expect, test } from "vitest";
import { parsePrometheusText } from "./prometheus-text.ts";

test("what our stages serve is read back, series by series", async () => {
  const metrics = promMetrics();
  const records = metrics.counter("records_total", "With labels.", ["table", "outcome"]);
  records.add(3, { table: "gps_data", outcome: "landed" });
  records.add(2, { table: "vehicle_data", outcome: "landed" });
  records.add(1, { table: "gps_data", outcome: 'odd "one", with {all}' });
  metrics.gauge("held", "Without.").set(1234.5);
  const samples = parsePrometheusText(await metrics.text());
  expect(samples.sum("records_total")).toBe(6);
  expect(samples.sum("records_total", { outcome: "landed" })).toBe(5);
  expect(samples.sum("records_total", { outcome: "landed", table: "gps_data" })).toBe(3);
  expect(samples.sum("held")).toBe(1234.5);
  expect(samples.sum("unheard_of")).toBe(0);
});
