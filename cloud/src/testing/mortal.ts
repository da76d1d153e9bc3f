/** A process that a simulation may stop (SIGSTOP), wake, and kill between any two of its operations. */
export class MortalProcess {
  #isDead = false;
  #frozen: { readonly thawed: Promise<void>; readonly thaw: () => void } | null = null;
  #operationsLeft = Number.POSITIVE_INFINITY;
  #freezeIn = Number.POSITIVE_INFINITY;
  #onFrozen: () => void = () => undefined;
  readonly #meanwhile: () => Promise<void>;

  /** `meanwhile`: what others do while an operation is on its way, and while its answer is. */
  constructor(meanwhile: () => Promise<void> = () => Promise.resolve()) {
    this.#meanwhile = meanwhile;
  }

  /** Dies before its n-th operation from now; a request counts twice, when it is sent and when it is answered. */
  dieAfter(operations: number): void {
    this.#operationsLeft = operations;
  }

  /** Stops before its n-th operation from now. */
  freezeAfter(operations: number, onFrozen: () => void): void {
    this.#freezeIn = operations;
    this.#onFrozen = onFrozen;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isFrozen(): boolean {
    return this.#frozen !== null;
  }

  die(): void {
    this.#isDead = true;
  }

  freeze(): void {
    if (this.#frozen !== null) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#frozen = { thawed: promise, thaw: resolve };
  }

  thaw(): void {
    this.#frozen?.thaw();
    this.#frozen = null;
  }

  /** Awaited before and after each operation on the world. */
  readonly step = async (): Promise<void> => {
    await this.#meanwhile();
    this.#operationsLeft -= 1;
    if (this.#operationsLeft <= 0) this.#isDead = true;
    this.#freezeIn -= 1;
    if (this.#freezeIn === 0) {
      this.freeze();
      this.#onFrozen();
    }
    while (this.#frozen !== null) await this.#frozen.thawed;
    if (this.#isDead) await new Promise<never>(() => undefined);
  };

  /** The same object, each of whose asynchronous operations this process may not live to see answered. */
  owns<T extends object>(target: T): T {
    const { step } = this;
    return new Proxy(target, {
      get: (_, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        return (...args: readonly unknown[]): unknown => {
          const call = (): unknown => Reflect.apply(member, target, args) as unknown;
          if (SYNCHRONOUS.has(name)) return call();
          return (async () => {
            await step();
            const answer = await call();
            await step();
            return OPENS.has(name) ? this.owns(answer as object) : answer;
          })();
        };
      },
    });
  }
}

const SYNCHRONOUS = new Set<string | symbol>(["seek", "pause", "resume"]);
const OPENS = new Set<string | symbol>(["join", "writer"]);
