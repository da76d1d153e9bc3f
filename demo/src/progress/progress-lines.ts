import { countText, plural, secondsText } from "../summary/words.ts";
import type { StageState } from "../supervise/stage-supervisor.ts";
import type { CarProgress, PathProgress } from "./progress-view.ts";

const BAR_CELLS = 20;
/** More cars than these share one line. */
const MAX_CAR_LINES = 8;
const NAME_WIDTH = 9;

const bar = (share: number): string => {
  const full = Math.round(Math.min(1, Math.max(0, share)) * BAR_CELLS);
  return "█".repeat(full) + "░".repeat(BAR_CELLS - full);
};

const STATE_WORDS: Readonly<Record<StageState, string | null>> = {
  starting: "starting …",
  ready: null,
  waiting: "died; it starts again in a moment",
  ended: null,
  dead: "dead, and left so",
};

const row = (name: string, state: StageState, text: string): string =>
  `  ${name.padEnd(NAME_WIDTH)}${STATE_WORDS[state] ?? text}`;

const share = ({ trip, drivenS, state }: CarProgress): number =>
  state === "ended" ? 1 : Math.min(1, drivenS / Math.max(1, trip.durationS));

const km = (car: CarProgress): number =>
  car.state === "ended" ? car.trip.distanceKm : car.trip.kmAt(car.drivenS);

const carLine = (car: CarProgress): string => {
  const part = share(car);
  const road = `${km(car).toFixed(0).padStart(3)} of ${car.trip.distanceKm.toFixed(0)} km`;
  const readings = `${countText(car.captured)} readings${car.held > 0 ? `, ${countText(car.held)} not yet acknowledged` : ""}`;
  const where = `${bar(part)} ${String(Math.floor(part * 100)).padStart(3)} %  ${road}`;
  return row(car.trip.vehicle, car.state, `${where}   ${readings}`);
};

const fleetLine = (cars: readonly CarProgress[]): string => {
  const sum = (of: (car: CarProgress) => number): number => cars.reduce((total, car) => total + of(car), 0);
  const part = sum(share) / cars.length;
  const driving = cars.filter(({ state }) => state !== "ended").length;
  const where = `${bar(part)} ${String(Math.floor(part * 100)).padStart(3)} %  ${driving} of ${cars.length} driving`;
  return row("cars", "ready", `${where}   ${countText(sum(({ captured }) => captured))} readings`);
};

/** One line per stage. */
export const progressLines = ({ cars, gateway, cloud }: PathProgress): readonly string[] => {
  const behind = Math.max(0, gateway.logged - cloud.settled);
  const refused = gateway.refused > 0 ? `, ${plural(gateway.refused, "dead letter")}` : "";
  return [
    ...(cars.length > MAX_CAR_LINES ? [fleetLine(cars)] : cars.map(carLine)),
    row("gateway", gateway.state, `${countText(gateway.logged)} readings in the event log${refused}`),
    row(
      "cloud",
      cloud.state,
      `${countText(cloud.landed)} rows in the lake${behind > 0 ? `, ${countText(behind)} on the way` : ""}`,
    ),
  ];
};

/** The same in one line. */
export const briefProgress = ({ elapsedS, cars, gateway, cloud }: PathProgress): string => {
  const part = cars.reduce((sum, car) => sum + share(car), 0) / Math.max(1, cars.length);
  const captured = cars.reduce((sum, car) => sum + car.captured, 0);
  return `${secondsText(elapsedS)}: ${Math.floor(part * 100)} % of the trip, ${countText(captured)} readings captured, ${countText(gateway.logged)} in the event log, ${countText(cloud.landed)} in the lake`;
};
