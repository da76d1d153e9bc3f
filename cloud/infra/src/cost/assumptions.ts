/** A number that the model stands on, and where it comes from. */
export interface Assumption {
  readonly value: number;
  readonly unit: string;
  readonly what: string;
  readonly from: string;
}

const DEMO = "demo --pace 1 --duration 3m: 180 s of driving";
const COUNTED = "counted behind moto, five commits";
const CHOICE = "a choice";
const GUESS = "a guess: measure yours";

/** Change them to your fleet's, and write the page again. */
export const ASSUMPTIONS = {
  drivingHours: { value: 1.5, unit: "h", what: "a car drives each day", from: GUESS },
  speedKmh: { value: 45, unit: "km/h", what: "on average", from: GUESS },
  peak: { value: 3, unit: "times", what: "the busiest hour's cars, of the day's mean", from: GUESS },
  gps: { value: 3600, unit: "rows/h", what: "gps_data of a driving car", from: DEMO },
  vehicle: { value: 3480, unit: "rows/h", what: "vehicle_data", from: DEMO },
  weather: { value: 60, unit: "rows/h", what: "weather_data", from: DEMO },
  events: { value: 140, unit: "rows/h", what: "agent_events", from: DEMO },
  pictures: { value: 120, unit: "pictures/h", what: "one each 30 s", from: DEMO },
  pictureBytes: {
    value: 45_000,
    unit: "B",
    what: "640 × 360, quality 60",
    from: "such cameras; the demo's drawn ones have 11 kB",
  },
  upBytes: {
    value: 3_500_000,
    unit: "B/h",
    what: "sent by a driving car, pictures apart",
    from: `${DEMO}, 245 kB less 70 kB of pictures`,
  },
  pictureOverhead: {
    value: 1.02,
    unit: "times",
    what: "a picture's bytes on the air: base64, then zstd",
    from: DEMO,
  },
  downBytes: {
    value: 60_000,
    unit: "B/h",
    what: "acknowledgements and receipts to a driving car",
    from: "4 B a publish, receipts, TCP and TLS around them",
  },
  logBytes: {
    value: 740,
    unit: "B",
    what: "a record in Kafka, pictures apart",
    from: `${DEMO}; nothing is compressed there`,
  },
  lakeBytes: {
    value: 50,
    unit: "B",
    what: "a row in Parquet, its day compacted",
    from: "demo --pace max, cloud compact: 35 (gps_data) to 105 (traffic_data)",
  },
  logDays: {
    value: 7,
    unit: "days",
    what: "Kafka keeps a record, three times",
    from: "the log stack's settings",
  },
  commitSeconds: {
    value: 30,
    unit: "s",
    what: "between two commits of a table while records come",
    from: "cloud run --commit-interval",
  },
  commitPuts: {
    value: 10,
    unit: "PUT",
    what: "a commit: data, a ledger for each of six partitions, manifest, list, metadata",
    from: "counted behind moto: 6 with one partition",
  },
  commitGets: { value: 15, unit: "GET", what: "a commit", from: COUNTED },
  commitLooks: { value: 15, unit: "requests", what: "of Glue, a commit", from: COUNTED },
  tables: {
    value: 6,
    unit: "tables",
    what: "get a commit each time",
    from: "emergencies are rare, dead letters too",
  },
  keptMonths: {
    value: 12,
    unit: "months",
    what: "of rows and pictures in the lake: the bill of the twelfth",
    from: CHOICE,
  },
  questions: { value: 1000, unit: "queries/month", what: "asked of Athena", from: GUESS },
  questionShare: {
    value: 0.1,
    unit: "",
    what: "of a day's rows, read by a query: some columns of a table",
    from: GUESS,
  },
  loads: { value: 720, unit: "loads/month", what: "into Redshift, one an hour", from: "the loading stack" },
  loadMinutes: {
    value: 2,
    unit: "min",
    what: "a load keeps Redshift awake at least",
    from: "a minute is billed at least; several transactions",
  },
  loadRpuHours: { value: 4, unit: "RPU-h", what: "to merge 100 million rows", from: GUESS },
  dashboardHours: { value: 40, unit: "h/month", what: "Redshift is awake for people", from: GUESS },
  carsPerGateway: {
    value: 2000,
    unit: "cars",
    what: "connected to a gateway of half a vCPU",
    from: "bench gateway: 48,000 publishes in a CPU-second, and much room for TLS",
  },
  rowsPerWorker: {
    value: 20_000,
    unit: "rows/s",
    what: "landed by a worker of one vCPU",
    from: "bench ingest: several times that, without S3",
  },
  simBase: { value: 1, unit: "USD/month", what: "a SIM", from: "contracts differ widely: put yours here" },
  simMegabyte: {
    value: 0.01,
    unit: "USD/MB",
    what: "sent or received",
    from: "contracts differ widely: put yours here",
  },
} as const satisfies Readonly<Record<string, Assumption>>;
