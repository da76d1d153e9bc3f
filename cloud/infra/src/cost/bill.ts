import { ASSUMPTIONS } from "./assumptions.ts";
import { capacity } from "./capacity.ts";
import { PRICES } from "./prices.ts";
import { DAYS, GB, HOURS, volumes, type Assumed, type Volumes } from "./volumes.ts";

interface BillLine {
  readonly part: string;
  readonly usd: number;
  /** What it is made of. */
  readonly how: string;
}

export interface Bill {
  readonly volumes: Volumes;
  /** Paid to AWS each month. */
  readonly lines: readonly BillLine[];
  readonly total: number;
  /** Paid to whoever carries the cars' bytes. */
  readonly sim: number;
  /** The same readings through IoT Core and a rule, instead of the load balancer and the gateways. */
  readonly iotCore: number;
}

const price = (name: keyof typeof PRICES): number => PRICES[name].usd;
const thousands = (count: number): number => count / 1000;
const millions = (count: number): number => count / 1e6;

const GATEWAY = { vcpu: 0.5, memoryGb: 1 };
const WORKER = { vcpu: 1, memoryGb: 4 };
/** Three disks, as large as the log stack makes them at first. */
const LEAST_DISKS_GB = 300;
/** Status four times an hour, half a minute each; the nightly tasks; an hourly load. */
const TASK_VCPU_HOURS = 60;
const TASK_GB_HOURS = 240;
const METRICS = 40;
const ALARM_METRICS = 24;
const KEYS = 3;
const SECRETS = 4;
const FREE_OUT_GB = 100;
const IOT_UNIT_BYTES = 5000;

const fargate = ({ vcpu, memoryGb }: typeof GATEWAY, count: number): number =>
  count * HOURS * (vcpu * price("vcpu") + memoryGb * price("memory"));

const kafkaLines = (v: Volumes, a: Assumed): readonly BillLine[] => {
  const { brokers } = capacity(v, a);
  const kept = Math.max(LEAST_DISKS_GB, ((v.logBytes / DAYS) * a.logDays.value * 3) / GB);
  return [
    { part: "MSK brokers", usd: 3 * HOURS * price(brokers.price), how: `3 × ${brokers.name}` },
    { part: "MSK storage", usd: kept * price("brokerDisk"), how: `${a.logDays.value} days, three times` },
  ];
};

const computeLines = (v: Volumes, a: Assumed): readonly BillLine[] => {
  const { gateways, workers } = capacity(v, a);
  const tasks = TASK_VCPU_HOURS * price("vcpu") + TASK_GB_HOURS * price("memory");
  return [
    { part: "Fargate: gateways", usd: fargate(GATEWAY, gateways), how: `${gateways} × 0.5 vCPU` },
    {
      part: "Fargate: cloud workers, tasks",
      usd: fargate(WORKER, workers) + tasks,
      how: `${workers} × 1 vCPU, housekeeping`,
    },
  ];
};

const networkLines = (v: Volumes): readonly BillLine[] => {
  const units = Math.max(v.upBytes / GB, (v.carsAtPeak / 100_000) * HOURS);
  // Brokers stand in three zones: of three records two come from another zone, and go to one.
  const betweenZones = ((v.logBytes * 2 * 2) / 3 / GB) * price("zone");
  return [
    {
      part: "Load balancer, NAT, addresses",
      usd: HOURS * (price("balancer") + price("nat") + 4 * price("address")) + units * price("balancerUnit"),
      how: "one of each, four addresses",
    },
    { part: "Between zones", usd: betweenZones, how: "gateway to Kafka, Kafka to worker" },
    {
      part: "Out to the cars",
      usd: Math.max(0, v.downBytes / GB - FREE_OUT_GB) * price("out"),
      how: "acknowledgements, receipts",
    },
  ];
};

const lakeLines = (v: Volumes, a: Assumed): readonly BillLine[] => {
  const storedGb = ((v.lakeRowBytes + v.pictureBytes) * a.keptMonths.value) / GB;
  const commitPuts = v.commits * a.commitPuts.value;
  return [
    { part: "S3 storage", usd: storedGb * price("storage"), how: `${a.keptMonths.value} months of it` },
    {
      part: "S3 requests: commits",
      usd: thousands(commitPuts) * price("put"),
      how: `one per table and ${a.commitSeconds.value} s`,
    },
    { part: "S3 requests: pictures", usd: thousands(v.pictures) * price("put"), how: "an object each" },
    {
      part: "S3 requests: reading",
      usd: thousands(v.commits * a.commitGets.value) * price("get"),
      how: "by workers and queries",
    },
    {
      part: "Glue catalog",
      usd: Math.max(0, millions(v.commits * a.commitLooks.value) - 1) * price("catalog"),
      how: "at each commit",
    },
  ];
};

const questionLines = (v: Volumes, a: Assumed): readonly BillLine[] => {
  const perQuery = Math.max(10e6, (v.lakeRowBytes / DAYS) * a.questionShare.value);
  const awake = (a.loads.value * a.loadMinutes.value) / 60;
  const loading = Math.max(awake * 4, (v.rows / 1e8) * a.loadRpuHours.value);
  const asking = a.dashboardHours.value * 8;
  return [
    {
      part: "Athena",
      usd: ((perQuery * a.questions.value) / 1e12) * price("scanned"),
      how: `${a.questions.value} queries of ${perQuery <= 10e6 ? "10 MB" : `${(perQuery / GB).toFixed(1)} GB`}`,
    },
    { part: "Redshift: loads", usd: loading * price("rpu"), how: "4 RPU, two minutes an hour at least" },
    { part: "Redshift: questions", usd: asking * price("rpu"), how: "8 RPU while people ask" },
    {
      part: "Redshift: storage",
      usd: ((v.lakeRowBytes * a.keptMonths.value) / GB) * price("warehouseStorage"),
      how: "rows, no pictures",
    },
  ];
};

const watchLine = (v: Volumes): BillLine => {
  const loggedGb = 5 + v.cars / 1000;
  return {
    part: "KMS, secrets, CloudWatch",
    usd:
      KEYS * price("key") +
      SECRETS * price("secret") +
      METRICS * price("metric") +
      ALARM_METRICS * price("alarm") +
      loggedGb * price("logged"),
    how: "keys, passwords, metrics, alarms, logs",
  };
};

/** A month of a fleet of so many cars. */
export const bill = (cars: number, assumed: Assumed = ASSUMPTIONS): Bill => {
  const v = volumes(cars, assumed);
  const lines = [
    ...kafkaLines(v, assumed),
    ...computeLines(v, assumed),
    ...networkLines(v),
    ...lakeLines(v, assumed),
    ...questionLines(v, assumed),
    watchLine(v),
  ];
  const megabytes = (v.upBytes + v.downBytes) / 1e6;
  const messages = v.upBytes / IOT_UNIT_BYTES;
  return {
    volumes: v,
    lines,
    total: lines.reduce((sum, { usd }) => sum + usd, 0),
    sim: cars * assumed.simBase.value + megabytes * assumed.simMegabyte.value,
    iotCore: millions(messages) * (price("iotMessage") + 2 * price("iotRule")),
  };
};
