import { MemoryMetrics, millis, seededRandom, silentLogger, type ByteChannel } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { SampledReading } from "../ports.ts";
import { ObdSource } from "./obd-source.ts";

/** Answers each write with the next scripted bytes, late or early, whatever was asked. */
const hostileChannel = (
  clock: VirtualClock,
  next: (command: string) => readonly [number, string],
): ByteChannel => {
  const waiting: Uint8Array[] = [];
  let wake: (() => void) | null = null;
  return {
    name: "hostile",
    async *read(signal) {
      signal.addEventListener("abort", () => wake?.(), { once: true });
      while (!signal.aborted) {
        const bytes = waiting.shift();
        if (bytes !== undefined) yield bytes;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    write: (bytes) => {
      const [delay, text] = next(new TextDecoder().decode(bytes));
      void clock.sleep(millis(delay)).then(() => {
        waiting.push(Buffer.from(text, "latin1"));
        wake?.();
      });
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(wake?.()),
  };
};

const run = async (
  next: (command: string) => readonly [number, string],
  ms: number,
): Promise<SampledReading[]> => {
  const clock = new VirtualClock();
  const readings: SampledReading[] = [];
  const abort = new AbortController();
  const source = new ObdSource({
    open: () => Promise.resolve(hostileChannel(clock, next)),
    clock,
    random: seededRandom(5),
    metrics: new MemoryMetrics(),
    logger: silentLogger,
    car: { make: null, model: null, year: null, fuelType: null },
    lastFix: () => null,
  });
  const ended = source.run(
    {
      reading: (reading) => Promise.resolve(void readings.push(reading)),
      keep: () => Promise.resolve("kept"),
      lost: () => undefined,
      back: () => undefined,
    },
    abort.signal,
  );
  await clock.advance(ms);
  abort.abort();
  await clock.advance(10_000);
  expect(await ended).toBe("ended");
  return readings;
};

/** An honest adapter for everything but the answers to polling, so that a session stands at all. */
const honest = (command: string): string | null => {
  if (command === "ATZ\r" || command === "ATI\r") return "ELM327 v1.5\r\r>";
  if (command === "ATDPN\r") return "A6\r\r>";
  if (command === "ATRV\r") return "12.5V\r\r>";
  if (command.startsWith("AT")) return "OK\r\r>";
  // Supported: 0D and 0C only.
  if (command === "0100\r") return "7E806410000180000\r\r>";
  return null;
};

test("random bytes as answers never become a value", async () => {
  const lines = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
    fc.constantFrom(
      "UNABLE TO CONNECT\r\r>",
      "NO DATA\r\r>",
      "SEARCHING...",
      ">",
      "\r",
      "410D20\r>",
      "OK\r\r>",
      "12.6V\r\r>",
    ),
    // Right in form, but the answer to something else: wrong service, PID, length or sender.
    fc.constantFrom(
      "7E803410520\r>",
      "7E803420D20\r>",
      "7E802410D\r>",
      "7E804410D2021\r>",
      "12303410D20\r>",
      "7E8037F0112\r>",
    ),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat({ max: 5000 }), lines), { minLength: 5, maxLength: 40 }),
      async (script) => {
        let at = 0;
        const readings = await run((command) => {
          const answer = honest(command);
          if (answer !== null) return [5, answer];
          at += 1;
          return script[at % script.length]!;
        }, 40_000);
        for (const { columns } of readings)
          expect(columns).toMatchObject({ speed_kmh: null, engine_rpm: null });
      },
    ),
    { numRuns: 60 },
  );
});

test("one damaged character anywhere in true answers gives the true value or none", async () => {
  const truth: Readonly<Record<string, string>> = {
    "010D0C\r": "7E806410D200C1AF8\r\r>",
    "010D\r": "7E803410D20\r\r>",
    "010C\r": "7E804410C1AF8\r\r>",
  };
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: 30 }),
      fc.constantFrom("", "\r", ">", "Z", "\u00c6", " ", "\u0000"),
      async (where, damage) => {
        const readings = await run((command) => {
          const answer = honest(command) ?? truth[command] ?? "NO DATA\r\r>";
          const isPoll = truth[command] !== undefined;
          return [5, isPoll ? answer.slice(0, where) + damage + answer.slice(where + 1) : answer];
        }, 15_000);
        for (const { columns } of readings) {
          const { speed_kmh, engine_rpm } = columns as {
            speed_kmh: number | null;
            engine_rpm: number | null;
          };
          expect([32, null]).toContain(speed_kmh);
          expect([1726, null]).toContain(engine_rpm);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("the harness is able to show a value: undamaged answers arrive", async () => {
  const readings = await run((command) => [5, honest(command) ?? "7E806410D200C1AF8\r\r>"], 10_000);
  expect(readings.at(-1)?.columns).toMatchObject({ speed_kmh: 32, engine_rpm: 1726 });
});

test("two ECUs that disagree: the engine's value, and the lamp that is on", async () => {
  const readings = await run((command) => {
    if (command === "0100\r") return [5, "7E806410080180000\r\r>"];
    if (command === "0101\r") return [5, "7E906410181076500\r7E806410100076500\r\r>"];
    return [5, honest(command) ?? "7E906410D210C0000\r7E806410D200C1AF8\r\r>"];
  }, 10_000);
  expect(readings.at(-1)?.columns).toMatchObject({ speed_kmh: 32, engine_rpm: 1726, mil_on: true });
});
