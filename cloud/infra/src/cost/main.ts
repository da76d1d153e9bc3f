/** `npx -y pnpm@12 cost`: writes docs/cost.md. */
import { writeFileSync } from "node:fs";
import { costPage } from "./cost-page.ts";

writeFileSync(new URL("../../../../docs/cost.md", import.meta.url), costPage());
