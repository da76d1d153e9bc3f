import { seconds } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { intervalFrames } from "./interval-frames.ts";

test("one picture at once and one each interval, however long each takes; none after the end", async () => {
  const clock = new VirtualClock({ uptime: 0 });
  const at: number[] = [];
  const grab = async () => {
    at.push(clock.uptime());
    await clock.sleep(seconds(4));
    return new Uint8Array(1);
  };
  const frames = intervalFrames({ grab, interval: seconds(10), clock });
  const stop = new AbortController();
  const run = async (): Promise<void> => {
    while ((await frames.next(stop.signal)) !== "ended") continue;
  };
  const ended = run();
  await clock.advance(35_000);
  stop.abort();
  await clock.advance(0);
  await ended;
  expect(at).toEqual([0, 10_000, 20_000, 30_000]);
});
