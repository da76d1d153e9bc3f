/**
 * The demo's environment as its stages get it: each stage is told everything by flags, and `ROADSTREAM_…` settings that
 * were meant for the demo (its --duration is trip time, an agent's is not) must not reach them.
 */
export const stageEnvironment = (
  env: Readonly<Record<string, string | undefined>>,
  standsAt: string,
): Readonly<Record<string, string | undefined>> => ({
  ...Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("ROADSTREAM_"))),
  // Relative paths count from where the person stands, for the stages too.
  INIT_CWD: standsAt,
});
