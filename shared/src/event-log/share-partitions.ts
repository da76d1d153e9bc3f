/**
 * How the members of a group share partitions without a coordinator, and so that one member holds the same partition
 * number of all topics: what a vehicle sends, to whichever topic, is then in one hand. Among topics that the same
 * members want, the first that has a number is that number's anchor. Each member has a quota of anchors that follows
 * from its rank among the live members; it gives back what is over its quota and takes free ones up to it. All other
 * partitions follow their anchors. Quotas add up to the anchors, so the group comes to rest with every partition held
 * once. Who joins is last in rank: then nothing moves but what goes to the new one, or was held by the one that left.
 */
export interface PartitionShare {
  /** One partition of one topic, as any unique number. */
  readonly lane: number;
  /** The topic's index among the topics of the log. */
  readonly topic: number;
  /** The partition's number within its topic. */
  readonly partition: number;
  /** The member that holds it; null when free. */
  readonly holder: string | null;
  /** Members that want this topic, in one order that all members agree on. */
  readonly members: readonly string[];
}

export interface ShareStep {
  readonly release: readonly number[];
  readonly claim: readonly number[];
}

const quota = (numbers: number, members: number, rank: number): number =>
  Math.floor(numbers / members) + (rank < numbers % members ? 1 : 0);

export const planShare = (lanes: readonly PartitionShare[], me: string): ShareStep => {
  const release: number[] = [];
  const claim: number[] = [];
  const wanted = lanes.filter(({ members }) => members.includes(me));
  for (const wantedAlike of Map.groupBy(wanted, ({ members }) => members.join("\n")).values()) {
    const mine = numbersOf(me, wantedAlike);
    for (const { lane, partition, holder } of wantedAlike) {
      if (mine.has(partition) && holder === null) claim.push(lane);
      if (!mine.has(partition) && holder === me) release.push(lane);
    }
  }
  return { release, claim };
};

/** The numbers whose anchors this member holds after its step. */
const numbersOf = (me: string, lanes: readonly PartitionShare[]): ReadonlySet<number> => {
  const members = lanes[0]?.members ?? [];
  const numbers = [...Map.groupBy(lanes, ({ partition }) => partition)].map(([number, ofNumber]) => ({
    number,
    holder: ofNumber.reduce((first, lane) => (lane.topic < first.topic ? lane : first)).holder,
    held: ofNumber.filter(({ holder }) => holder === me).length,
  }));
  // Those first of which it has most already: fewer move.
  numbers.sort((a, b) => b.held - a.held);
  const most = quota(numbers.length, members.length, members.indexOf(me));
  const kept = numbers.filter(({ holder }) => holder === me).slice(0, most);
  const taken = numbers.filter(({ holder }) => holder === null).slice(0, most - kept.length);
  return new Set([...kept, ...taken].map(({ number }) => number));
};
