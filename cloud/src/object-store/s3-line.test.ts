import { millis, seededRandom, type RoadstreamError } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { S3Line } from "./s3-line.ts";

const busy = Object.assign(new Error("busy"), { name: "SlowDown", $metadata: { httpStatusCode: 503 } });
const denied = Object.assign(new Error("no"), { name: "AccessDenied", $metadata: { httpStatusCode: 403 } });

let clock: VirtualClock;
let line: S3Line;
beforeEach(() => {
  clock = new VirtualClock();
  line = new S3Line({ clock, random: seededRandom(1) });
});

/** When each attempt was made, while it is told the same each time. */
const attemptsOf = async (failure: unknown, lasting = 0): Promise<{ times: number[]; error: unknown }> => {
  const times: number[] = [];
  const began = clock.uptime();
  const attempt = async (): Promise<never> => {
    times.push(clock.uptime() - began);
    await clock.sleep(millis(lasting));
    throw failure;
  };
  const result = line.repeated("ask", 0, attempt).catch((raised: unknown) => raised);
  await clock.advance(1_000_000);
  return { times, error: await result };
};

describe("what may be asked twice", () => {
  test("is asked eight times, with pauses that grow and are random", async () => {
    const { times, error } = await attemptsOf(busy);
    expect(times.length).toBe(8);
    const pauses = times.slice(1).map((at, i) => at - (times[i] ?? 0));
    pauses.forEach((pause, i) => expect(pause).toBeLessThanOrEqual(Math.min(5000, 100 * 2 ** i)));
    line = new S3Line({ clock, random: seededRandom(2) });
    const other = (await attemptsOf(busy)).times;
    expect(other.filter((at, i) => i > 0 && at === times[i])).toEqual([]);
    expect(error).toMatchObject({ code: "unavailable", message: "ask: S3: 503 SlowDown busy" });
  });

  test("is not begun again after a minute", async () => {
    const { times } = await attemptsOf(busy, 15_000);
    expect(times.length).toBe(4);
    expect(times.at(-1)).toBeLessThan(60_000);
  });

  test("is asked once when it is refused", async () => {
    const { times, error } = await attemptsOf(denied);
    expect(times).toEqual([0]);
    expect(error).toMatchObject({ code: "refused" });
  });

  test("is asked no more once the line is closed", async () => {
    const result = line.repeated("ask", 0, () => Promise.reject(busy)).catch((raised: unknown) => raised);
    await clock.settle();
    line.close();
    await clock.settle();
    expect(await result).toMatchObject({ code: "aborted" });
    await expect(line.repeated("ask", 0, () => Promise.resolve(1))).rejects.toMatchObject({
      code: "aborted",
    });
    expect(clock.pending).toBe(0);
  });
});

describe("a deadline", () => {
  const silent = (bytes: number): Promise<unknown> =>
    line.once("ask", bytes, () => new Promise(() => undefined)).catch((raised: unknown) => raised);

  test("ends a request that nobody answers; a body has its time on top", async () => {
    const ends: string[] = [];
    void silent(0).then((error) => ends.push(`empty ${(error as RoadstreamError).code}`));
    void silent(128_000).then((error) => ends.push(`full ${(error as RoadstreamError).code}`));
    await clock.advance(20_000);
    expect(ends).toEqual(["empty timeout"]);
    await clock.advance(1000);
    expect(ends).toEqual(["empty timeout", "full timeout"]);
  });

  test("ends a body that hangs, not one that is slow; what was not read is given up", async () => {
    const body = (pauses: readonly number[]) => {
      const state = { discarded: 0 };
      const chunks = async function* (): AsyncGenerator<Uint8Array> {
        for (const pause of pauses) {
          await clock.sleep(millis(pause));
          yield new Uint8Array([1]);
        }
      };
      return { state, body: { size: 3, chunks: chunks(), discard: () => void (state.discarded += 1) } };
    };
    const read = async (from: ReturnType<typeof body>): Promise<unknown> => {
      let count = 0;
      try {
        for await (const chunk of line.chunks("read", from.body)) count += chunk.length;
        return count;
      } catch (error) {
        return error;
      }
    };
    const slow = body([19_000, 19_000, 19_000]);
    const hanging = body([19_000, 21_000]);
    const results = Promise.all([read(slow), read(hanging)]);
    await clock.advance(60_000);
    expect(await results).toEqual([3, expect.objectContaining({ code: "timeout" })]);
    expect(hanging.state.discarded).toBe(1);
  });
});
