import { openDayBed } from "./day-bed.ts";

/** In a process of its own: a table with one day of a fleet in many sorted files, as commits leave it. */
const [folder = "", rowsText, filesText] = process.argv.slice(2);
const rows = Number(rowsText);
const files = Number(filesText);
const perFile = rows / files;
await using bed = await openDayBed(folder);
for (let n = 0; n < files; n += 1) await bed.append(n * perFile, (n + 1) * perFile, rows);
process.stdout.write(JSON.stringify({ files }));
