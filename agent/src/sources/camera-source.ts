import {
  errorText,
  RECONNECT_SCHEDULE,
  retryIntervals,
  type Clock,
  type Logger,
  type Metrics,
  type Random,
} from "@roadstream/shared";
import type { FrameGrabber, Source, SourceEvents } from "../ports.ts";
import { checkJpeg } from "./jpeg.ts";

export interface CameraSourceOptions {
  readonly frames: FrameGrabber;
  readonly cameraId: string;
  readonly toBase64: (bytes: Uint8Array) => string;
  /** Resolves when every reading handed over so far is on the disk. */
  readonly durable: () => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Rows of traffic_data: one per picture that is whole and within the limit; the others are counted and refused. */
export class CameraSource implements Source {
  readonly name = "camera";
  readonly #options: CameraSourceOptions;
  readonly #pictures;
  #isLost = false;

  constructor(options: CameraSourceOptions) {
    this.#options = options;
    this.#pictures = options.metrics.counter(
      "roadstream_agent_camera_pictures_total",
      "Pictures taken, by what became of them.",
      ["outcome"],
    );
  }

  async run(sink: SourceEvents, signal: AbortSignal): Promise<"ended"> {
    const { frames, clock, random, logger } = this.#options;
    let waits = retryIntervals(RECONNECT_SCHEDULE, random);
    while (!signal.aborted) {
      const frame = await frames.next(signal);
      if (frame === "ended") return "ended";
      if ("failure" in frame) {
        if (signal.aborted) break;
        this.#pictures.add(1, { outcome: frame.failure });
        logger.warn("camera_failed", { reason: frame.failure, error: errorText(frame.cause) });
        if (!this.#isLost) sink.lost(this.name, frame.failure);
        this.#isLost = true;
        await clock.sleep(waits.next().value, signal).catch(() => undefined);
        continue;
      }
      waits = retryIntervals(RECONNECT_SCHEDULE, random);
      if (this.#isLost) sink.back(this.name);
      this.#isLost = false;
      await this.#take(frame, sink);
    }
    return "ended";
  }

  async #take(
    frame: Extract<Awaited<ReturnType<FrameGrabber["next"]>>, { bytes: Uint8Array }>,
    sink: SourceEvents,
  ): Promise<void> {
    const { cameraId, toBase64, clock, durable, logger } = this.#options;
    const { bytes } = frame;
    const verdict = checkJpeg(bytes);
    if (!verdict.ok) {
      this.#pictures.add(1, { outcome: verdict.reason });
      logger.warn("picture_refused", { reason: verdict.reason, bytes: bytes.length });
      await frame.done("refused");
      return;
    }
    await sink.reading({
      stream: "traffic_data",
      capturedAt: null,
      clock: "unsynced",
      clockErrorMs: null,
      uptime: clock.uptime(),
      columns: {
        camera_id: cameraId,
        latitude: null,
        longitude: null,
        trigger: frame.trigger,
        media_type: "image/jpeg",
        width_px: verdict.widthPx,
        height_px: verdict.heightPx,
        size_bytes: bytes.length,
        snapshot: toBase64(bytes),
      },
    });
    await durable();
    this.#pictures.add(1, { outcome: "kept" });
    await frame.done("kept");
  }
}
