import { describe, expect, it } from "vitest";
import { fixOf, reportsFix } from "./fix.ts";
import { gga, gll, gsa, PLACE, rmc, vtg, zda } from "./testing/bodies.ts";
import { onlyEpochOf } from "./testing/epochs-of.ts";

const T = "101112.00";
const kindOf = (...bodies: readonly string[]): string => fixOf(onlyEpochOf(...bodies)).kind;

describe("fixOf", () => {
  it("joins the sentences of an epoch", () => {
    expect(fixOf(onlyEpochOf(rmc(T), gga(T), gsa("3")))).toEqual({
      kind: "3d",
      latitude: 41.25,
      longitude: -93.5,
      altitudeM: 310.2,
      speedKmh: 18.52,
      headingDeg: 87.1,
      satellitesUsed: 9,
      hdop: 0.9,
      doubt: null,
    });
  });

  it("has nothing but null where a receiver without a fix repeats an old position and zeros", () => {
    const old = { status: "V", position: "2712.6404,S,15303.1201,E", knots: "0.00", course: "0.00" };
    expect(
      fixOf(
        onlyEpochOf(
          gga(T, { quality: "0", position: old.position }),
          rmc(T, old),
          "GPVTG,0.00,T,,,0.00,N,0.00,K,A",
        ),
      ),
    ).toEqual({
      kind: "none",
      latitude: null,
      longitude: null,
      altitudeM: null,
      speedKmh: null,
      headingDeg: null,
      satellitesUsed: 9,
      hdop: 0.9,
      doubt: null,
    });
  });

  it.each([
    ["RMC status", [rmc(T, { status: "V" }), gga(T)]],
    ["RMC mode", [rmc(T, { mode: "N" }), gga(T)]],
    ["an RMC mode of no meaning", [rmc(T, { mode: "Z" }), gga(T)]],
    ["a blank RMC status", [rmc(T, { status: "" }), gga(T)]],
    ["GGA quality", [rmc(T), gga(T, { quality: "0" })]],
    ["GLL status", [rmc(T), gll(T, "V")]],
    ["GLL status beside another mode", [rmc(T), gll(T).replace(",A,A", ",V,A")]],
    ["GNS mode", [rmc(T), `GNGNS,${T},${PLACE},NN,00,,,,,`]],
    ["GSA of all systems", [rmc(T), gga(T), gsa("1", "GP"), gsa("1", "GL")]],
    ["no position at all", [rmc(T, { position: ",,," })]],
    ["half a position", [rmc(T, { position: "4115.0000,N,," })]],
  ])("is none by %s", (_, bodies) => {
    expect(fixOf(onlyEpochOf(...bodies))).toMatchObject({
      kind: "none",
      latitude: null,
      longitude: null,
      speedKmh: null,
    });
  });

  it.each([
    ["a void status", rmc(T, { status: "V", position: "0000.0000,N,00000.0000,E" }), null],
    ["status A", rmc(T, { position: "0000.0000,N,00000.0000,E" }), "null_island"],
    ["status A and negative zeros", rmc(T, { position: "0000.0000,S,00000.0000,W" }), "null_island"],
    ["a quality", gga(T, { position: "0000.0000,N,00000.0000,E" }), "null_island"],
    ["less than 0.1 mm", gga(T, { position: "0000.0000000001,S,00000.0000000001,W" }), "null_island"],
  ])("never believes (0, 0), with %s", (_, body, doubt) => {
    expect(fixOf(onlyEpochOf(body))).toMatchObject({ kind: "none", latitude: null, longitude: null, doubt });
  });

  it("believes the equator and the Greenwich meridian", () => {
    expect(fixOf(onlyEpochOf(rmc(T, { position: "0000.0000,N,00930.0000,E" })))).toMatchObject({
      kind: "2d",
      latitude: 0,
      longitude: 9.5,
      doubt: null,
    });
    expect(fixOf(onlyEpochOf(rmc(T, { position: "5130.0000,N,00000.0000,E" })))).toMatchObject({
      latitude: 51.5,
      longitude: 0,
    });
  });

  it("has no negative zero", () => {
    const position = "0000.0000000001,S,00930.0000,W";
    expect(fixOf(onlyEpochOf(gga(T, { position, altitude: "-0.0" })))).toMatchObject({
      latitude: 0,
      longitude: -9.5,
      altitudeM: 0,
    });
  });

  it.each([
    ["1", "3d"],
    ["2", "differential"],
    ["3", "3d"],
    ["4", "rtk"],
    ["5", "rtk"],
    ["6", "dead_reckoning"],
    ["7", "manual"],
    ["8", "simulated"],
  ])("maps GGA quality %s to %s", (quality, kind) => {
    expect(kindOf(gga(T, { quality }))).toBe(kind);
  });

  it.each([
    ["A", "2d"],
    ["P", "2d"],
    ["D", "differential"],
    ["E", "dead_reckoning"],
    ["F", "rtk"],
    ["R", "rtk"],
    ["M", "manual"],
    ["S", "simulated"],
    ["", "2d"],
  ])("maps RMC mode %s to %s where there is no GGA", (mode, kind) => {
    expect(kindOf(rmc(T, { mode }))).toBe(kind);
  });

  it("tells two from three dimensions by GSA, else by altitude", () => {
    expect(kindOf(rmc(T), gga(T), gsa("2"))).toBe("2d");
    expect(kindOf(rmc(T), gga(T))).toBe("3d");
    expect(kindOf(rmc(T), gga(T, { altitude: "" }))).toBe("2d");
  });

  it("asks RMC where GGA leaves the quality blank", () => {
    expect(kindOf(rmc(T), gga(T, { quality: "" }))).toBe("3d");
    expect(kindOf(rmc(T, { status: "V" }), gga(T, { quality: "" }))).toBe("none");
  });

  it("takes speed and course of VTG where RMC has none, and null where nobody has", () => {
    const still = rmc(T, { knots: "", course: "" });
    expect(fixOf(onlyEpochOf(still, vtg("18.5")))).toMatchObject({ speedKmh: 18.5, headingDeg: 91.5 });
    expect(fixOf(onlyEpochOf(still, "GPVTG,,T,,M,10.0,N,,K,A"))).toMatchObject({
      speedKmh: 18.52,
      headingDeg: null,
    });
    expect(fixOf(onlyEpochOf(still, "GPVTG,,T,,M,10.0,N,,K,N"))).toMatchObject({ speedKmh: null });
    expect(fixOf(onlyEpochOf(still))).toMatchObject({ speedKmh: null, headingDeg: null });
  });

  it("takes position, satellites and altitude of GNS", () => {
    expect(fixOf(onlyEpochOf(`GNGNS,${T},${PLACE},AD,14,0.7,310.2,-27.0,,`))).toMatchObject({
      kind: "differential",
      latitude: 41.25,
      satellitesUsed: 14,
      hdop: 0.7,
      altitudeM: 310.2,
    });
  });
});

describe("reportsFix", () => {
  it("is false for a time alone", () => {
    expect(reportsFix(onlyEpochOf(zda(T)))).toBe(false);
    expect(reportsFix(onlyEpochOf(zda(T), gll(T)))).toBe(true);
  });
});
