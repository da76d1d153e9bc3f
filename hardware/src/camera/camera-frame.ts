import { isoTime, RoadstreamError, type UnixMillis } from "@roadstream/shared";
import { encode } from "jpeg-js";
import type { GeoPoint } from "../route/earth.ts";
import { drawText, textWidth } from "./bitmap-font.ts";
import { Canvas, type Colour } from "./canvas.ts";
import { drawRoad, type RoadView } from "./road-scene.ts";

export const FRAME_WIDTH_PX = 320;
export const FRAME_HEIGHT_PX = 180;
/** What the data contract lets a picture weigh; a frame of this size is a tenth of it. */
export const MAX_FRAME_BYTES = 90_000;
const QUALITY = 62;

export interface CameraFrame {
  readonly jpeg: Uint8Array;
  readonly mediaType: "image/jpeg";
  readonly widthPx: number;
  readonly heightPx: number;
}

/** What is seen and what is written below it. */
export interface FrameContent extends RoadView {
  readonly at: UnixMillis;
  readonly speedKmh: number;
  /** Null: no position is known, and the picture says so. */
  readonly position: GeoPoint | null;
  readonly label: string;
}

const PANEL: Colour = [16, 18, 22];
const WHITE: Colour = [245, 245, 240];
const AMBER: Colour = [255, 196, 64];
const PANEL_PX = 42;

/** Signs become letters: a minus is easily lost in a small picture. */
const degreesText = ({ latitude, longitude }: GeoPoint): string => {
  const ns = latitude < 0 ? "S" : "N";
  const ew = longitude < 0 ? "W" : "E";
  return `${Math.abs(latitude).toFixed(5)}${ns} ${Math.abs(longitude).toFixed(5)}${ew}`;
};

/** A baseline JPEG of the road at that moment, the same bytes for the same content. */
export const cameraFrame = (content: FrameContent): CameraFrame => {
  const canvas = new Canvas(FRAME_WIDTH_PX, FRAME_HEIGHT_PX);
  drawRoad(canvas, content);
  const top = FRAME_HEIGHT_PX - PANEL_PX;
  canvas.fill(0, top, FRAME_WIDTH_PX, PANEL_PX, PANEL);
  const time = isoTime(content.at).slice(0, 19).replace("T", " ");
  drawText(canvas, time, { left: 6, top: top + 4, scale: 2, colour: WHITE });
  const place = content.position === null ? "NO POSITION" : degreesText(content.position);
  drawText(canvas, place, { left: 6, top: top + 24, scale: 2, colour: WHITE });
  drawText(canvas, content.label, { left: 6, top: 6, scale: 1, colour: WHITE });
  const speed = `${Math.round(content.speedKmh)} KM/H`;
  drawText(canvas, speed, {
    left: FRAME_WIDTH_PX - 6 - textWidth(speed, 2),
    top: 6,
    scale: 2,
    colour: AMBER,
  });
  const { data } = encode({ data: canvas.pixels, width: FRAME_WIDTH_PX, height: FRAME_HEIGHT_PX }, QUALITY);
  if (data.length > MAX_FRAME_BYTES) {
    throw new RoadstreamError("invariant", `a frame of ${data.length} bytes is over ${MAX_FRAME_BYTES}`);
  }
  return {
    jpeg: new Uint8Array(data),
    mediaType: "image/jpeg",
    widthPx: FRAME_WIDTH_PX,
    heightPx: FRAME_HEIGHT_PX,
  };
};
