/** Names of resources that other people's scripts, or other stacks' policies, refer to. */
export const NAME = "roadstream";

/** Everything of the lake lies below this prefix of its bucket. */
export const LAKE_PREFIX = "lake";
/** Where `cloud load` puts the lists of files for COPY. */
export const MANIFESTS_PREFIX = `${LAKE_PREFIX}/warehouse`;
export const RESULTS_PREFIX = "athena-results";

/** Kafka's group of cloud workers: the default of `cloud run --group`. */
export const WORKER_GROUP = "roadstream-cloud";

export const roleName = (process: string): string => `${NAME}-${process}`;

export const PORTS = { mqtts: 8883, kafkaScram: 9096, metrics: 9464, redshift: 5439, https: 443 } as const;
