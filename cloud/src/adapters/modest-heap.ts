import { setFlagsFromString } from "node:v8";

/**
 * How far V8's old space may grow, in percent, before it is collected again. Batches outlive the young space, and left
 * to itself on a large machine V8 lets two or three dead ones lie: 1.0 to 1.4 GB at the peak from one run to the next
 * (`bench scale`). With this, 1.0 to 1.2 GB, for about a twentieth more CPU (`bench ingest`); at 50 it were a seventh.
 */
const GROWING_PERCENT = 120;

/** For the rest of this process. V8 looks at the figure whenever it has collected, so that setting it late is sound. */
export const keepHeapModest = (): void => {
  setFlagsFromString(`--heap-growing-percent=${GROWING_PERCENT}`);
};
