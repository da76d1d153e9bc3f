export { loadRoute } from "./file-route.ts";
