export type Colour = readonly [red: number, green: number, blue: number];

/** Pixels in memory, drawing outside of the picture is cut off. */
export class Canvas {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Red, green, blue and an unused fourth byte of each pixel, row by row. */
  readonly pixels: Uint8Array;
  readonly #words: Uint32Array;
  readonly #colourBytes = new Uint8Array(4).fill(255);
  readonly #colourWord = new Uint32Array(this.#colourBytes.buffer);

  constructor(widthPx: number, heightPx: number) {
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    this.#words = new Uint32Array(widthPx * heightPx);
    this.pixels = new Uint8Array(this.#words.buffer);
  }

  /** A rectangle; fractions of a pixel are rounded. */
  fill(left: number, top: number, width: number, height: number, colour: Colour): void {
    const fromX = Math.max(0, Math.round(left));
    const untilX = Math.min(this.widthPx, Math.round(left + width));
    const fromY = Math.max(0, Math.round(top));
    const untilY = Math.min(this.heightPx, Math.round(top + height));
    if (fromX >= untilX) return;
    // The colour passes through shared memory, so that the bytes come out in order on any machine.
    this.#colourBytes.set(colour);
    const word = this.#colourWord[0] ?? 0;
    for (let y = fromY; y < untilY; y += 1) {
      this.#words.fill(word, y * this.widthPx + fromX, y * this.widthPx + untilX);
    }
  }
}

export const mix = (from: Colour, to: Colour, share: number): Colour => [
  from[0] + (to[0] - from[0]) * share,
  from[1] + (to[1] - from[1]) * share,
  from[2] + (to[2] - from[2]) * share,
];
