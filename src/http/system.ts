import type { Admins } from "../core/admins.ts";
import { requestOriginOf } from "./context.ts";
import { describeApi } from "./contract/description.ts";
import { systemRoutes } from "./contract/system-routes.ts";
import type { Mount } from "./mount.ts";

/** What has to work before traffic may come, by name: `{ store: true, keys: true }`. */
export type ReadinessChecks = Readonly<Record<string, boolean>>;

interface SystemParts {
  readonly admins: Pick<Admins, "completeSetup">;
  /** Must not take long. Throwing means not ready. */
  readonly readiness: () => Promise<ReadinessChecks>;
  readonly version: string;
  readonly publicUrl: string;
}

export function mountSystem(mount: Mount, parts: SystemParts): void {
  const { admins, readiness, version, publicUrl } = parts;
  // To the compiler a document with extensions is not quite JSON.
  const description = describeApi({ version, publicUrl }) as unknown as Record<string, unknown> & { openapi: string };

  mount(systemRoutes.setup, async (c) => {
    const { setup_token: setupToken, name } = c.req.valid("json");
    const { admin, token } = await admins.completeSetup(setupToken, name, requestOriginOf(c));
    return c.json({ id: admin.id, name: admin.name, admin_token: token.reveal() }, 201);
  });

  mount(systemRoutes.health, (c) => c.json({ status: "ok" as const }, 200));

  mount(systemRoutes.ready, async (c) => {
    const checks = await readiness().catch((): ReadinessChecks => ({ gateway: false }));
    const isReady = Object.values(checks).every(Boolean);
    const shown = Object.fromEntries(
      Object.entries(checks).map(([name, isOk]) => [name, isOk ? ("ok" as const) : ("failed" as const)]),
    );
    return isReady
      ? c.json({ status: "ready" as const, checks: shown }, 200)
      : c.json({ status: "not_ready" as const, checks: shown }, 503);
  });

  mount(systemRoutes.description, (c) => c.json(description, 200));
}
