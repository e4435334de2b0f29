import { CredentialSweepWorker } from "../core/sweep-worker.ts";
import type { Clock, Logger, Random } from "../core/ports.ts";
import type { Secret } from "../core/secret.ts";
import type { Store } from "../core/store-port.ts";
import { mintId } from "../core/token.ts";
import { createDocuments, type DocumentsOptions } from "../upstream/documents.ts";
import { createUpstream, type UpstreamOptions } from "../upstream/upstream.ts";
import { openVaultPatiently } from "../vault/patient-open.ts";
import { clientAddress, requestIdOf } from "./client-address.ts";
import { compose } from "./compose.ts";
import { loopbackUrl, type Config } from "./config/config.ts";
import { openDatabase } from "./database.ts";
import { createFrontDoor } from "./front-door.ts";
import { ensureKeyFile, openKeyEncryption } from "./key-encryption.ts";
import { listen, refuse, type Listener } from "./listener.ts";
import { createMetrics } from "./metrics/metrics.ts";
import { observeUpstream } from "./metrics/observed.ts";
import { observeStore } from "./metrics/observed-store.ts";
import { createReadiness } from "./readiness.ts";
import { createShutdown, type Shutdown } from "./shutdown.ts";
import { createStages, type Stages } from "./stages.ts";
import { sweepRecords } from "./sweep-all.ts";
import { loadTracing } from "./tracing.ts";
import { VaultWorker } from "./vault-worker.ts";
import { VERSION } from "./version.ts";

export interface ServerPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Overrides single parts of the upstream side; for tests. */
  readonly upstream?: Pick<UpstreamOptions, "limits" | "resolve">;
  /** How many lines of the log nobody will see. Default: none. */
  readonly droppedLines?: () => number;
  /** Whether this gateway is the whole process, so that memory, CPU and event loop are its own. Default false. */
  readonly isProcess?: boolean;
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
  /**
   * Is not ready any more, takes no new request, lets those under way finish for up to 30 s, then releases everything.
   * Safe to call twice.
   */
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
  const metrics = createMetrics({ ofProcess: ports.isProcess === true });
  const stages = createStages(metrics, loadTracing(VERSION));
  const database = await openDatabase(config.database, ports);
  opened.push(() => database.store.close());
  const store = observeStore(database.store, metrics);
  await ensureKeyFile(config.encryptionKey, store, random);
  const keyEncryption = await openKeyEncryption(config.encryptionKey, ports);
  const vault = await openVaultPatiently({ keyStore: store, keyEncryption, random, logger, clock });
  const vaultWorker = new VaultWorker({ vault, store, clock, logger });
  vaultWorker.start();
  opened.push(() => vaultWorker.stop());
  const egress = createUpstream({
    ...ports.upstream,
    watchRequests: stages.watchRequests,
    onScrubbed: (serverId, hits) => metrics.scrubbed(metrics.names.labelOfId(serverId), hits),
    allowPrivate: config.allowedPrivateUpstreams,
    clock,
    random,
    logger,
  });
  opened.push(() => egress.close());
  const upstream = observeUpstream(egress, metrics);
  const documents = createDocuments({ ...ports.documents, clock });
  opened.push(() => documents.close());
  const listener = await listen(config.host, config.port, logger);
  opened.push(() => listener.close());
  const publicUrl = config.publicUrl ?? loopbackUrl(config.host, listener.port);
  const readiness = createReadiness({ store, clock, logger, isServing: () => shutdown.phase === "serving" });
  const { handler, provider, admins, load, closeStreams } = compose(config, publicUrl, {
    metrics,
    stages,
    readiness: () => readiness.checks(),
    store,
    signInDatabase: database.signInDatabase,
    onStoredElsewhere: database.onStoredElsewhere,
    vault,
    upstream,
    documents,
    clock,
    random,
    logger,
  });
  const shutdown = createShutdown({
    listener,
    clock,
    logger,
    leaveMs: config.shutdownDelayMs,
    drainMs: DRAIN_MS,
    closeStreams,
  });
  opened.push(async () => readiness.stop());
  metrics.watch({
    gateway: load,
    upstream: () => egress.load(),
    requests: () => listener.underWay,
    droppedUses: () => store.droppedUses(),
    droppedLines: ports.droppedLines ?? (() => 0),
    skewMs: () => readiness.skewMs,
  });
  serve(listener, config, { publicUrl, handler, shutdown, stages }, ports);
  readiness.start();
  const worker = new CredentialSweepWorker({
    provider,
    orphanRetentionMs: config.orphanRetentionMs,
    logger,
    onPass: (sweep, swept, isDone) => metrics.sweep(sweep, swept, isDone, clock.now() / 1_000),
    sweepRecords: (limit) => sweepRecords(store, limit),
  });
  worker.start();
  opened.push(() => worker.stop());
  const setupToken = config.adminToken === null ? await admins.offerSetup() : null;
  let stopped: Promise<void> | null = null;
  logger.info("started", { public_url: publicUrl, port: listener.port });
  return {
    port: listener.port,
    publicUrl,
    setupToken,
    store,
    stop: () => (stopped ??= stop()),
  };

  async function stop(): Promise<void> {
    await shutdown.drain();
    await release();
    logger.info("stopped");
  }
}

/** What orchestrators and scrapers ask, also of a gateway that is about to stop. */
const OPERATORS_PATHS: ReadonlySet<string> = new Set(["/healthz", "/readyz", "/metrics"]);

function serve(
  listener: Listener,
  config: Config,
  served: {
    readonly publicUrl: string;
    readonly handler: ReturnType<typeof compose>["handler"];
    readonly shutdown: Pick<Shutdown, "phase">;
    readonly stages: Stages;
  },
  { random }: ServerPorts,
): void {
  const { publicUrl, handler, shutdown, stages } = served;
  const door = createFrontDoor(publicUrl, listener.port, config.isLoopback);
  listener.handle(async (request, response) => {
    const rawPath = request.url?.split("?", 1)[0] ?? "";
    if (shutdown.phase === "refusing" && !OPERATORS_PATHS.has(rawPath)) {
      refuse(response, "shutting_down");
      return;
    }
    const refused = door.refuse(request);
    if (refused !== null) {
      refuse(response, refused);
      return;
    }
    const requestId = requestIdOf(request, config.trustedProxies) ?? mintId("req", random);
    const address = clientAddress(request, config.trustedProxies);
    await stages.request(request, requestId, () => handler(request, response, { requestId, address, rawPath }));
  });
}
