import { OMAHA_TO_DES_MOINES, Route, Trip, VirtualGpsReceiver } from "@roadstream/hardware";
import { seededRandom, unixMillis } from "@roadstream/shared";

/** By then the receiver knows the time and where it is. */
export const WARM_S = 300;
/** Enough road for an hour; the whole of it takes a second to drive. */
const POINTS = 12;

export const TRIP_STARTS = unixMillis(Date.UTC(2026, 0, 24, 10));

let trip: Trip | null = null;

/** What a virtual receiver says from second `fromS` of a trip on: one epoch, and so one row, for each second. */
export const capture = (fromS: number, epochs: number): Uint8Array => {
  const plan = { ...OMAHA_TO_DES_MOINES, points: OMAHA_TO_DES_MOINES.points.slice(0, POINTS) };
  const driven = (trip ??= new Trip({ seed: 7, route: new Route(plan) }));
  const receiver = new VirtualGpsReceiver({
    read: (tripS) => driven.gnssAt(tripS),
    startAt: () => TRIP_STARTS,
    random: seededRandom(7),
  });
  receiver.faults.midSentence = false;
  return Buffer.concat(Array.from({ length: epochs }, (_, i) => receiver.epoch(WARM_S + fromS + i)));
};
