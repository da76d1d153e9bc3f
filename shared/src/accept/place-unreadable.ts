import type { HeaderClaim, PayloadHeader } from "../contract/payload-header.ts";

/** A refused record at its place in the payload. */
export interface PlacedClaim {
  readonly index: number;
  readonly claim: HeaderClaim;
}

/**
 * The seq that a record without a readable one must have had: where the header's range is as long as its count, the
 * record at place i is first_seq + i, unless another record of the payload says that number. Else it stays unknown.
 */
export const placeUnreadable = (
  header: PayloadHeader | null,
  refused: PlacedClaim,
  isTaken: (seq: number) => boolean,
): HeaderClaim => {
  if (header === null || refused.claim.seqFrom !== null) return refused.claim;
  if (header.lastSeq - header.firstSeq + 1 !== header.count) return refused.claim;
  const seq = header.firstSeq + refused.index;
  return isTaken(seq) ? refused.claim : { ...refused.claim, seqFrom: seq, seqTo: seq };
};
