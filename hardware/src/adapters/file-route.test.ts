import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadRoute } from "./file-route.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "route-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("a GeoJSON file is a route by its name", async () => {
  const path = join(folder, "home.geojson");
  await writeFile(path, '{"type":"LineString","coordinates":[[-94,41],[-93.98,41]]}');
  const route = await loadRoute(path);
  expect(route.name).toBe("home.geojson");
  expect(route.lengthM).toBeGreaterThan(1600);
});

test("a file that is missing or holds no road is a usage error with its reason", async () => {
  await expect(loadRoute(join(folder, "none"))).rejects.toMatchObject({ code: "usage" });
  const path = join(folder, "point.geojson");
  await writeFile(path, '{"type":"Point","coordinates":[-94,41]}');
  await expect(loadRoute(path)).rejects.toThrow("no_line");
});
