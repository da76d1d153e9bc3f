import { quotient, type Words } from "./words.ts";

/*
 * Places are the cells of a geohash of seven characters (about 150 m by 150 m in the tropics, narrower further north), in
 * arithmetic that every engine has. A cell's key is a number, because it is made for every reading; its geohash as text
 * and its middle stand in dim_place.
 */
const CHARACTERS = 7;
const BITS = CHARACTERS * 5;
const LONGITUDE_BITS = Math.ceil(BITS / 2);
const LATITUDE_BITS = BITS - LONGITUDE_BITS;
const COLUMNS = 2 ** LONGITUDE_BITS;
const ROWS = 2 ** LATITUDE_BITS;
/** Characters of the geohash of about 5 km by 5 km around a cell. */
export const AREA_CHARACTERS = 5;
const ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz";

/** The northern and eastern edges of the world belong to the last cells. LEAST would not do: it leaves out nulls here and not there. */
const cellSql = (degrees: string, span: number, cells: number): string =>
  `CASE WHEN ${degrees} >= ${span / 2} THEN ${cells - 1} ELSE CAST(FLOOR((${degrees} + ${span / 2}.0) / ${span}.0 * ${cells}.0) AS BIGINT) END`;

/** The key of the cell in which a position lies; null without one. */
export const placeKeySql = (latitude: string, longitude: string): string =>
  `(${cellSql(latitude, 180, ROWS)}) * ${COLUMNS} + ${cellSql(longitude, 360, COLUMNS)}`;

/** The same, for data that is given to the facts. */
export const placeKey = (latitude: number, longitude: number): number => {
  const cell = (degrees: number, span: number, cells: number): number =>
    Math.min(cells - 1, Math.floor(((degrees + span / 2) / span) * cells));
  return cell(latitude, 180, ROWS) * COLUMNS + cell(longitude, 360, COLUMNS);
};

/** A cell's place on the map, counted from the south and from the west. */
export interface MapCell {
  readonly row: string;
  readonly column: string;
}

export const mapCell = (key: string): MapCell => ({
  row: quotient(key, COLUMNS),
  column: `MOD(${key}, ${COLUMNS})`,
});

export const placeLatitudeSql = ({ row }: MapCell, { double }: Words): string =>
  `(CAST(${row} AS ${double}) + 0.5) * 180.0 / ${ROWS}.0 - 90.0`;

export const placeLongitudeSql = ({ column }: MapCell, { double }: Words): string =>
  `(CAST(${column} AS ${double}) + 0.5) * 360.0 / ${COLUMNS}.0 - 180.0`;

/** One bit of row or column, by its place in the geohash: longitude and latitude take turns, the highest first. */
const bitSql = ({ row, column }: MapCell, bit: number): string => {
  const [value, bits] = bit % 2 === 0 ? [column, LONGITUDE_BITS] : [row, LATITUDE_BITS];
  return `MOD(${quotient(value, 2 ** (bits - 1 - Math.floor(bit / 2)))}, 2)`;
};

/** The geohash of a cell as text, or only its first characters. */
export const geohashSql = (cell: MapCell, characters = CHARACTERS): string =>
  Array.from({ length: characters }, (_, character) => {
    const bits = Array.from(
      { length: 5 },
      (_, bit) => `${bitSql(cell, character * 5 + bit)} * ${2 ** (4 - bit)}`,
    );
    return `SUBSTR('${ALPHABET}', CAST(${bits.join(" + ")} AS INTEGER) + 1, 1)`;
  }).join("\n    || ");

/** Mean Earth radius of WGS84, in millimetres. */
const EARTH_RADIUS_MM = 6_371_008_800;

/** The way between two positions as the crow flies, in millimetres (haversine); null where one is not known. */
export const chordSql = (
  from: readonly [latitude: string, longitude: string],
  to: readonly [latitude: string, longitude: string],
): string => {
  const half = (a: string, b: string): string => `SIN(RADIANS(${b} - ${a}) / 2)`;
  const square = (term: string): string => `${term} * ${term}`;
  const haversine =
    square(half(from[0], to[0])) +
    ` + COS(RADIANS(${from[0]})) * COS(RADIANS(${to[0]})) * ${square(half(from[1], to[1]))}`;
  // Rounding may lead a hair past 1 at the other end of the world.
  return `2 * ${EARTH_RADIUS_MM}.0 * ATAN2(SQRT(${haversine}), SQRT(ABS(1 - (${haversine}))))`;
};
