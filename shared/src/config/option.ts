import { z } from "zod";
import { parseDuration, type DurationMs } from "../time/time.ts";

/**
 * One setting of a program. The value comes from the flag, else the environment, else the configuration file, else the
 * default; in this order. Every source gives text (or a boolean), which `schema` turns into the value.
 */
export interface Option<T> {
  readonly schema: z.ZodType<T>;
  /** One sentence for --help. */
  readonly help: string;
  /** What stands for the value in --help; null for a switch. */
  readonly placeholder: string | null;
  readonly isSwitch: boolean;
  /** Comes from the environment or a file only, is no flag, and is never printed. */
  readonly isSecret: boolean;
  /** The environment variable; by default ROADSTREAM_<FLAG>. */
  readonly env: string | null;
  /** For --help; the default itself is in the schema. */
  readonly defaultText: string | null;
}

// oxlint-disable-next-line typescript/no-explicit-any -- the variance of a heterogeneous table of options
export type Options = Readonly<Record<string, Option<any>>>;

/** The parsed values, by option name in camel case. */
export type Values<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

interface Words {
  readonly help: string;
  readonly placeholder?: string;
  readonly env?: string;
  readonly default?: string;
}

const option = <T>(schema: z.ZodType<T>, words: Words): Option<T> => ({
  schema,
  help: words.help,
  placeholder: words.placeholder ?? "VALUE",
  isSwitch: false,
  isSecret: false,
  env: words.env ?? null,
  defaultText: words.default ?? null,
});

/** A setting without which the program does not start, given a default or not. */
export const setting = <T>(schema: z.ZodType<T, string>, words: Words): Option<T> => {
  const text = z.unknown().transform((value, context) => {
    if (value === undefined && words.default !== undefined) return words.default;
    if (typeof value === "string") return value;
    context.addIssue({ code: "custom", message: value === undefined ? "is required" : "must be text" });
    return z.NEVER;
  });
  return option(text.pipe(schema) as unknown as z.ZodType<T>, words);
};

/** A setting that may be absent: then null. */
export const maybe = <T>(schema: z.ZodType<T, string>, words: Words): Option<T | null> =>
  option(
    z.unknown().transform((value, context): T | null => {
      if (value === undefined) return null;
      const result = schema.safeParse(value);
      if (result.success) return result.data;
      context.addIssue({
        code: "custom",
        message: result.error.issues.map((issue) => issue.message).join("; "),
      });
      return z.NEVER;
    }),
    words,
  );

/** On or off: `--name`, `--no-name`, or true/false from elsewhere. */
export const toggle = (
  words: Omit<Words, "placeholder" | "default"> & { readonly on?: boolean },
): Option<boolean> => ({
  ...option(
    z.unknown().transform((value, context): boolean => {
      if (value === undefined) return words.on ?? false;
      if (value === true || value === "true" || value === "1") return true;
      if (value === false || value === "false" || value === "0") return false;
      context.addIssue({ code: "custom", message: "must be true or false" });
      return z.NEVER;
    }),
    words,
  ),
  placeholder: null,
  isSwitch: true,
  defaultText: words.on === true ? "on" : null,
});

/** A password or key: environment or file only. */
export const secret = (words: Words): Option<string | null> => ({
  ...maybe(z.string(), words),
  isSecret: true,
});

export const durationText = z.string().transform((text, context): DurationMs => {
  const duration = parseDuration(text);
  if (duration !== null) return duration;
  context.addIssue({
    code: "custom",
    message: `"${text}" is not a duration such as 200ms, 30s, 5m, 2h or 1d`,
  });
  return z.NEVER;
});

export const wholeText = (min: number, max: number): z.ZodType<number, string> =>
  z.string().transform((text, context): number => {
    const value = Number(text);
    if (/^-?\d+$/.test(text) && value >= min && value <= max) return value;
    context.addIssue({ code: "custom", message: `"${text}" is not a whole number from ${min} to ${max}` });
    return z.NEVER;
  });
