import { AssignerProtocol, type Assignment, type GroupMember, type PartitionAssigner } from "kafkajs";

const { MemberAssignment, MemberMetadata } = AssignerProtocol;
/** By this name members agree that they share so; another way of sharing needs another name. */
const NAME = "RoadstreamCoPartition";
const VERSION = 0;
const NO_USER_DATA = Buffer.alloc(0);

interface Wanting {
  readonly memberId: string;
  readonly topics: readonly string[];
}

const wantingOf = ({ memberId, memberMetadata }: GroupMember): Wanting => ({
  memberId,
  topics: MemberMetadata.decode(memberMetadata)?.topics ?? [],
});

/**
 * Partition number p of a topic goes to one of the members that want the topic, which one follows from p and their
 * order by name: so topics that the same members want go to the same member, number by number.
 */
const share = (
  members: readonly Wanting[],
  partitionsOf: (topic: string) => readonly number[],
): ReadonlyMap<string, Assignment> => {
  const shares = new Map(members.map(({ memberId }): [string, Assignment] => [memberId, {}]));
  for (const topic of new Set(members.flatMap(({ topics }) => topics))) {
    const wanting = members.filter(({ topics }) => topics.includes(topic)).map(({ memberId }) => memberId);
    wanting.sort();
    for (const partition of partitionsOf(topic)) {
      const given = shares.get(wanting[partition % wanting.length] ?? "");
      if (given !== undefined) given[topic] = [...(given[topic] ?? []), partition];
    }
  }
  return shares;
};

/**
 * Shares a group's partitions so that one member has the same number of every topic: records have the vehicle as their
 * key, and what one vehicle sends to any topic is then in one hand. kafkajs's own deals all topics' partitions out in
 * one row, wherever one topic ends, and to members that do not want them, too.
 */
export const coPartitionAssigner: PartitionAssigner = ({ cluster }) => ({
  name: NAME,
  version: VERSION,
  // Runs at the member that leads the group, for all.
  assign: async ({ members }) => {
    const wanting = members.map(wantingOf);
    // Of topics that only others want, this one knows nothing yet.
    await cluster.addMultipleTargetTopics(wanting.flatMap(({ topics }) => topics));
    const shares = share(wanting, (topic) =>
      cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId),
    );
    return [...shares].map(([memberId, assignment]) => ({
      memberId,
      memberAssignment: MemberAssignment.encode({ version: VERSION, assignment, userData: NO_USER_DATA }),
    }));
  },
  protocol: ({ topics }) => ({
    name: NAME,
    metadata: MemberMetadata.encode({ version: VERSION, topics, userData: NO_USER_DATA }),
  }),
});
