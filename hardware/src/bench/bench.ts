import {
  isRoadstreamError,
  isoTime,
  seededRandom,
  unixMillis,
  type Clock,
  type DurationMs,
  type OpenByteChannel,
  type UnixMillis,
} from "@roadstream/shared";
import { cameraFrame, type CameraFrame } from "../camera/camera-frame.ts";
import { Elm327Socket } from "../elm327/elm327-socket.ts";
import type { ReceiverOrder } from "../receiver/epoch-bytes.ts";
import { VirtualGpsReceiver } from "../receiver/virtual-gps-receiver.ts";
import { angleDifference, type GeoPoint } from "../route/earth.ts";
import type { Route } from "../route/route.ts";
import type { IncidentKind, IncidentPlan } from "../simulator/incidents.ts";
import { Trip, type TripTruth } from "../simulator/trip.ts";
import type { Weather } from "../simulator/weather.ts";
import { GpsSocket } from "./gps-socket.ts";
import { pacedClock } from "./paced-clock.ts";
import { endWithTrip } from "./trip-bound-channel.ts";
import { TripClock, type Pace, type TripTimer } from "./trip-clock.ts";

export interface BenchOptions {
  readonly clock: Clock;
  readonly route: Route;
  readonly seed: number;
  readonly pace: Pace;
  /** UTC at the start; null: such that the trip ends about now. */
  readonly startAt?: UnixMillis | null;
  /** Trip time after which the trip is cut off. */
  readonly duration?: DurationMs | null;
  /** Trip time at which it begins, by default the start. */
  readonly from?: DurationMs;
  readonly rateHz?: number;
  readonly order?: ReceiverOrder;
  readonly incidents?: IncidentPlan;
}

export interface WeatherSample extends Weather {
  readonly observedAt: UnixMillis;
  readonly stationId: string;
  /** As the receiver knows it. */
  readonly position: GeoPoint | null;
}

export interface IncidentEvent {
  readonly at: UnixMillis;
  readonly incidentId: string;
  readonly type: IncidentKind;
  readonly status: "active" | "resolved";
  readonly severity: "minor" | "major";
  readonly position: GeoPoint | null;
  readonly description: string;
}

/** The weather station next to the road: one per so many kilometres. */
const STATION_KM = 40;
/** How far ahead the camera sees the road bend. */
const VIEW_M = 120;

/**
 * One simulated car on one trip with all its sensors: a receiver and an adapter that speak bytes, a camera, weather and
 * incidents, all about the same moment. What is read from it depends on the trip's time alone, never on how often.
 */
export class Bench implements AsyncDisposable {
  readonly trip: Trip;
  readonly time: TripClock;
  readonly gps: GpsSocket;
  /** The adapter's socket with its fault knobs; open it by {@link openObd}. */
  readonly obd: Elm327Socket;

  constructor(options: BenchOptions) {
    const { clock, route, seed } = options;
    const trip = new Trip({ seed, route, incidents: options.incidents ?? "rare" });
    const cutS = options.duration == null ? Infinity : options.duration / 1000;
    const time = new TripClock({
      clock,
      pace: options.pace,
      durationS: Math.min(trip.durationS, cutS),
      fromS: (options.from ?? 0) / 1000,
      startAt: options.startAt ?? null,
    });
    const receiver = new VirtualGpsReceiver({
      read: (tripS) => trip.gnssAt(tripS),
      startAt: () => time.startAt,
      random: seededRandom(seed + 101),
      rateHz: options.rateHz ?? 1,
      order: options.order ?? "ublox",
    });
    this.trip = trip;
    this.time = time;
    this.gps = new GpsSocket(receiver, time);
    this.obd = new Elm327Socket({
      clock: pacedClock(clock, options.pace),
      random: seededRandom(seed + 102),
      readCar: () => trip.carState(time.tripS()),
    });
  }

  readonly openObd: OpenByteChannel = async (signal) =>
    endWithTrip(await this.obd.open(signal), this.time.over);

  /** The simulated time: what captured_at is, with clock `simulated`, at any pace but 1. */
  tripTime(): UnixMillis {
    return this.time.now();
  }

  /** To sleep in trip time; see {@link TripClock.follow}. Dispose it when its owner stops. */
  timer(): TripTimer {
    return this.time.follow();
  }

  /** The picture of now. */
  frame(): CameraFrame {
    const tripS = this.time.tripS();
    const now = this.trip.at(tripS);
    const ahead = this.trip.route.at(now.distanceM + VIEW_M).headingDeg;
    const { condition } = this.trip.weatherAt(tripS);
    return cameraFrame({
      at: this.#at(tripS),
      speedKmh: now.speedMs * 3.6,
      position: this.#position(tripS),
      label: `${this.trip.vehicle.vin}  ${condition}`,
      alongM: now.distanceM,
      bendDeg: angleDifference(ahead, now.position.headingDeg),
      condition,
    });
  }

  weather(): WeatherSample {
    const tripS = this.time.tripS();
    const station = Math.floor(this.trip.at(tripS).distanceM / 1000 / STATION_KM) + 1;
    return {
      ...this.trip.weatherAt(tripS),
      observedAt: this.#at(tripS),
      stationId: `SIM${String(station).padStart(3, "0")}`,
      position: this.#position(tripS),
    };
  }

  /** Each incident when it begins and when it is over, from where the trip's time began; ends with the trip. */
  async *incidents(signal: AbortSignal): AsyncIterable<IncidentEvent> {
    using timer = this.timer();
    const changes = this.trip.incidents
      .flatMap((incident, index) => [
        { incident, index, status: "active" as const, tripS: incident.activeAtS },
        { incident, index, status: "resolved" as const, tripS: incident.resolvedAtS },
      ])
      .filter(({ tripS }) => tripS >= this.time.fromS)
      .sort((a, b) => a.tripS - b.tripS);
    for (const { incident, index, status, tripS } of changes) {
      try {
        if (!(await timer.until(tripS, signal))) return;
      } catch (error) {
        if (isRoadstreamError(error, "aborted")) return;
        throw error;
      }
      yield {
        at: this.#at(tripS),
        incidentId: `sim-${this.trip.seed}-${isoTime(this.time.startAt).replace(/\W/g, "")}-${index + 1}`,
        type: incident.kind,
        status,
        severity: incident.severity,
        position: this.#position(tripS),
        description: incident.description,
      };
    }
  }

  /** What truly happened from the start to the end of this trip. */
  truth(): TripTruth {
    return this.trip.truth(this.time.durationS);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.time.close();
    this.gps.unplug();
    this.obd.unplug();
    return Promise.resolve();
  }

  #at(tripS: number): UnixMillis {
    return unixMillis(Math.round(this.time.startAt + tripS * 1000));
  }

  #position(tripS: number): GeoPoint | null {
    const { solution } = this.trip.gnssAt(tripS);
    return solution === null ? null : { latitude: solution.latitude, longitude: solution.longitude };
  }
}
