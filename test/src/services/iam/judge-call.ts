import type { PolicyDocument } from "./templates.ts";

/** One action on one resource, as IAM sees it. */
export interface Call {
  readonly action: string;
  readonly resource: string;
  /** Condition keys that the request has. */
  readonly context: Readonly<Record<string, string>>;
}

export type Verdict = "allowed" | "denied" | "not allowed";

type Statement = PolicyDocument["Statement"][number];

const listed = (value: unknown): readonly string[] =>
  value === undefined ? [] : ((Array.isArray(value) ? value : [value]) as readonly string[]);

/** IAM's wildcards: `*` is any text, `?` one character. */
const fits = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
      .replaceAll("*", ".*")
      .replaceAll("?", ".")}$`,
    "s",
  ).test(text);

const VARIABLE = /\$\{([^}]+)\}/g;

/** With `${aws:userid}` and the like filled in; one that the request does not have fits nothing. */
const filled = (pattern: string, { context }: Call): string =>
  pattern.replaceAll(VARIABLE, (_, name: string) => context[name] ?? "\0");

type Operator = (expected: readonly string[], actual: string | undefined) => boolean;

const OPERATORS: Readonly<Record<string, Operator>> = {
  StringEquals: (expected, actual) => actual !== undefined && expected.includes(actual),
  StringLike: (expected, actual) => actual !== undefined && expected.some((pattern) => fits(pattern, actual)),
  Bool: (expected, actual) => actual !== undefined && expected.includes(actual),
  Null: (expected, actual) => expected.includes(String(actual === undefined)),
};

const holds = (statement: Statement, call: Call): boolean =>
  Object.entries((statement["Condition"] ?? {}) as Record<string, Record<string, unknown>>).every(
    ([operator, keys]) =>
      Object.entries(keys).every(([key, expected]) => {
        const judge = OPERATORS[operator];
        if (judge === undefined) throw new Error(`no such operator here: ${operator}`);
        const values = listed(expected).map((value) => filled(value, call));
        return judge(values, call.context[key]);
      }),
  );

const concerns = (statement: Statement, call: Call): boolean => {
  if (statement["NotAction"] !== undefined) throw new Error("NotAction is not used here");
  const action = call.action.toLowerCase();
  if (!listed(statement["Action"]).some((pattern) => fits(pattern.toLowerCase(), action))) return false;
  const reaches = (patterns: unknown): boolean =>
    listed(patterns).some((pattern) => fits(filled(pattern, call), call.resource));
  return statement["NotResource"] === undefined
    ? reaches(statement["Resource"])
    : !reaches(statement["NotResource"]);
};

/** What IAM says of a call by whoever has this policy and no other: an explicit denial wins, silence is no. */
export const judgeCall = (policy: PolicyDocument, call: Call): Verdict => {
  const effects = policy.Statement.filter(
    (statement) => concerns(statement, call) && holds(statement, call),
  ).map((statement) => statement["Effect"]);
  if (effects.includes("Deny")) return "denied";
  return effects.includes("Allow") ? "allowed" : "not allowed";
};
