import { roundCorner } from "./bend.ts";
import { angleDifference, bearingDeg, destination, distanceM, type GeoPoint } from "./earth.ts";
import type { PlanPoint, RoutePlan, StopKind } from "./route-plan.ts";

export interface RoutePosition extends GeoPoint {
  readonly headingDeg: number;
  readonly altitudeM: number;
}

export interface RouteStop {
  readonly atM: number;
  readonly kind: StopKind;
}

/** Where the limit changes: it holds from `fromM` on. */
export interface LimitChange {
  readonly fromM: number;
  readonly limitKmh: number;
}

/** Within so short a piece, straight lines in degrees and great circles differ by less than a millimetre. */
const MAX_PIECE_M = 100;

interface Node extends GeoPoint {
  readonly alongM: number;
  readonly altitudeM: number;
}

/** A road with its bends, measured in metres from its start. Immutable; shared by all that drive on it. */
export class Route {
  readonly name: string;
  readonly lengthM: number;
  readonly stops: readonly RouteStop[];
  readonly limits: readonly LimitChange[];
  readonly #nodes: readonly Node[];

  constructor(plan: RoutePlan) {
    const { nodes, cornerAtM } = layOut(plan.points);
    this.name = plan.name;
    this.#nodes = nodes;
    this.lengthM = nodes.at(-1)?.alongM ?? 0;
    this.stops = plan.points.flatMap((point, index) =>
      point.stop === null ? [] : [{ atM: cornerAtM[index] ?? 0, kind: point.stop }],
    );
    this.limits = plan.points
      .slice(0, -1)
      .map((point, index) => ({ fromM: cornerAtM[index] ?? 0, limitKmh: point.limitKmh }));
  }

  /** Position, heading and altitude `metres` from the start; clamped to the road's two ends. */
  at(metres: number): RoutePosition {
    const index = this.#pieceAt(metres);
    const from = this.#node(index);
    const to = this.#node(index + 1);
    const span = to.alongM - from.alongM;
    const u = span > 0 ? Math.min(1, Math.max(0, (metres - from.alongM) / span)) : 0;
    return {
      latitude: from.latitude + (to.latitude - from.latitude) * u,
      longitude: angleDifference(from.longitude + angleDifference(to.longitude, from.longitude) * u, 0),
      headingDeg: bearingDeg(from, to),
      altitudeM: from.altitudeM + (to.altitudeM - from.altitudeM) * u,
    };
  }

  /** Change of heading per metre around a place, in radians, from the headings `windowM` before and behind it. */
  curvatureAt(metres: number, windowM: number): number {
    const behind = this.at(metres - windowM).headingDeg;
    const ahead = this.at(metres + windowM).headingDeg;
    return (Math.abs(angleDifference(ahead, behind)) * Math.PI) / 180 / (2 * windowM);
  }

  /** Index of the piece that holds the place, by bisection. */
  #pieceAt(metres: number): number {
    let low = 0;
    let high = this.#nodes.length - 2;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#node(middle).alongM <= metres) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #node(index: number): Node {
    const node = this.#nodes[index] ?? this.#nodes.at(-1);
    if (node === undefined) throw new RangeError("a route has at least two points");
    return node;
  }
}

/** Rounds the corners, cuts long legs into pieces and measures; `cornerAtM` is where each plan point came to lie. */
const layOut = (points: readonly PlanPoint[]): { nodes: readonly Node[]; cornerAtM: readonly number[] } => {
  const nodes: Node[] = [];
  const cornerAtM: number[] = [];
  const add = (point: GeoPoint, altitudeM: number): void => {
    const last = nodes.at(-1);
    const gap = last === undefined ? 0 : distanceM(last, point);
    if (last === undefined) {
      nodes.push({ ...point, altitudeM, alongM: 0 });
      return;
    }
    if (gap === 0) return;
    const pieces = Math.ceil(gap / MAX_PIECE_M);
    const bearing = bearingDeg(last, point);
    for (let piece = 1; piece <= pieces; piece += 1) {
      const u = piece / pieces;
      const at = piece === pieces ? point : destination(last, bearing, gap * u);
      nodes.push({
        latitude: at.latitude,
        longitude: at.longitude,
        altitudeM: last.altitudeM + (altitudeM - last.altitudeM) * u,
        alongM: last.alongM + gap * u,
      });
    }
  };
  points.forEach((point, index) => {
    const before = points[index - 1];
    const after = points[index + 1];
    const curve =
      before === undefined || after === undefined
        ? [point]
        : roundCorner(before, point, after, point.bendRadiusM);
    const middle = curve.length >> 1;
    curve.forEach((at, piece) => {
      add(at, point.altitudeM);
      if (piece === middle) cornerAtM.push(nodes.at(-1)?.alongM ?? 0);
    });
  });
  return { nodes, cornerAtM };
};
