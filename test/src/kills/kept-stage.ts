import type { Stage } from "../processes/start-stage.ts";
import type { Doom } from "./doom-plan.ts";

export interface KeptStage {
  /** Stops it cleanly, whichever start of it that is by now. */
  stop(): Promise<void>;
}

/** Starts a stage, and starts it again without a doom when it was killed, as a service manager does. */
export const keepRunning = async (
  start: (doom: Doom | null) => Promise<Stage>,
  doom: Doom | null,
  onKilled: () => void,
): Promise<KeptStage> => {
  let stage = await start(doom);
  let isOver = false;
  const watch = async (): Promise<void> => {
    for (;;) {
      const end = await stage.exit;
      if (end.signal === null) {
        if (isOver && end.code === 0) return;
        throw new Error(`${stage.name} ended with ${end.code}: ${end.stderr}`);
      }
      onKilled();
      if (isOver) return;
      stage = await start(null);
      // Told to stop while it was being started.
      if (isOver) stage.signal("SIGTERM");
    }
  };
  const watched = watch();
  watched.catch(() => undefined);
  return {
    stop: async () => {
      isOver = true;
      stage.signal("SIGTERM");
      await watched;
    },
  };
};
