import type { Meter } from "../ports.ts";
import { parsePrometheusText } from "../progress/prometheus-text.ts";

const PATIENCE_MS = 2000;

/** Reads /metrics; a stage that is busy or just gone is no error. */
export const httpMeter: Meter = async (url) => {
  try {
    const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return response.ok ? parsePrometheusText(await response.text()) : null;
  } catch {
    return null;
  }
};
