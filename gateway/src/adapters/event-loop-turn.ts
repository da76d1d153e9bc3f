import type { AfterTurn } from "../ports.ts";

/** libuv's check phase comes after all sockets that were readable have been read. */
export const afterTurn: AfterTurn = (work) => void setImmediate(work);
