/** A finding of cdk-nag's AwsSolutions that is left as it is. */
export interface NagException {
  readonly rule: string;
  /** The constructs' paths. */
  readonly at: RegExp;
  readonly why: string;
}

const LAKE = String.raw`roadstream-lake/(Worker|Keeper|Watcher|Analyst)Role|roadstream-warehouse/(Redshift|Loader)Role`;

/** A test compares them with what cdk-nag finds: none is missing, and none is left over. */
export const NAG_EXCEPTIONS: readonly NagException[] = [
  {
    rule: "IAM5[Resource::…/lake/*]",
    at: new RegExp(LAKE),
    why: "Objects' names end in UUIDs: what can be named is the prefix.",
  },
  {
    rule: "IAM5[Resource::…/lake/*/metadata/*]",
    at: /roadstream-lake\/WorkerRole/,
    why: "The metadata folders of all tables, and nothing else, is what a worker may delete from.",
  },
  {
    rule: "IAM5[Resource::…/lake/warehouse/*]",
    at: /roadstream-warehouse\/LoaderRole/,
    why: "Lists of files for COPY are named by UUIDs, below one prefix.",
  },
  {
    rule: "IAM5[Resource::…:table/roadstream/*]",
    at: new RegExp(LAKE),
    why: "All tables of one database: the contract's tables, and views.",
  },
  {
    rule: "IAM5[Resource::…/athena-results/*]",
    at: /roadstream-lake\/AnalystRole/,
    why: "Athena names a result after its query.",
  },
  {
    rule: "IAM5[Resource::*]",
    at: /roadstream-warehouse\/(LoaderRole|AnalystPolicy)/,
    why: "A statement of the Data API has no ARN; a condition keeps it to one's own.",
  },
  {
    rule: "IAM5[Resource::*]",
    at: /roadstream-(services|loading)\/\w+Task\/ExecutionRole/,
    why: "ecr:GetAuthorizationToken knows no resource.",
  },
  {
    rule: "IAM5[Resource::…:task/…/*]",
    at: /roadstream-(services|loading)\/\w+Task\/EventsRole/,
    why: "The CDK lets the schedule tag the tasks that it starts, which have no name before.",
  },
  {
    rule: "EC23",
    at: /roadstream-base\/Door/,
    why: "Cars connect from anywhere; the gateway lets in who shows a certificate of the fleet's authority.",
  },
  {
    rule: "SMG4",
    at: /roadstream-log\/(User\w+|GatewayTls)/,
    why: "Kafka's passwords are rotated by hand (docs/aws.md): clients read them at their start only. Certificates are the fleet owner's.",
  },
  {
    rule: "ELB2",
    at: /roadstream-services\/Door/,
    why: "A network load balancer logs TLS that it ends itself; here the gateway does, and says who connects.",
  },
  {
    rule: "ECS2",
    at: /roadstream-services\/\w+Task/,
    why: "The only variable says which authorities Kafka's certificate may come from; secrets go in as secrets.",
  },
];
