/**
 * GSV: satellites in view, four a sentence, one group of sentences per satellite system (and per signal since 4.1).
 *
 *   $--GSV,n,m,tt,ii,ee,aaa,ss, ... ,ii,ee,aaa,ss,h*hh
 *          1 2 3  4  5  6   7                     last
 *
 *   1 sentences in the group  2 number of this one  3 satellites in view  then up to four times: id, elevation,
 *   azimuth, signal dB-Hz  last: signal id, one hexadecimal digit (4.1+)
 *
 * Null clause: elevation and azimuth are blank before they are known, the signal when it is not tracked. Some receivers
 * pad the last sentence with blank places, others end early. A lone field after whole places is the signal id and
 * never a satellite: (fields - 3) modulo 4 tells the two apart.
 */
import type { Sentence } from "./sentence.ts";

interface SatelliteInView {
  readonly id: number;
  readonly elevationDeg: number | null;
  readonly azimuthDeg: number | null;
  readonly signalDbHz: number | null;
}

export interface Gsv {
  readonly type: "GSV";
  readonly talker: string;
  readonly sentences: number | null;
  readonly sentence: number | null;
  readonly inView: number | null;
  readonly satellites: readonly SatelliteInView[];
  /** 0..15; null before NMEA 4.1. */
  readonly signalId: number | null;
}

const HEADER_FIELDS = 3;
const FIELDS_PER_SATELLITE = 4;
const MAX_SATELLITES = 4;
const HEX = /^[0-9A-Fa-f]$/;

const signalId = (s: Sentence, field: number): number | null => {
  const text = s.text(field);
  if (text === "") return null;
  return HEX.test(text) ? Number.parseInt(text, 16) : s.refuse("field_malformed");
};

export const decodeGsv = (s: Sentence, talker: string): Gsv => {
  s.expectCount(HEADER_FIELDS, HEADER_FIELDS + MAX_SATELLITES * FIELDS_PER_SATELLITE + 1);
  const places = Math.floor((s.count - HEADER_FIELDS) / FIELDS_PER_SATELLITE);
  const rest = (s.count - HEADER_FIELDS) % FIELDS_PER_SATELLITE;
  if (rest > 1) s.refuse("field_count");
  const satellites: SatelliteInView[] = [];
  for (let place = 0; place < places; place += 1) {
    const field = HEADER_FIELDS + 1 + place * FIELDS_PER_SATELLITE;
    const id = s.integer(field, 0, 999);
    if (id === null) continue;
    satellites.push({
      id,
      elevationDeg: s.decimal(field + 1, -90, 90),
      azimuthDeg: s.decimal(field + 2, 0, 360),
      signalDbHz: s.decimal(field + 3, 0, 99),
    });
  }
  return {
    type: "GSV",
    talker,
    sentences: s.integer(1, 1, 99),
    sentence: s.integer(2, 1, 99),
    inView: s.integer(3, 0, 199),
    satellites,
    signalId: rest === 1 ? signalId(s, s.count) : null,
  };
};
