import { MemoryMetrics, millis, seededRandom } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { buttonSource, SAME_PRESS } from "./button-source.ts";
import { recordingSink } from "./testing/recording-sink.ts";

test("a bouncing contact and a frightened hand are one incident, a later press is another", async () => {
  const clock = new VirtualClock();
  const metrics = new MemoryMetrics();
  const sink = recordingSink();
  const gaps = [0, 3, 12, 900, 8000, SAME_PRESS];
  const presses = async function* (signal: AbortSignal) {
    for (const gap of gaps) {
      await clock.sleep(millis(gap), signal);
      yield;
    }
  };
  const ended = buttonSource({ presses, clock, random: seededRandom(1), metrics }).run(
    sink,
    new AbortController().signal,
  );
  await clock.advance(60_000);
  expect(await ended).toBe("ended");
  expect(sink.readings).toHaveLength(2);
  expect(sink.readings[0]).toMatchObject({
    stream: "emergency_data",
    uptime: 1000,
    columns: { type: "medical", status: "active", severity: "major", source: "button" },
  });
  const name = "roadstream_agent_button_presses_total";
  expect(metrics.value(name, { outcome: "reported" })).toBe(2);
  expect(metrics.value(name, { outcome: "same" })).toBe(4);
});
