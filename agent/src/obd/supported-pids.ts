/**
 * SAE J1979 §6.1.2: PIDs 00, 20, 40, … answer with four bytes, one bit per PID of the next 32, the highest bit first;
 * the last bit says that the next of these PIDs is there too.
 */
export const SUPPORT_PIDS = [0x00, 0x20, 0x40, 0x60, 0x80, 0xa0] as const;
export const SUPPORT_BYTES = 4;

export const isSupportPid = (pid: number): boolean => SUPPORT_PIDS.some((known) => known === pid);

/** The PIDs named by the answer to support PID `base`. */
export const pidsOfBitmap = (base: number, data: Uint8Array): readonly number[] => {
  const pids: number[] = [];
  for (let bit = 0; bit < SUPPORT_BYTES * 8; bit += 1) {
    const byte = data[bit >> 3] ?? 0;
    if (byte & (0x80 >> (bit & 7))) pids.push(base + bit + 1);
  }
  return pids;
};
