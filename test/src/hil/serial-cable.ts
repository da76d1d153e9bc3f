import { closeSync, constants, existsSync, openSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { leash, type LeashedProcess } from "../processes/leashed-process.ts";

const PLUG_DEADLINE_MS = 5000;
const LOOK_EVERY_MS = 10;

/**
 * A serial cable: two pseudo-terminals that socat joins. As with a USB adapter the device is there while the cable is
 * plugged in, whether a program has it open or not; pulled out, it is gone, and whoever had it open is hung up on.
 */
export class SerialCable implements AsyncDisposable {
  /** What the agent is told to open. */
  readonly path: string;
  readonly benchPath: string;
  #socat: LeashedProcess | null = null;
  #held: readonly number[] = [];

  private constructor(path: string) {
    this.path = path;
    this.benchPath = `${path}.bench`;
  }

  static async plugged(path: string): Promise<SerialCable> {
    const cable = new SerialCable(path);
    await cable.plug();
    return cable;
  }

  async plug(): Promise<void> {
    const ends = [this.benchPath, this.path];
    this.#socat = await leash(
      "socat",
      ends.map((end) => `pty,raw,echo=0,link=${end}`),
    );
    const deadline = performance.now() + PLUG_DEADLINE_MS;
    while (!ends.every((end) => existsSync(end))) {
      if (performance.now() > deadline) throw new Error(`socat makes no terminals: ${this.#socat.output()}`);
      await sleep(LOOK_EVERY_MS);
    }
    // socat ends when a terminal is closed by its last user; a cable stays.
    this.#held = ends.map((end) =>
      openSync(end, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK),
    );
  }

  /** Both terminals are gone when this is done, and their names, as udev removes a device's. */
  async pull(): Promise<void> {
    await this.#socat?.kill9();
    this.#socat = null;
    for (const descriptor of this.#held) closeSync(descriptor);
    this.#held = [];
    for (const end of [this.path, this.benchPath]) rmSync(end, { force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.pull();
  }
}
