import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** What is kept of one process's output; older lines go first. */
const MAX_LINES = 100_000;
const TAIL_LINES = 40;

interface Waiter {
  look(): void;
}

/** The lines that a process has printed so far, and a way to wait for one that it has not printed yet. */
export class OutputLines {
  /** Settles when the process will print no more. */
  readonly ended: Promise<void>;
  readonly #lines: string[] = [];
  readonly #waiters = new Set<Waiter>();
  #dropped = 0;
  #isOver = false;

  constructor(stream: Readable) {
    const lines = createInterface({ input: stream });
    lines.on("line", (line) => {
      this.#lines.push(line);
      if (this.#lines.length > MAX_LINES) {
        this.#lines.shift();
        this.#dropped += 1;
      }
      this.#look();
    });
    this.ended = new Promise((resolve) => {
      lines.on("close", () => {
        this.#isOver = true;
        this.#look();
        resolve();
      });
    });
  }

  /** How many lines there were so far: where to wait on from. */
  get count(): number {
    return this.#dropped + this.#lines.length;
  }

  all(from = 0): readonly string[] {
    return this.#lines.slice(Math.max(0, from - this.#dropped));
  }

  text(): string {
    return this.#lines.map((line) => `${line}\n`).join("");
  }

  /** The end of it, for a person. */
  tail(): string {
    return this.#lines.slice(-TAIL_LINES).join("\n");
  }

  /** The first thing that `read` makes of a line from `from` on; rejects at the deadline, or when no line can come. */
  until<T>(
    what: string,
    read: (line: string) => T | null,
    options: { readonly deadlineMs: number; readonly from?: number },
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      let next = options.from ?? 0;
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        act();
      };
      const fail = (why: string): void =>
        settle(() => reject(new Error(`${what}: ${why}; the last lines were:\n${this.tail()}`)));
      const waiter: Waiter = {
        look: () => {
          for (const line of this.all(next)) {
            const found = read(line);
            if (found !== null) return settle(() => resolve(found));
          }
          next = this.count;
          if (this.#isOver) fail("the process ended");
        },
      };
      const timer = setTimeout(() => fail(`not within ${options.deadlineMs} ms`), options.deadlineMs);
      this.#waiters.add(waiter);
      waiter.look();
    });
  }

  #look(): void {
    for (const waiter of this.#waiters) waiter.look();
  }
}
