import { COMMON_COLUMNS, SENT_UPTIME_FIELD } from "../contract/common-columns.ts";
import { DEAD_LETTERS_COLUMNS } from "../contract/dead-letter.ts";
import { TOPIC_VARIABLES } from "../contract/log-topics.ts";
import { commandTopic, receiptTopic, statusTopic, uplinkTopic } from "../contract/mqtt-topics.ts";
import { REJECTIONS } from "../contract/rejection.ts";
import { OWN_COLUMNS, STREAM_NAMES, STREAMS } from "../contract/streams.ts";
import { KAFKA_VARIABLES } from "../event-log/kafka-variables.ts";
import { columnTable } from "./column-table.ts";
import type { DocumentedConstant } from "./documented-constants.ts";
import { HEADER_FIELDS } from "./header-fields.ts";
import { code, section, table } from "./markdown.ts";

const INTRODUCTION = `Generated from the contract in \`shared/\` by \`npx -y pnpm@12 docs\`; a test keeps it current. Do not edit it.

Each stream is one topic of the event log and one table of the lake. (vehicle_id, boot_id, stream, seq) is the identity of a row; everything after the car is idempotent on it. Absent is null, never 0 or NaN; units follow COVESA VSS and end the column's name.`;

const ORIGINS = table(
  ["from", "who gives the value"],
  [
    ["header", "the MQTT payload's header, once for all records of a publish (a record may say it itself)"],
    ["record", "each record"],
    ["gateway", "the gateway at acceptance; in the event log from there on"],
    ["cloud", "the cloud stage when the row lands; only in the lake"],
  ],
);

const TYPES = table(
  ["type", "in JSON", "in the lake"],
  [
    ["string", "text without NUL or half surrogate pairs", "string"],
    ["int32, int64", "whole number; beyond 2^53 − 1 none is accepted", "int, long"],
    ["float64", "finite number", "double"],
    ["boolean", "true or false", "boolean"],
    ["timestamp", "ISO 8601 text with milliseconds and `Z`", "timestamptz (microseconds, UTC)"],
    ["bytes", "base64 text", "binary"],
  ],
);

const streamSections = STREAM_NAMES.map((name) => {
  const { doc, rules } = STREAMS[name];
  const between = rules.map((rule) => `- ${rule.doc} (else ${code(rule.reason)})`).join("\n");
  return section(
    3,
    name,
    `${doc} After the common columns; JSON Schema of its log records: [${name}.schema.json](schemas/${name}.schema.json).`,
    columnTable(OWN_COLUMNS[name]),
    between,
  );
});

/** Every client of the gateway is a vehicle, and a vehicle is nobody that may know where others are. */
const PRESENCE =
  "presence; retained, with a last will. For readers on a broker that lets them (Mosquitto, EMQX, AWS IoT Core): " +
  "the gateway takes it and gives it to nobody";

const COMMANDS =
  "reserved. No agent subscribes to it or obeys what comes there; the gateway lets a vehicle subscribe to its own, and nobody publish";

const MQTT_TOPICS = table(
  ["topic", "direction", "what"],
  [
    [code(uplinkTopic("<vehicle_id>", "<stream>")), "from the car", "readings; QoS 1, not retained"],
    [code(statusTopic("<vehicle_id>")), "from the car", PRESENCE],
    [code(commandTopic("<vehicle_id>", "<name>")), "to the car", COMMANDS],
    [
      code(receiptTopic("<vehicle_id>")),
      "to the car",
      "receipts: the settled ranges; the agent subscribes with `--forget settled`",
    ],
  ],
);

const PAYLOAD = `One line of plain JSON, the header; then the records as newline-delimited JSON without what the header already says, plain or compressed with zstd. A payload without a header is accepted as well: complete plain JSON records, one a line. Fields that the contract does not know are ignored and counted.`;

const rows = (entries: Readonly<Record<string, string>>): readonly (readonly string[])[] =>
  Object.entries(entries).map(([name, meaning]) => [code(name), meaning]);

const topicRows = Object.entries(TOPIC_VARIABLES).map(([topic, variable]) => [code(topic), code(variable)]);

const constantRows = (constants: readonly DocumentedConstant[]): readonly (readonly string[])[] =>
  constants.map(({ name, value, doc }) => [code(name), value.toLocaleString("en-GB"), doc]);

/** The page that says what every column, topic, limit and name of the contract means. */
export const referencePage = (limits: readonly DocumentedConstant[]): string =>
  `${[
    section(1, "The streams", INTRODUCTION),
    section(2, "Types and origins", TYPES, ORIGINS),
    section(
      2,
      "Columns of every stream",
      columnTable(COMMON_COLUMNS),
      `In the log, ${code(SENT_UPTIME_FIELD)} follows the columns where it is known; it is not stored. Tables are partitioned by the UTC day of ${code("event_at")}.`,
    ),
    section(2, "Streams", ...streamSections),
    section(
      2,
      "dead_letters",
      `What was refused, with its reason and its bytes; partitioned by the UTC day of ${code("received_at")}. It has no common columns.`,
      columnTable(DEAD_LETTERS_COLUMNS),
    ),
    section(2, "Reasons of refusal", table(["reason", "meaning"], rows(REJECTIONS))),
    section(2, "MQTT topics", MQTT_TOPICS),
    section(2, "MQTT payload", PAYLOAD, table(["header field", "meaning"], rows(HEADER_FIELDS))),
    section(
      2,
      "Topics of the event log",
      `The key is the vehicle's id, so that one vehicle keeps its order; the value is one JSON object with ${code('"v":1')}. The environment may rename each topic.`,
      table(["topic", "environment variable"], topicRows),
    ),
    section(2, "Environment for Kafka", table(["variable", "meaning"], rows(KAFKA_VARIABLES))),
    section(2, "Limits", table(["limit", "value", "what it bounds"], constantRows(limits))),
  ].join("\n\n")}\n`;
