import { parseIsoTime, uuidV7, type Clock, type OwnColumns, type Random } from "@roadstream/shared";
import { obdEmergency, type FaultState } from "../obd/obd-emergency.ts";
import type { SampledReading, SampledReadingOf } from "../ports.ts";
import { ImpactDetector, type Impact } from "./impact-detector.ts";

type Incident = Pick<
  OwnColumns<"emergency_data">,
  "incident_id" | "type" | "status" | "severity" | "source" | "description"
>;

/** One row of emergency_data of now, without a position: the intake knows the last fix. */
export const incidentReading = (
  incident: Incident,
  of: Pick<SampledReading, "capturedAt" | "clock" | "clockErrorMs" | "uptime">,
): SampledReadingOf<"emergency_data"> => ({
  stream: "emergency_data",
  capturedAt: of.capturedAt,
  clock: of.clock,
  clockErrorMs: of.clockErrorMs,
  uptime: of.uptime,
  columns: { ...incident, latitude: null, longitude: null },
});

/** Sees accidents and breakdowns in what the other sources measure. */
export class IncidentWatch {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #gps = new ImpactDetector();
  readonly #wheels = new ImpactDetector();
  #faults: FaultState | null = null;
  #breakdownId: string | null = null;

  constructor(options: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = options.clock;
    this.#random = options.random;
  }

  /** What this reading tells of incidents. */
  observe(reading: SampledReading): readonly SampledReadingOf<"emergency_data">[] {
    const found: Incident[] = [];
    const impact = this.#impact(reading);
    if (impact !== null) found.push(this.#accident(impact));
    if (reading.stream === "vehicle_data") {
      const breakdown = this.#breakdown({
        milOn: reading.columns.mil_on,
        dtcCodes: reading.columns.dtc_codes,
      });
      if (breakdown !== null) found.push(breakdown);
    }
    return found.map((incident) => incidentReading(incident, reading));
  }

  #impact(reading: SampledReading): Impact | null {
    if (reading.stream !== "gps_data" && reading.stream !== "vehicle_data") return null;
    const speedKmh = reading.columns.speed_kmh;
    if (speedKmh === null) return null;
    if (reading.stream === "gps_data") {
      const at = parseIsoTime(reading.columns.fix_at ?? "");
      return at === null ? null : this.#gps.push({ fromMs: at, toMs: at, speedKmh });
    }
    const { speedBetween } = reading;
    if (speedBetween === undefined) return null;
    return this.#wheels.push({ fromMs: speedBetween.from, toMs: speedBetween.to, speedKmh });
  }

  #accident(impact: Impact): Incident {
    const words = `from ${impact.fromKmh.toFixed(0)} to ${impact.toKmh.toFixed(0)} km/h at ${impact.perSecond.toFixed(0)} km/h per second`;
    return {
      incident_id: this.#newId(),
      type: "accident",
      status: "active",
      severity: impact.severity,
      source: "impact",
      description: words,
    };
  }

  #breakdown(faults: FaultState): Incident | null {
    const change = obdEmergency(this.#faults, faults);
    if (faults.milOn !== null && faults.dtcCodes !== null) this.#faults = faults;
    if (change === null) return null;
    // Begun, worse, and over are rows of one incident.
    this.#breakdownId ??= this.#newId();
    const incident_id = this.#breakdownId;
    if (change.status === "resolved") this.#breakdownId = null;
    return { incident_id, type: "breakdown", source: "obd", ...change };
  }

  #newId(): string {
    return uuidV7(this.#clock.now(), this.#random);
  }
}
