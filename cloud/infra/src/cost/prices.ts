/** List prices on demand in us-east-1, as they were known on this day. They change: look before you decide. */
export const PRICES_OF = "2025-06-30";
export const REGION = "us-east-1";

export interface Price {
  readonly usd: number;
  readonly per: string;
  readonly what: string;
}

export const PRICES = {
  brokerSmall: { usd: 0.0456, per: "h", what: "MSK broker kafka.t3.small" },
  brokerLarge: { usd: 0.204, per: "h", what: "MSK broker kafka.m7g.large" },
  broker2xLarge: { usd: 0.816, per: "h", what: "MSK broker kafka.m7g.2xlarge" },
  broker4xLarge: { usd: 1.632, per: "h", what: "MSK broker kafka.m7g.4xlarge" },
  brokerDisk: { usd: 0.1, per: "GB-month", what: "MSK broker storage" },
  vcpu: { usd: 0.04048, per: "h", what: "Fargate, x86, a vCPU" },
  memory: { usd: 0.004445, per: "GB-h", what: "Fargate, x86, memory" },
  balancer: { usd: 0.0225, per: "h", what: "Network load balancer" },
  balancerUnit: {
    usd: 0.006,
    per: "NLCU-h",
    what: "Network load balancer, 1 GB or 100,000 connections in an hour",
  },
  nat: { usd: 0.045, per: "h", what: "NAT gateway" },
  natGigabyte: { usd: 0.045, per: "GB", what: "NAT gateway, bytes" },
  address: { usd: 0.005, per: "h", what: "Public IPv4 address" },
  zone: { usd: 0.02, per: "GB", what: "Between zones, both sides together" },
  out: { usd: 0.09, per: "GB", what: "Out to the Internet, after 100 GB a month" },
  storage: { usd: 0.023, per: "GB-month", what: "S3 Standard" },
  put: { usd: 0.005, per: "1,000", what: "S3 PUT, LIST, POST" },
  get: { usd: 0.0004, per: "1,000", what: "S3 GET" },
  key: { usd: 1, per: "month", what: "KMS key" },
  secret: { usd: 0.4, per: "month", what: "Secret" },
  catalog: { usd: 1, per: "1,000,000", what: "Glue catalog requests, after the first million" },
  scanned: { usd: 5, per: "TB", what: "Athena, bytes scanned, 10 MB a query at least" },
  rpu: { usd: 0.375, per: "RPU-h", what: "Redshift Serverless" },
  warehouseStorage: { usd: 0.024, per: "GB-month", what: "Redshift managed storage" },
  logged: { usd: 0.5, per: "GB", what: "CloudWatch Logs, taken in" },
  metric: { usd: 0.3, per: "month", what: "CloudWatch metric of ours or of Container Insights" },
  alarm: { usd: 0.1, per: "month", what: "CloudWatch alarm, of one metric" },
  iotMessage: { usd: 1, per: "1,000,000", what: "IoT Core, 5 kB of messages (not used here)" },
  iotRule: { usd: 0.15, per: "1,000,000", what: "IoT Core, rule or action (not used here)" },
} as const satisfies Readonly<Record<string, Price>>;
