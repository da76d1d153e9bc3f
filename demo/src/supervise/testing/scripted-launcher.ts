import type { Launcher, StageExit, StageProcess, StageReady } from "../../ports.ts";

/** A process of a test: it does what the test says, and by default ends when it is asked to. */
export interface ScriptedProcess extends StageProcess {
  readonly signals: readonly string[];
  becomeReady(ready?: Partial<StageReady>): void;
  exit(exit: Partial<StageExit>): void;
}

export class ScriptedLauncher implements Launcher {
  readonly processes: ScriptedProcess[] = [];
  /** Fault knob: processes that do not heed SIGTERM. */
  isDeaf = false;

  launch(_name: string, argv: readonly string[]): ScriptedProcess {
    const exited = Promise.withResolvers<StageExit>();
    const ready = Promise.withResolvers<StageReady | null>();
    const signals: string[] = [];
    const exit = (how: Partial<StageExit>): void => {
      exited.resolve({ code: null, signal: null, ...how });
      ready.resolve(null);
    };
    const process: ScriptedProcess = {
      pid: 1000 + this.processes.length,
      argv,
      cwd: "/stands/here",
      ready: ready.promise,
      exited: exited.promise,
      signals,
      stdout: () => "",
      lastWords: () => "its last words",
      becomeReady: (said = {}) => ready.resolve({ metrics: null, bootId: null, ...said }),
      exit,
      signal: (name) => {
        signals.push(name);
        if (name === "SIGKILL") exit({ signal: "SIGKILL" });
        else if (!this.isDeaf) exit({ code: 0 });
      },
    };
    this.processes.push(process);
    return process;
  }

  get last(): ScriptedProcess {
    const last = this.processes.at(-1);
    if (last === undefined) throw new Error("nothing was launched");
    return last;
  }
}
