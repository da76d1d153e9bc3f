import { nodeZstd } from "@roadstream/shared/adapters";
import { LoadConnection } from "./gateway/publish-load.ts";
import { gpsLoad } from "./gateway/readings-load.ts";
const per = Number(process.argv[2]);
const n = Number(process.argv[3]);
const b = gpsLoad({
  fleet: "x",
  clients: 100,
  readings: per * 10_000,
  perPublish: per,
  zstd: per > 1 ? nodeZstd : null,
  seed: 2,
});
const open = await Promise.all(b.map((c) => LoadConnection.open(18883, c)));
for (let i = 0; i < n; i++) await Promise.all(open.map((c) => c.publishAll(1)));
for (const c of open) c[Symbol.dispose]();
