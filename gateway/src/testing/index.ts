export { nodeSha256 } from "../adapters/node-sha256.ts";
export { afterTurn } from "../adapters/event-loop-turn.ts";
export { OrderedRelease } from "../ingest/ordered-release.ts";
