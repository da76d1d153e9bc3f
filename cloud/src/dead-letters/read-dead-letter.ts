import {
  DEAD_LETTERS_COLUMNS,
  isSeq,
  rejection,
  valueWriter,
  type HeaderClaim,
  type Rejection,
} from "@roadstream/shared";

export interface ReadDeadLetter {
  readonly kind: "letter";
  readonly id: string;
  /** Canonical, as a binary string. */
  readonly line: string;
  readonly claim: HeaderClaim;
}

const FIELDS = DEAD_LETTERS_COLUMNS.filter((column) => column.origin !== "cloud").map((column) => ({
  column,
  write: valueWriter(column),
}));
const utf8 = new TextDecoder("utf-8", { fatal: true });
type Refused = { readonly kind: "refused"; readonly rejection: Rejection };
const refuse = (why: Rejection): Refused => ({ kind: "refused", rejection: why });

type Fields = Readonly<Record<string, unknown>>;

const parse = (value: string): { readonly kind: "fields"; readonly fields: Fields } | Refused => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(utf8.decode(Buffer.from(value, "latin1")));
  } catch {
    return refuse(rejection("not_json", "a dead letter is JSON in UTF-8"));
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    return refuse(rejection("not_object", "a dead letter is an object"));
  }
  return { kind: "fields", fields: parsed as Fields };
};

/** A record of the dead-letter topic, checked against its columns; what is wrong even there is refused once more. */
export const readDeadLetter = (value: string): ReadDeadLetter | Refused => {
  const parsed = parse(value);
  if (parsed.kind === "refused") return parsed;
  const { fields } = parsed;
  const get = (name: string): unknown => (Object.hasOwn(fields, name) ? (fields[name] ?? null) : null);
  let line = "";
  for (const { column, write } of FIELDS) {
    const given = get(column.name);
    if (given === null) {
      if (!column.nullable) return refuse(rejection("missing_field", column.name));
      continue;
    }
    const text = write(given);
    if (typeof text !== "string") return refuse(text);
    line += `${line === "" ? "{" : ","}"${column.name}":${text}`;
  }
  // The table is partitioned by its days since 1970; a canonical time compares as text.
  if (String(get("received_at")) < "1970") return refuse(rejection("bad_time", "received_at before 1970"));
  const text = (name: string): string | null => get(name) as string | null;
  const seq = (name: string): number | null => (isSeq(get(name)) ? (get(name) as number) : null);
  return {
    kind: "letter",
    id: String(get("dead_letter_id")),
    line: Buffer.from(`${line}}`, "utf8").toString("latin1"),
    claim: {
      vehicleId: text("vehicle_id"),
      bootId: text("boot_id"),
      stream: text("stream"),
      seqFrom: seq("seq_from"),
      seqTo: seq("seq_to"),
    },
  };
};
