export type { AfterTurn, Session, Settlement } from "./ports.ts";
export { PublishRouter, type PublishRouterOptions } from "./route/publish-router.ts";
