import { mix, type Canvas, type Colour } from "./canvas.ts";

/** What the camera looks at. */
export interface RoadView {
  readonly alongM: number;
  /** Change of heading over the next stretch, degrees; positive to the right. */
  readonly bendDeg: number;
  readonly condition: string;
}

const HORIZON = 0.42;
const ROAD_HALF_WIDTH = 0.62;
const DASH_M = 12;
const DASH_SHARE = 0.5;
/** The camera's height over the road, times its focal length in picture heights: sets how fast the dashes pass. */
const DEPTH_M = 6;
const MAX_BEND_DEG = 12;

const ASPHALT: Colour = [82, 84, 88];
const PAINT: Colour = [228, 226, 210];
const GRASS_NEAR: Colour = [104, 128, 66];
const GRASS_FAR: Colour = [150, 164, 112];
const SNOWY: Colour = [222, 226, 230];

const SKIES: readonly (readonly [RegExp, Colour, Colour])[] = [
  [/thunder|rain/, [96, 104, 116], [160, 166, 172]],
  [/snow|fog|overcast/, [176, 182, 190], [210, 214, 218]],
  [/^cloudy/, [140, 164, 190], [196, 208, 218]],
];
const CLEAR_SKY: readonly [Colour, Colour] = [
  [96, 154, 216],
  [198, 220, 238],
];

const skyOf = (condition: string): readonly [Colour, Colour] => {
  const found = SKIES.find(([words]) => words.test(condition));
  return found === undefined ? CLEAR_SKY : [found[1], found[2]];
};

/** Sky, fields and a road with its centre line, which moves with the distance driven. */
export const drawRoad = (canvas: Canvas, view: RoadView): void => {
  const { widthPx, heightPx } = canvas;
  const horizonPx = Math.round(heightPx * HORIZON);
  const [top, low] = skyOf(view.condition);
  for (let y = 0; y < horizonPx; y += 1) canvas.fill(0, y, widthPx, 1, mix(top, low, y / horizonPx));
  const snowy = view.condition.includes("snow");
  const bend = Math.max(-1, Math.min(1, view.bendDeg / MAX_BEND_DEG));
  for (let y = horizonPx; y < heightPx; y += 1) {
    const nearness = (y - horizonPx + 1) / (heightPx - horizonPx);
    const centre = widthPx * (0.5 + 0.3 * bend * (1 - nearness) ** 2);
    const half = widthPx * ROAD_HALF_WIDTH * nearness;
    canvas.fill(0, y, widthPx, 1, snowy ? SNOWY : mix(GRASS_FAR, GRASS_NEAR, nearness));
    canvas.fill(centre - half, y, 2 * half, 1, ASPHALT);
    const line = Math.max(1, half * 0.05);
    canvas.fill(centre - half * 0.92, y, line, 1, PAINT);
    canvas.fill(centre + half * 0.92 - line, y, line, 1, PAINT);
    const groundM = view.alongM + DEPTH_M / nearness;
    if ((groundM / DASH_M) % 1 < DASH_SHARE) canvas.fill(centre - line / 2, y, line, 1, PAINT);
  }
};
