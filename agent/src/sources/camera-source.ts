import {
  errorText,
  RECONNECT_SCHEDULE,
  retryIntervals,
  type Clock,
  type Logger,
  type Metrics,
  type Random,
} from "@roadstream/shared";
import type { FrameGrabber, GrabbedFrame, SampledReading, Source, SourceEvents } from "../ports.ts";
import { checkJpeg } from "./jpeg.ts";

type Failure = Extract<GrabbedFrame, { failure: string }>;
type Picture = Extract<GrabbedFrame, { trigger: string }>;

export interface CameraSourceOptions {
  readonly frames: FrameGrabber;
  readonly cameraId: string;
  readonly toBase64: (bytes: Uint8Array) => string;
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
    const { frames, clock, random } = this.#options;
    let waits = retryIntervals(RECONNECT_SCHEDULE, random);
    while (!signal.aborted) {
      const frame = await frames.next(signal);
      if (frame === "ended" || signal.aborted) break;
      if ("unusable" in frame) {
        this.#refuse(frame.unusable, frame.bytes);
        continue;
      }
      const isDone = "failure" in frame ? this.#lose(frame, sink) : await this.#take(frame, sink);
      if (isDone) waits = retryIntervals(RECONNECT_SCHEDULE, random);
      else await clock.sleep(waits.next().value, signal).catch(() => undefined);
    }
    return "ended";
  }

  #lose({ failure, cause }: Failure, sink: SourceEvents): false {
    this.#pictures.add(1, { outcome: failure });
    this.#options.logger.warn("camera_failed", { reason: failure, error: errorText(cause) });
    if (!this.#isLost) sink.lost(this.name, failure);
    this.#isLost = true;
    return false;
  }

  /** False where the disk did not take it: the camera is to wait. */
  async #take(frame: Picture, sink: SourceEvents): Promise<boolean> {
    if (this.#isLost) sink.back(this.name);
    this.#isLost = false;
    const { bytes } = frame;
    const verdict = checkJpeg(bytes);
    if (!verdict.ok) {
      this.#refuse(verdict.reason, bytes.length);
      await this.#tell(frame, "refused");
      return true;
    }
    const outcome = await sink.keep(this.#reading(frame, verdict));
    this.#pictures.add(1, { outcome: outcome === "kept" ? "kept" : "not_stored" });
    // One that is not stored is not told: where the camera still has it, it comes again.
    if (outcome === "kept") await this.#tell(frame, "kept");
    return outcome === "kept";
  }

  #reading(frame: Picture, size: { readonly widthPx: number; readonly heightPx: number }): SampledReading {
    const { cameraId, toBase64, clock } = this.#options;
    return {
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
        width_px: size.widthPx,
        height_px: size.heightPx,
        size_bytes: frame.bytes.length,
        snapshot: toBase64(frame.bytes),
      },
    };
  }

  #refuse(reason: string, bytes: number): void {
    this.#pictures.add(1, { outcome: reason });
    this.#options.logger.warn("picture_refused", { reason, bytes });
  }

  async #tell(frame: Picture, outcome: "kept" | "refused"): Promise<void> {
    try {
      await frame.done(outcome);
    } catch (error) {
      this.#options.logger.warn("picture_not_put_away", { outcome, error: errorText(error) });
    }
  }
}
