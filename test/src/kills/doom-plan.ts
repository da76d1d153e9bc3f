/**
 * `append`: the transaction that puts records into the outbox or the log · `publish`, `puback`: such a packet's way into
 * the socket · `object`: a new object of the lake.
 */
export type DoomMoment = "append" | "publish" | "puback" | "object";

/** The end of a process, or its stopping, at the n-th of such moments. */
export interface Doom {
  readonly moment: DoomMoment;
  readonly when: "before" | "within" | "after";
  readonly nth: number;
  readonly signal: "SIGKILL" | "SIGSTOP";
}

/** What a stage's environment must hold for it to meet its doom; nothing for one that is to live. */
export const doomEnvironment = (doom: Doom | null): Readonly<Record<string, string>> =>
  doom === null
    ? {}
    : {
        DOOM: JSON.stringify(doom),
        NODE_OPTIONS: `--disable-warning=ExperimentalWarning --import=${new URL("./doom.ts", import.meta.url).href}`,
      };

export const readDoom = (env: Readonly<Record<string, string | undefined>>): Doom | null =>
  env["DOOM"] === undefined ? null : (JSON.parse(env["DOOM"]) as Doom);
