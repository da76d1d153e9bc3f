import type { PlannedTrip } from "../plan/planned-trip.ts";
import type { Style } from "./style.ts";
import { plural, secondsText } from "./words.ts";

/** What a person reads first. */
export const welcomeText = (options: {
  readonly trips: readonly PlannedTrip[];
  readonly pace: string;
  readonly folder: string;
  readonly style: Style;
}): string => {
  const { trips, pace, folder, style } = options;
  const [first] = trips;
  if (first === undefined) return "";
  const longestS = Math.max(...trips.map(({ durationS }) => durationS));
  const who = trips.length === 1 ? `A car drives` : `${plural(trips.length, "car")} drive`;
  const real =
    pace === "max" ? "as fast as this machine can" : `in about ${secondsText(longestS / Number(pace))}`;
  return [
    style.bold(
      `${who} ${secondsText(longestS)} on the road ${first.routeName} (${first.distanceKm.toFixed(0)} km), ${real}.`,
    ),
    style.dim(
      "GPS, engine, camera, weather -> agent -> MQTT -> gateway -> event log -> cloud -> lake -> SQL",
    ),
    style.dim(`Everything is kept in ${folder}. Ctrl-C stops; nothing is lost by it.`),
    "",
  ].join("\n");
};
