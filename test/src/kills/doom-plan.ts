/**
 * `append`: the transaction that puts records into the outbox or the log · `publish`, `puback`: such a packet's way into
 * the socket · `produce`: the same of a request that hands records to Kafka · `object`: a new object of a lake in a
 * folder · `put`: of a lake on S3.
 */
export type DoomMoment = "append" | "publish" | "puback" | "produce" | "object" | "put";

/** The end of a process, or its stopping, at the n-th of such moments. */
export interface Doom {
  readonly moment: DoomMoment;
  readonly when: "before" | "within" | "after";
  readonly nth: number;
  readonly signal: "SIGKILL" | "SIGSTOP";
}

/** A machine whose wall clock is set while the process runs. */
export interface ClockJump {
  readonly afterMs: number;
  readonly byMs: number;
}

/** What a stage's environment must hold for it to meet its fate; nothing for one that is to live. */
export const doomEnvironment = (
  doom: Doom | null,
  jump: ClockJump | null = null,
): Readonly<Record<string, string>> => {
  const loaded = [
    ...(doom === null ? [] : [new URL("./doom.ts", import.meta.url)]),
    ...(jump === null ? [] : [new URL("./clock-jump.ts", import.meta.url)]),
  ];
  if (loaded.length === 0) return {};
  const imports = loaded.map(({ href }) => ` --import=${href}`);
  return {
    ...(doom === null ? {} : { DOOM: JSON.stringify(doom) }),
    ...(jump === null ? {} : { CLOCK_JUMP: JSON.stringify(jump) }),
    NODE_OPTIONS: `--disable-warning=ExperimentalWarning${imports.join("")}`,
  };
};

export const readDoom = (env: Readonly<Record<string, string | undefined>>): Doom | null =>
  env["DOOM"] === undefined ? null : (JSON.parse(env["DOOM"]) as Doom);
