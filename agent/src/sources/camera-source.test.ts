import { MAX_PICTURE_BYTES, MemoryMetrics, seededRandom, silentLogger } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import type { FrameGrabber, GrabbedFrame } from "../ports.ts";
import { CameraSource } from "./camera-source.ts";
import { recordingSink, type RecordingSink } from "./testing/recording-sink.ts";
import { fattened, sampleJpeg } from "./testing/sample-jpeg.ts";

const jpeg = sampleJpeg();
const done: string[] = [];
const picture = (bytes: Uint8Array): GrabbedFrame => ({
  bytes,
  trigger: "interval",
  done: (outcome) => {
    done.push(outcome);
    return Promise.resolve();
  },
});
const failure = (reason: "hung" | "failed" | "no_folder"): GrabbedFrame => ({
  failure: reason,
  cause: new Error("x"),
});

interface Rig {
  readonly sink: RecordingSink;
  readonly clock: VirtualClock;
  readonly counted: (outcome: string) => number;
  readonly ended: Promise<"ended">;
}

/** A camera that gives these frames, one after the other. */
const start = (frames: readonly GrabbedFrame[]): Rig => {
  done.length = 0;
  const clock = new VirtualClock();
  const metrics = new MemoryMetrics();
  const sink = recordingSink();
  const left = [...frames];
  const grabber: FrameGrabber = { next: () => Promise.resolve(left.shift() ?? "ended") };
  const source = new CameraSource({
    frames: grabber,
    cameraId: "front",
    toBase64: (bytes) => Buffer.from(bytes).toString("base64"),
    clock,
    random: seededRandom(1),
    metrics,
    logger: silentLogger,
  });
  const ended = source.run(sink, new AbortController().signal);
  const counted = (outcome: string): number =>
    metrics.value("roadstream_agent_camera_pictures_total", { outcome });
  return { sink, clock, counted, ended };
};

test("a picture becomes a row with its size, and the camera is told that it is kept", async () => {
  const { sink, ended, counted } = start([picture(jpeg)]);
  await ended;
  expect(sink.readings).toMatchObject([
    {
      stream: "traffic_data",
      columns: {
        camera_id: "front",
        trigger: "interval",
        media_type: "image/jpeg",
        width_px: 320,
        height_px: 180,
        size_bytes: jpeg.length,
        snapshot: Buffer.from(jpeg).toString("base64"),
      },
    },
  ]);
  expect([counted("kept"), ...done]).toEqual([1, "kept"]);
});

test("what is no whole picture within the limit is refused and counted, and the camera is not lost by it", async () => {
  const tooLarge = fattened(jpeg, MAX_PICTURE_BYTES);
  const { sink, ended, counted } = start([
    picture(tooLarge),
    picture(jpeg.subarray(0, 3000)),
    picture(new TextEncoder().encode("no camera")),
    { unusable: "too_large", name: "x.jpg", bytes: 1e9 },
    picture(jpeg),
  ]);
  await ended;
  expect(["too_large", "torn", "not_jpeg", "kept"].map(counted)).toEqual([2, 1, 1, 1]);
  expect(done).toEqual(["refused", "refused", "refused", "kept"]);
  expect(sink.readings).toHaveLength(1);
  expect(sink.events).toEqual([]);
});

test("a hung camera is lost once, asked again after growing pauses, and back with its next picture", async () => {
  const frames = [
    ...Array.from({ length: 5 }, () => failure("hung")),
    picture(jpeg),
    failure("failed"),
    picture(jpeg),
  ];
  const { sink, clock, ended, counted } = start(frames);
  await clock.advance(60_000);
  await ended;
  expect(sink.events).toEqual(["lost camera hung", "back camera", "lost camera failed", "back camera"]);
  expect([counted("hung"), counted("failed"), counted("kept")]).toEqual([5, 1, 2]);
});

test("pauses after failures grow", async () => {
  const { clock, counted } = start(Array.from({ length: 1000 }, () => failure("failed")));
  await clock.advance(10_000);
  const early = counted("failed");
  expect(early).toBeLessThan(8);
  await clock.advance(290_000);
  expect(counted("failed") - early).toBeLessThan(25);
});

test("a picture that the disk does not take is not put away, and is no failure of the camera", async () => {
  const rig = start([picture(jpeg), picture(jpeg)]);
  rig.sink.outcome = "refused";
  await rig.clock.advance(100);
  expect(done).toEqual([]);
  rig.sink.outcome = "kept";
  await rig.clock.advance(60_000);
  await rig.ended;
  expect([rig.counted("not_stored"), rig.counted("kept")]).toEqual([1, 1]);
  expect(done).toEqual(["kept"]);
  expect(rig.sink.events).toEqual([]);
});

test("a picture that cannot be put away does not stop the camera", async () => {
  const broken: GrabbedFrame = {
    bytes: jpeg,
    trigger: "event",
    done: () => Promise.reject(new Error("read-only")),
  };
  const { sink, ended } = start([broken, picture(jpeg)]);
  await ended;
  expect(sink.readings).toHaveLength(2);
});
