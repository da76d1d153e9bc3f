import { durationText, maybe, setting, wholeText } from "@roadstream/shared";
import { z } from "zod";

/** Where the tables are; every command needs it. */
export const LAKE_OPTION = {
  lake: setting(
    z.string().refine((text) => /^(?:file:|s3:\/\/)./.test(text), {
      message: "must be file:DIR or s3://BUCKET/PREFIX",
    }),
    {
      help: "The lake: a folder, or a bucket; docs/s3.md says what S3 takes from the environment.",
      placeholder: "file:DIR|s3://BUCKET/PREFIX",
    },
  ),
  catalog: setting(
    z.string().refine((text) => /^(?:file|glue:[a-z0-9_]{1,255})$/.test(text), {
      message: "must be file or glue:DATABASE (lower-case letters, digits, _)",
    }),
    { help: "Who keeps the tables' newest version.", placeholder: "file|glue:DATABASE", default: "file" },
  ),
} as const;

const LOG_SPEC = z.string().refine((text) => /^(?:sqlite:|kafka:\/\/)./.test(text), {
  message: "must be sqlite:FILE or kafka://HOST:PORT",
});

const LOG_HELP = { help: "The event log.", placeholder: "sqlite:FILE|kafka://HOST:PORT[,HOST:PORT]" };

/** The event log, for commands that read it. */
export const LOG_OPTION = { log: setting(LOG_SPEC, LOG_HELP) } as const;

/** For commands that can say more when they see the log. */
export const MAYBE_LOG_OPTION = { log: maybe(LOG_SPEC, LOG_HELP) } as const;

const WAREHOUSE_URL = z.string().refine((text) => /^(?:duckdb:|redshift:\/\/)./.test(text), {
  message: "must be duckdb:FILE or redshift://WORKGROUP/DATABASE",
});

const WAREHOUSE_HELP = {
  help: "Where the tables are copied to; docs/redshift.md says what the URL of a Redshift warehouse takes.",
  placeholder: "duckdb:FILE|redshift://WORKGROUP/DATABASE?…",
};

/** The warehouse, for the command that loads it. */
export const WAREHOUSE_OPTION = { warehouse: setting(WAREHOUSE_URL, WAREHOUSE_HELP) } as const;

/** For a command that may load one beside its own work. */
export const MAYBE_WAREHOUSE_OPTION = {
  warehouse: maybe(WAREHOUSE_URL, WAREHOUSE_HELP),
  warehouseEvery: setting(durationText, {
    help: "How often the warehouse is loaded; while nothing lands it is left alone.",
    placeholder: "DURATION",
    default: "1m",
  }),
} as const;

/** For commands that can ask Amazon Athena. */
export const ATHENA_OPTIONS = {
  workgroup: setting(
    z.string().regex(/^[a-zA-Z0-9._-]{1,128}$/, "must be a workgroup's name: letters, digits, . _ -"),
    {
      help: "The Athena workgroup; it must limit what a query may scan (docs/athena.md).",
      placeholder: "NAME",
      default: "roadstream",
    },
  ),
  maxScanMib: maybe(wholeText(10, 1_000_000_000), {
    help: "Run nothing unless the workgroup ends a query that scans more than this.",
    placeholder: "N",
  }),
} as const;
