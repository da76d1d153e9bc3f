/** A source of numbers in [0, 1). Real one: adapters/system-random.ts; seeded one below. */
export interface Random {
  next(): number;
}

/** Deterministic numbers from a seed (sfc32, seeded by splitmix32): the same seed gives the same sequence everywhere. */
export const seededRandom = (seed: number): Random => {
  let state = seed >>> 0;
  const splitmix = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let z = state ^ (state >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return (z ^ (z >>> 15)) | 0;
  };
  let a = splitmix();
  let b = splitmix();
  let c = splitmix();
  let counter = 1;
  const step = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4_294_967_296;
  };
  for (let i = 0; i < 12; i += 1) step();
  return { next: step };
};

/** A whole number in [0, bound). */
export const randomBelow = (random: Random, bound: number): number => Math.floor(random.next() * bound);

/** A normally distributed number (Box–Muller), mean 0, standard deviation 1. */
export const randomNormal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
