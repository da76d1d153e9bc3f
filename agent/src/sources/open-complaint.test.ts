import { RoadstreamError, silentLogger, type LogFields } from "@roadstream/shared";
import { expect, test } from "vitest";
import { OpenComplaint } from "./open-complaint.ts";

test("a reason is said once with its hint, another one anew, and each again after the device was open", () => {
  const said: LogFields[] = [];
  const warn = (event: string, fields?: LogFields) => said.push({ event, ...fields });
  const complaint = new OpenComplaint("gps", { ...silentLogger, warn });
  const absent = new RoadstreamError("channel_lost", "/dev/x: absent", { hint: "plug it in" });
  complaint.failed(absent);
  complaint.failed(absent);
  complaint.failed(new RoadstreamError("channel_lost", "/dev/x: busy"));
  complaint.opened();
  complaint.failed(absent);
  const line = { event: "source_open_failed", source: "gps" };
  expect(said).toEqual([
    { ...line, error: "/dev/x: absent", hint: "plug it in" },
    { ...line, error: "/dev/x: busy" },
    { ...line, error: "/dev/x: absent", hint: "plug it in" },
  ]);
});
