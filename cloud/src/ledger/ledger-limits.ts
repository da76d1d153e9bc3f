import { days } from "@roadstream/shared";

/** A ledger file holds the differences of one commit; each one hundredth holds the whole, so loading reads at most 100. */
export const WHOLE_EVERY_COMMITS = 100;
/** The whole comes sooner when the differences outgrow it; less than this is read in no time. */
export const SMALL_CHAIN_BYTES = 64 * 1024;
/** Dead-letter ids remembered per log partition: a repeat comes soon after its first copy, mostly. Beyond, the table is asked. */
export const MAX_DEAD_LETTER_IDS = 10_000;
/** A boot that said nothing for so long, by the log's own time, is retired. */
export const RETIRE_AFTER_SILENCE = days(21);
/** A ledger file may not unpack to more: the ranges of about a million boots. */
export const MAX_LEDGER_FILE_BYTES = 512 * 1024 * 1024;
