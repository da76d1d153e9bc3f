/**
 * How the members of a group share partitions without a coordinator: each has a quota per topic that follows from its
 * rank among the live members; it gives back what is over its quota and takes free ones up to it. Quotas of a topic add
 * up to its partitions, so the group comes to rest with every partition held once, and moves no more than it must.
 */
export interface PartitionShare {
  /** The partition's number within its topic, as any unique number. */
  readonly lane: number;
  /** Groups lanes for the quota: the topic's index among the topics of the log. */
  readonly topic: number;
  /** The member that holds it; null when free. */
  readonly holder: string | null;
  /** Members that want this topic, in one order that all members agree on. */
  readonly members: readonly string[];
}

export interface ShareStep {
  readonly release: readonly number[];
  readonly claim: readonly number[];
}

/** The remainder goes to other ranks for each topic, so that rank 0 is not the busiest everywhere. */
const quota = (partitions: number, members: number, rank: number, topic: number): number =>
  Math.floor(partitions / members) + ((rank + topic) % members < partitions % members ? 1 : 0);

export const planShare = (lanes: readonly PartitionShare[], me: string): ShareStep => {
  const release: number[] = [];
  const claim: number[] = [];
  const byTopic = Map.groupBy(lanes, (lane) => lane.topic);
  for (const [topic, ofTopic] of byTopic) {
    const members = ofTopic[0]?.members ?? [];
    const rank = members.indexOf(me);
    if (rank < 0) continue;
    const mine = ofTopic.filter((lane) => lane.holder === me);
    const free = ofTopic.filter((lane) => lane.holder === null);
    const most = quota(ofTopic.length, members.length, rank, topic);
    release.push(...mine.slice(most).map((lane) => lane.lane));
    claim.push(...free.slice(0, Math.max(0, most - mine.length)).map((lane) => lane.lane));
  }
  return { release, claim };
};
