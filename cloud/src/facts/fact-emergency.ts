import { column, fact, type Fact } from "./fact.ts";
import { placeKeySql } from "./place.ts";
import { EVERYTHING, type Scope } from "./relation.ts";
import { DRIVING_CLOCK, timedRows } from "./timed-rows.ts";
import { dayOfMs, flag, hourOfMs, inUnits, type Words } from "./words.ts";

/** Which incidents are computed anew: vehicle_id, incident_id. */
export const FACTS_INCIDENT = "facts_incident";

/** All rows of an incident, on whatever day they stand: it may be over long after it began. */
const rows = (words: Words, scope: Scope): string =>
  timedRows(
    {
      stream: "emergency_data",
      columns: [
        "incident_id",
        "type",
        "status",
        "severity",
        "source",
        "latitude",
        "longitude",
        "description",
      ],
      ...(scope.kind === "all"
        ? {}
        : {
            where: `EXISTS (SELECT 1 FROM ${FACTS_INCIDENT} AS i WHERE i.vehicle_id = r.vehicle_id AND i.incident_id = r.incident_id)`,
          }),
    },
    words,
    EVERYTHING,
  );

const rank = (name: string, known: string): string =>
  `ROW_NUMBER() OVER (PARTITION BY vehicle_id, incident_id ORDER BY ${flag(`${known} IS NULL`)}, at_ms, seq, type) AS ${name}`;

const incidents = (words: Words, scope: Scope): string => `FROM (
  SELECT vehicle_id, incident_id, MIN(at_ms) AS begun_ms, MAX(CASE WHEN status = 'resolved' THEN at_ms END) AS resolved_ms,
    MAX(CASE WHEN told_no = 1 THEN type END) AS type, MAX(CASE WHEN told_no = 1 THEN source END) AS source,
    MAX(CASE WHEN severity = 'major' THEN 1 ELSE 0 END) AS is_major, MAX(CASE WHEN described_no = 1 THEN description END) AS description,
    MAX(CASE WHEN placed_no = 1 THEN latitude END) AS latitude, MAX(CASE WHEN placed_no = 1 THEN longitude END) AS longitude,
    COUNT(*) AS told
  FROM (
    SELECT timed.*, ${rank("told_no", "type")}, ${rank("described_no", "description")}, ${rank("placed_no", "latitude")}
    FROM (
${rows(words, scope)}
    ) AS timed
  ) AS ranked
  GROUP BY vehicle_id, incident_id
) AS incidents`;

const MAYBE = { nullable: true } as const;

/** Incidents from their begin to their end. */
export const FACT_EMERGENCY: Fact = fact({
  name: "fact_emergency",
  comment: "Emergencies: one row per incident, from its begin to its end.",
  identity: ["vehicle_id", "incident_id"],
  sortKey: ["began_at"],
  renewal: "incidents",
  reads: [DRIVING_CLOCK],
  columns: [
    column("vehicle_id", "string", "The vehicle.", "vehicle_id"),
    column("incident_id", "string", "The incident.", "incident_id", { maxLength: 128 }),
    column("type", "string", "What happened.", "type"),
    column(
      "severity",
      "string",
      "The worst that was said of it: minor or major.",
      "CASE WHEN is_major = 1 THEN 'major' ELSE 'minor' END",
    ),
    column("source", "string", "What noticed it.", "source"),
    column("began_at", "timestamp", "First word of it.", ({ timeOf }) => timeOf("begun_ms")),
    column(
      "resolved_at",
      "timestamp",
      "When it was said to be over; null until then.",
      ({ timeOf }) => timeOf("resolved_ms"),
      MAYBE,
    ),
    column("day", "date", "The UTC day of the beginning.", (words) => dayOfMs("begun_ms", words)),
    column("hour", "int32", "The UTC hour of the beginning.", hourOfMs("begun_ms")),
    column(
      "duration_s",
      "float64",
      "Until it was over. Unit: s.",
      (words) => inUnits("(resolved_ms - begun_ms)", 1000, words),
      MAYBE,
    ),
    column("latitude", "float64", "First position told. Unit: degrees.", "latitude", MAYBE),
    column("longitude", "float64", "First position told. Unit: degrees.", "longitude", MAYBE),
    column("place_key", "int64", "Its cell; see dim_place.", placeKeySql("latitude", "longitude"), MAYBE),
    column("description", "string", "For people.", "description", { nullable: true, maxLength: 2000 }),
    column("told", "int64", "Rows that tell of it.", "told"),
  ],
  from: incidents,
});
