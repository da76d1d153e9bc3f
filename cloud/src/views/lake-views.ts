import { MOMENTS_VIEW } from "./moments-view.ts";
import { SEED_VIEWS } from "./seed-views.ts";
import type { View } from "./view.ts";

/** Every view over the lake's tables, in the order in which people list them. */
export const LAKE_VIEWS: readonly View[] = [MOMENTS_VIEW, ...SEED_VIEWS];
