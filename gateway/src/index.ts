export { acceptor } from "./accept/accept-publish.ts";
export type { AcceptContext, Accepted } from "./accept/accepted.ts";
export type { AfterTurn, Publish, Session, Settlement, Sha256 } from "./ports.ts";
export { PublishRouter, type PublishRouterOptions } from "./route/publish-router.ts";
