import { afterAll, beforeAll, expect, test } from "vitest";
import { FactBed } from "../testing/fact-bed.ts";
import {
  chordSql,
  geohashSql,
  mapCell,
  placeKey,
  placeKeySql,
  placeLatitudeSql,
  placeLongitudeSql,
} from "./place.ts";
import { WORDS } from "./words.ts";

let bed: FactBed;
beforeAll(async () => {
  bed = await FactBed.open();
});
afterAll(() => bed[Symbol.asyncDispose]());

/** As published with the algorithm, and the world's corners. */
const KNOWN = [
  [57.64911, 10.40744, "u4pruyd"],
  [37.8324, 112.5584, "ww8p1r4"],
  [-25.382708, -49.265506, "6gkzwgj"],
  [90, 180, "zzzzzzz"],
  [-90, -180, "0000000"],
] as const;

test.each(KNOWN)("%d, %d lies in the geohash %s", async (latitude, longitude, geohash) => {
  const key = placeKey(latitude, longitude);
  const cell = mapCell("key");
  const [row] = await bed.rows(
    `SELECT key, ${geohashSql(cell)} AS geohash, ${placeLatitudeSql(cell, WORDS.duckdb)} AS latitude, ${placeLongitudeSql(cell, WORDS.duckdb)} AS longitude
     FROM (SELECT ${placeKeySql("lat", "lon")} AS key FROM (SELECT ${latitude}::DOUBLE AS lat, ${longitude}::DOUBLE AS lon))`,
  );
  expect(row).toMatchObject({ key: String(key), geohash });
  expect(Math.abs(Number(row?.["latitude"]) - latitude)).toBeLessThanOrEqual(180 / 2 ** 18);
  expect(Math.abs(Number(row?.["longitude"]) - longitude)).toBeLessThanOrEqual(360 / 2 ** 19);
});

test("what is not known has no cell and no distance; opposite ends of the world are half of it apart", async () => {
  const sql = (from: string, to: string): string =>
    `SELECT ${chordSql([from, from], [to, to])} AS mm, ${placeKeySql(from, from)} AS key FROM (SELECT NULL::DOUBLE AS nothing, 0::DOUBLE AS zero, 0.001::DOUBLE AS near)`;
  expect(await bed.rows(sql("nothing", "zero"))).toEqual([{ mm: null, key: null }]);
  const [near] = await bed.rows(sql("zero", "near"));
  expect(Number(near?.["mm"])).toBeCloseTo(157_253, -1);
  const [far] = await bed.rows(`SELECT ${chordSql(["0", "0"], ["0", "180"])} AS mm`);
  expect(Number(far?.["mm"])).toBeCloseTo(Math.PI * 6_371_008_800, -3);
});
