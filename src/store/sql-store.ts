import type { KeyRotationStore } from "../core/key-rotation-port.ts";
import type { KeyStore } from "../core/key-port.ts";
import type { Store } from "../core/store-port.ts";
import { createAccessStore } from "./access.ts";
import { createAdminStore } from "./admin.ts";
import { createAttemptStore } from "./attempts.ts";
import { createAuditStore } from "./audit.ts";
import { createCredentialStore } from "./credentials.ts";
import type { Engine } from "./engine.ts";
import { createLinkStore } from "./flows.ts";
import { createGroupStore } from "./groups.ts";
import { createKeyRotationStore } from "./key-rotation.ts";
import { createKeyStore } from "./keys.ts";
import { createOauthStore } from "./oauth.ts";
import { createServerStore } from "./servers.ts";
import { createSignInStore } from "./sign-ins.ts";
import { createSubmissionStore } from "./submissions.ts";
import { createSweepStore } from "./sweep.ts";
import { Touches } from "./touch.ts";
import { createUserStore } from "./users.ts";
import { createVirtualKeyStore } from "./virtual-keys.ts";

/** All ports on one database. */
export type SqlStore = Store & KeyStore & KeyRotationStore;

export function createSqlStore(engine: Engine): SqlStore {
  const touches = new Touches(engine);
  return {
    ...createServerStore(engine),
    ...createAccessStore(engine),
    ...createCredentialStore(engine, touches),
    ...createLinkStore(engine),
    ...createSubmissionStore(engine, touches),
    ...createVirtualKeyStore(engine, touches),
    ...createAdminStore(engine),
    ...createAuditStore(engine),
    ...createSignInStore(engine),
    ...createSweepStore(engine),
    ...createAttemptStore(engine),
    ...createUserStore(engine),
    ...createGroupStore(engine),
    ...createKeyStore(engine),
    ...createKeyRotationStore(engine),
    ...createOauthStore(engine, touches),
    ping: () => engine.ping(),
    time: () => engine.time(),
    droppedUses: () => touches.dropped,
    async close() {
      await touches.close();
      await engine.close();
    },
  };
}
