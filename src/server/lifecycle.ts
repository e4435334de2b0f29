import { CredentialSweepWorker } from "../core/sweep-worker.ts";
import type { Clock, Logger, Random } from "../core/ports.ts";
import type { Secret } from "../core/secret.ts";
import type { Store } from "../core/store-port.ts";
import { mintId } from "../core/token.ts";
import { UNUSED_CLIENT_MS } from "../http/oauth/lifetimes.ts";
import { createDocuments, type DocumentsOptions } from "../upstream/documents.ts";
import { createUpstream, type UpstreamOptions } from "../upstream/upstream.ts";
import { openVaultPatiently } from "../vault/patient-open.ts";
import { clientAddress } from "./client-address.ts";
import { compose } from "./compose.ts";
import { loopbackUrl, type Config } from "./config/config.ts";
import { openDatabase } from "./database.ts";
import { createFrontDoor } from "./front-door.ts";
import { ensureKeyFile, openKeyEncryption } from "./key-encryption.ts";
import { listen, refuse, type Listener } from "./listener.ts";
import { VaultWorker } from "./vault-worker.ts";

export interface ServerPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Overrides single parts of the upstream side; for tests. */
  readonly upstream?: Pick<UpstreamOptions, "limits" | "resolve">;
  /** The same for the documents of OAuth clients. */
  readonly documents?: Pick<DocumentsOptions, "resolve" | "allowPrivate">;
  /** Stands in for the time of the database, which judges expiry; for tests, which cannot move that. */
  readonly databaseTime?: () => number;
}

/** A gateway that answers. */
export interface RunningServer {
  readonly port: number;
  readonly publicUrl: string;
  /** To be printed once; null when setup has been done or an admin token is configured. */
  readonly setupToken: Secret<string> | null;
  readonly store: Store;
  /** Takes no new call, lets those under way finish for up to 30 s, then releases everything. Safe to call twice. */
  stop(): Promise<void>;
}

const DRAIN_MS = 30_000;

/**
 * Opens the database and the keys, listens, and serves. What was opened is closed again when a later step fails.
 * @throws KeywardError `store_unusable`, `migration_failed`, `encryption_key_*`, `port_in_use`, `config_invalid`
 */
export async function startServer(config: Config, ports: ServerPorts): Promise<RunningServer> {
  const opened: (() => Promise<void>)[] = [];
  const release = async (): Promise<void> => {
    for (const close of opened.splice(0).toReversed()) {
      await close();
    }
  };
  try {
    return await start(config, ports, opened, release);
  } catch (error) {
    await release();
    throw error;
  }
}

async function start(
  config: Config,
  ports: ServerPorts,
  opened: (() => Promise<void>)[],
  release: () => Promise<void>,
): Promise<RunningServer> {
  const { clock, random, logger } = ports;
  const { store, signInDatabase, onStoredElsewhere } = await openDatabase(config.database, ports);
  opened.push(() => store.close());
  await ensureKeyFile(config.encryptionKey, store, random);
  const keyEncryption = await openKeyEncryption(config.encryptionKey, ports);
  const vault = await openVaultPatiently({ keyStore: store, keyEncryption, random, logger, clock });
  const vaultWorker = new VaultWorker({ vault, store, clock, logger });
  vaultWorker.start();
  opened.push(() => vaultWorker.stop());
  const upstream = createUpstream({
    ...ports.upstream,
    allowPrivate: config.allowedPrivateUpstreams,
    clock,
    random,
    logger,
  });
  opened.push(() => upstream.close());
  const documents = createDocuments({ ...ports.documents, clock });
  opened.push(() => documents.close());
  const listener = await listen(config.host, config.port, logger);
  opened.push(() => listener.close(DRAIN_MS));
  const publicUrl = config.publicUrl ?? loopbackUrl(config.host, listener.port);
  const { handler, provider, admins, closeStreams } = compose(config, publicUrl, {
    store,
    signInDatabase,
    onStoredElsewhere,
    vault,
    upstream,
    documents,
    clock,
    random,
    logger,
  });
  opened.push(async () => closeStreams());
  serve(listener, config, publicUrl, handler, ports);
  const worker = new CredentialSweepWorker({
    provider,
    orphanRetentionMs: config.orphanRetentionMs,
    logger,
    sweepRecords: (limit) => store.sweepOauthRecords(limit, { unusedClientMs: UNUSED_CLIENT_MS }),
  });
  worker.start();
  opened.push(() => worker.stop());
  const setupToken = config.adminToken === null ? await admins.offerSetup() : null;
  logger.info("started", { public_url: publicUrl, port: listener.port });
  return {
    port: listener.port,
    publicUrl,
    setupToken,
    store,
    async stop() {
      const isRunning = opened.length > 0;
      await release();
      if (isRunning) {
        logger.info("stopped");
      }
    },
  };
}

function serve(
  listener: Listener,
  config: Config,
  publicUrl: string,
  handler: ReturnType<typeof compose>["handler"],
  { random }: ServerPorts,
): void {
  const door = createFrontDoor(publicUrl, listener.port, config.isLoopback);
  listener.handle(async (request, response) => {
    const refused = door.refuse(request);
    if (refused !== null) {
      refuse(response, refused);
      return;
    }
    await handler(request, response, {
      requestId: mintId("req", random),
      address: clientAddress(request, config.trustedProxies),
      rawPath: request.url?.split("?", 1)[0] ?? "",
    });
  });
}
