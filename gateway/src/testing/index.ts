export { afterTurn } from "../adapters/event-loop-turn.ts";
export { OrderedRelease } from "../ingest/ordered-release.ts";
export { ReceiptRelay } from "../receipts/receipt-relay.ts";
